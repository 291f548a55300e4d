/** A tunnel through an HTTP proxy: the CONNECT method, RFC 9110 section 9.3.6, with basic authentication. */
import type { Socket } from 'node:net';
import { at, type ProxyAddress, type RelayAddress } from './dial.ts';
import { HopError, socketReason } from './hop-error.ts';
import { oneLine } from './line.ts';

/** A proxy's answer has a status line and a few headers; more than this is not one (bytes). */
const maxHeaderBytes = 16 * 1024;

const maxReasonLength = 120;

/**
 * Makes `socket`, connected to the proxy, a tunnel to the relay. Our listeners are gone
 * afterwards; bytes of the relay that came with the answer are put back.
 * @throws HopError PROXY for its own refusals, RELAY when it says that it cannot reach the relay (502 to 504).
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
  const name = `proxy ${at(proxy.host, proxy.port)}`;
  const header = await readHeader(socket, timeoutMs, why => new HopError('PROXY', `${name} ${why}`));
  const statusLine = oneLine(header.split('\r\n', 1)[0] ?? '', maxReasonLength);
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(statusLine)?.[1] ?? Number.NaN);
  if (status >= 200 && status < 300) return;
  if (Number.isNaN(status)) throw new HopError('PROXY', `${name} does not speak HTTP: "${statusLine}"`);
  if (status >= 502 && status <= 504) {
    throw new HopError('RELAY', `${target} is not reachable through the ${name}: "${statusLine}"`);
  }
  throw new HopError('PROXY', `${name} refused: "${statusLine}"${adviceFor(status, proxy)}`);
}

function adviceFor(status: number, proxy: ProxyAddress): string {
  if (status === 403) return ' (ask for this host and port to be allowed)';
  if (status !== 407) return '';
  return proxy.user === undefined
    ? ' (it wants a login: set proxy to http://user@host:port and proxyPasswordFile)'
    : ' (check the user in proxy and proxyPasswordFile)';
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
