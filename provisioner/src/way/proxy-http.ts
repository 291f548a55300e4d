/** A tunnel through an HTTP proxy: the CONNECT method, RFC 9110 section 9.3.6, with basic authentication. */
import type { Socket } from 'node:net';
import { oneLine } from '../line.ts';
import { at, loginAdvice, type ProxyAddress, proxyName, type RelayAddress } from './addresses.ts';
import { HopError, socketReason } from './hop-error.ts';

/** A proxy's answer has a status line and a few headers; more than this is not one (bytes). */
const maxHeaderBytes = 16 * 1024;

const maxReasonLength = 120;

/** Names of ways to log in, like Negotiate. */
const maxSchemeLength = 20;

/** Said with status 500: by tinyproxy when nothing listens, by squid when the name is not known. */
const aboutTheRelay = /Unable to connect|ERR_CANNOT_FORWARD|ERR_DNS_FAIL|ERR_CONNECT_FAIL/;

/** The only port that squid and others let CONNECT pass to, as they come. */
const httpsPort = 443;

/**
 * Makes `socket`, connected to the proxy, a tunnel to the relay. Our listeners are gone
 * afterwards; bytes of the relay that came with the answer are put back.
 * @throws HopError PROXY for its own refusals, RELAY when it says that it cannot reach the relay.
 */
export async function tunnelHttp(
  socket: Socket,
  proxy: ProxyAddress,
  relay: RelayAddress,
  timeoutMs: number,
): Promise<void> {
  const target = at(relay.host, relay.port);
  const lines = [`CONNECT ${target} HTTP/1.1`, `Host: ${target}`];
  if (proxy.user !== undefined) {
    // RFC 7617: user, colon, password in base64.
    const credentials = Buffer.from(`${proxy.user}:${proxy.password ?? ''}`, 'utf8').toString('base64');
    lines.push(`Proxy-Authorization: Basic ${credentials}`);
  }
  // One write, so that it leaves in one segment.
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  const name = `proxy ${proxyName(proxy)}`;
  const header = await readHeader(socket, timeoutMs, why => new HopError('PROXY', `${name} ${why}`));
  const statusLine = oneLine(header.split('\r\n', 1)[0] ?? '', maxReasonLength);
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(statusLine)?.[1] ?? Number.NaN);
  if (status >= 200 && status < 300) return;
  if (Number.isNaN(status)) throw new HopError('PROXY', `${name} does not speak HTTP: "${statusLine}"`);
  const detail = squidError(header);
  if ((status >= 502 && status <= 504) || (status === 500 && aboutTheRelay.test(`${statusLine} ${detail}`))) {
    throw new HopError('RELAY', `${target} is not reachable through the ${name}: "${statusLine}"${detail}`);
  }
  throw new HopError('PROXY', `${name} refused: "${statusLine}"${adviceFor(status, header, proxy, relay)}`);
}

/** Squid's own word for what went wrong, which says more than its status: an unknown name has 500. */
function squidError(header: string): string {
  const [, word] = /^x-squid-error:[ \t]*(ERR_[A-Z_]{1,40})/im.exec(header) ?? [];
  return word === undefined ? '' : ` (${word})`;
}

function adviceFor(status: number, header: string, proxy: ProxyAddress, relay: RelayAddress): string {
  if (status === 403) {
    const rule = relay.port === httpsPort ? '' : `; many proxies let CONNECT pass to port ${httpsPort} alone`;
    return ` (ask for ${at(relay.host, relay.port)} to be allowed${rule})`;
  }
  // 401 is for servers, yet tinyproxy says it to a wrong password.
  if (status !== 407 && status !== 401) return '';
  // RFC 9110 section 11.7.1: one header or several, each with one challenge or more.
  const offered = [...header.matchAll(/^proxy-authenticate:[ \t]*([^\r\n]*)/gim)].map(([, it]) => it ?? '');
  if (offered.length > 0 && !offered.some(it => /(^|,\s*)basic\b/i.test(it))) {
    const schemes = offered.map(it => oneLine(it.split(/[\s,]/, 1)[0] ?? '', maxSchemeLength)).join(', ');
    return ` (it takes only ${oneLine(schemes, maxReasonLength)}; only Basic is spoken here)`;
  }
  return loginAdvice(proxy);
}

/** Reads up to the empty line. What follows it belongs to the relay and is put back. */
function readHeader(socket: Socket, timeoutMs: number, failure: (why: string) => HopError): Promise<string> {
  return new Promise((resolve, reject) => {
    let read = Buffer.alloc(0);
    const done = (error?: HopError, header?: string) => {
      clearTimeout(timer);
      socket.off('data', onData).off('error', onError).off('close', onClose);
      if (header !== undefined) return resolve(header);
      reject(error);
    };
    const onData = (chunk: Buffer) => {
      read = Buffer.concat([read, chunk]);
      const end = read.indexOf('\r\n\r\n');
      if (end === -1) {
        if (read.length > maxHeaderBytes)
          done(failure(`answers with more than ${maxHeaderBytes} bytes of header`));
        return;
      }
      socket.pause();
      const rest = read.subarray(end + 4);
      if (rest.length > 0) socket.unshift(rest);
      done(undefined, read.subarray(0, end).toString('latin1'));
    };
    const onError = (error: Error) => done(failure(`failed: ${socketReason(error)}`));
    const onClose = () => done(failure('closed the connection without an answer'));
    const timer = setTimeout(() => done(failure(`does not answer within ${timeoutMs / 1000} s`)), timeoutMs);
    socket.on('data', onData).on('error', onError).on('close', onClose);
  });
}
