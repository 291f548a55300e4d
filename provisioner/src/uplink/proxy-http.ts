/** A tunnel through an HTTP proxy: the CONNECT method, RFC 9110 section 9.3.6, with basic authentication. */
import type { Socket } from 'node:net';
import { oneLine } from '../common/line.ts';
import { at, loginAdvice, type ProxyAddress, proxyName, type RelayAddress } from './addresses.ts';
import { type Fault, HopError, handshakeFault, socketReason } from './hop-error.ts';
import { pageInTunnel } from './no-tunnel.ts';

/** A proxy's answer has a status line and a few headers; more than this is not one (bytes). */
const maxHeaderBytes = 16 * 1024;

const maxReasonLength = 120;

/** With this every answer begins. */
const httpStart = 'HTTP/';

/** 1xx, and yet the last answer. */
const switchingProtocols = 101;

/** Names of ways to log in, like Negotiate. */
const maxSchemeLength = 20;

/** Said with status 500: by tinyproxy when nothing listens, by squid when the name is not known. */
const aboutTheRelay = /Unable to connect|ERR_CANNOT_FORWARD|ERR_DNS_FAIL|ERR_CONNECT_FAIL/;

/** The only port that squid and others let CONNECT pass to, as they come. */
const httpsPort = 443;

/** More answers with 1xx before the real one than anybody sends. */
const maxInterim = 10;

/**
 * Makes `socket`, connected to the proxy, a tunnel to the relay. Our listeners are gone afterwards, and it is paused.
 * Whoever dials speaks first on every way that we know (TLS, HTTP, MQTT), so a yes with bytes behind it is no tunnel.
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
  const { header, rest } = await readHeader(
    socket,
    timeoutMs,
    (why, fault) => new HopError('PROXY', `${name} ${why}`, fault),
  );
  const statusLine = oneLine(header.split('\n', 1)[0] ?? '', maxReasonLength);
  const status = statusOf(header);
  if (status >= 200 && status < 300) {
    if (rest.length === 0) return;
    throw pageInTunnel(proxy, statusLine, rest);
  }
  const detail = squidError(header);
  if ((status >= 502 && status <= 504) || (status === 500 && aboutTheRelay.test(`${statusLine} ${detail}`))) {
    throw new HopError('RELAY', `${target} is not reachable through the ${name}: "${statusLine}"${detail}`);
  }
  // 401 is for servers, yet tinyproxy says it to a wrong password.
  const { advice, fault } =
    status === 407 || status === 401 ? loginAdviceFor(header, proxy) : adviceFor(status, relay);
  throw new HopError('PROXY', `${name} refused: "${statusLine}"${advice}`, fault);
}

/** NaN for what is no HTTP. */
function statusOf(header: string): number {
  return Number(/^HTTP\/\d(?:\.\d)? (\d{3})(?!\d)/.exec(header)?.[1] ?? Number.NaN);
}

/** Squid's own word for what went wrong, which says more than its status: an unknown name has 500. */
function squidError(header: string): string {
  const [, word] = /^x-squid-error:[ \t]*(ERR_[A-Z_]{1,40})/im.exec(header) ?? [];
  return word === undefined ? '' : ` (${word})`;
}

/** What to do, and what kind of fault it is. */
interface Advice {
  advice: string;
  fault: Fault;
}

function adviceFor(status: number, relay: RelayAddress): Advice {
  const fault = 'refused';
  if (status !== 403) return { advice: '', fault };
  const rule = relay.port === httpsPort ? '' : `; many proxies let CONNECT pass to port ${httpsPort} alone`;
  return { advice: ` (ask for ${at(relay.host, relay.port)} to be allowed${rule})`, fault };
}

function loginAdviceFor(header: string, proxy: ProxyAddress): Advice {
  // RFC 9110 section 11.7.1: one header or several, each with one challenge or more.
  const offered = [...header.matchAll(/^proxy-authenticate:[ \t]*([^\r\n]*)/gim)].map(([, it]) => it ?? '');
  if (offered.length > 0 && !offered.some(it => /(^|,\s*)basic\b/i.test(it))) {
    const schemes = offered.map(it => oneLine(it.split(/[\s,]/, 1)[0] ?? '', maxSchemeLength)).join(', ');
    const advice = ` (it takes only ${oneLine(schemes, maxReasonLength)}; only Basic is spoken here: ask for this machine to pass without a login, or run a proxy on it that logs in there, and name that one)`;
    return { advice, fault: 'refused' };
  }
  return { advice: loginAdvice(proxy), fault: 'login' };
}

/**
 * Reads up to the empty line, and over interim answers (RFC 9110 section 15.2). A line may end with LF alone (RFC 9112
 * section 2.2). `rest`: what came behind it.
 */
function readHeader(
  socket: Socket,
  timeoutMs: number,
  failure: (why: string, fault: Fault) => HopError,
): Promise<{ header: string; rest: Buffer }> {
  return new Promise((resolve, reject) => {
    let read = Buffer.alloc(0);
    let interim = 0;
    const stop = () => {
      clearTimeout(timer);
      socket.off('data', onData).off('error', onError).off('close', onClose);
    };
    const fail = (why: string, fault: Fault = 'protocol') => {
      stop();
      reject(failure(why, fault));
    };
    const onData = (chunk: Buffer) => {
      read = Buffer.concat([read, chunk]);
      if (!httpStart.startsWith(read.toString('latin1', 0, httpStart.length))) return fail(notHttp(read));
      for (let found = split(read); found !== undefined; found = split(read)) {
        const status = statusOf(found.header);
        if (Number.isNaN(status)) return fail(notHttp(read));
        if (status >= 200 || status === switchingProtocols) {
          stop();
          socket.pause();
          return resolve(found);
        }
        if (++interim > maxInterim) return fail(`sends ${interim} answers with 1xx and no other`);
        read = Buffer.from(found.rest);
      }
      if (read.length > maxHeaderBytes) fail(`answers with more than ${maxHeaderBytes} bytes of header`);
    };
    const onError = (error: Error) => fail(`failed: ${socketReason(error)}`, handshakeFault(error));
    const onClose = () => fail('closed the connection without an answer', 'closed');
    const timer = setTimeout(() => fail(`does not answer within ${timeoutMs / 1000} s`, 'silent'), timeoutMs);
    socket.on('data', onData).on('error', onError).on('close', onClose);
  });
}

function notHttp(bytes: Buffer): string {
  const line = oneLine(bytes.toString('latin1').split('\n', 1)[0] ?? '', maxReasonLength);
  return `does not speak HTTP: "${line}"`;
}

/** At the first empty line, when there is one. */
function split(bytes: Buffer): { header: string; rest: Buffer } | undefined {
  const found = /\r?\n\r?\n/.exec(bytes.toString('latin1'));
  if (found === null) return undefined;
  return {
    header: bytes.toString('latin1', 0, found.index),
    rest: bytes.subarray(found.index + found[0].length),
  };
}
