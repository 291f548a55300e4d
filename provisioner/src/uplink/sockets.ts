/** TCP and TLS to one hop: opened within a limit, or an error that names the hop. */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { blame, distrustWords, type Seen, seenOn } from './certificate.ts';
import { type Fault, type HopError, handshakeFault, socketReason } from './hop-error.ts';

/** Longest wait for each hop's answer, in milliseconds. Corporate proxies that ask a directory take seconds. */
export const hopTimeoutMs = 10_000;

/** TCP keep-alive begins after this silence, in milliseconds: middle boxes forget idle connections after minutes. */
const tcpKeepAliveMs = 30_000;

/** Makes the error of a hop from the reason in words; `seen` is the certificate that is not believed. */
export type Failure = (why: string, fault: Fault, seen?: Seen) => HopError;

/** TCP without Nagle's algorithm: with it every second small packet waits 40 ms for an acknowledgement. */
export function openTcp(host: string, port: number, signal: AbortSignal, failure: Failure): Promise<Socket> {
  const socket = connectTcp({
    host,
    port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: tcpKeepAliveMs,
  });
  return settled(socket, 'connect', signal, why => failure(why, 'unreachable'));
}

/** TLS over an open socket, which may be TLS itself; the certificate is checked against `to.host`. */
export async function startTls(
  socket: Socket,
  to: { host: string; ca?: string },
  signal: AbortSignal,
  failure: Failure,
): Promise<Socket> {
  const { secure, seen } = await handshake(socket, to, signal, failure);
  if (seen.distrust === undefined) return secure;
  secure.destroy();
  throw failure(distrustWords(seen, seen.distrust, to.host), blame(seen.distrust), seen);
}

/**
 * The handshake alone, whatever certificate there is: `seen` says whether it is believed. For {@link startTls}, and for
 * those who only look and say nothing to the other end.
 */
export async function handshake(
  socket: Socket,
  { host, ca }: { host: string; ca?: string },
  signal: AbortSignal,
  failure: Failure,
): Promise<{ secure: TLSSocket; seen: Seen }> {
  const secure = connectTls({
    socket,
    host,
    // The name to ask for (SNI) may not be an address (RFC 6066 section 3); `host` is checked either way.
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(ca === undefined ? {} : { ca }),
    // It is checked all the same, and refused by us: a socket that Node has refused shows its certificate to nobody.
    rejectUnauthorized: false,
  });
  await settled(secure, 'secureConnect', signal, failure);
  return { secure, seen: seenOn(secure) };
}

/** Waits for the socket's `event`; otherwise destroys it and throws what `failure` makes of the reason. */
function settled<T extends Socket>(
  socket: T,
  event: string,
  signal: AbortSignal,
  failure: Failure,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const done = (why?: string, fault: Fault = 'closed') => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      socket.off(event, onEvent).off('error', onError).off('close', onClose);
      // Between two owners, and after its end, a socket may still report an error: unheard, that ends the process.
      socket.on('error', () => {});
      if (why === undefined) return resolve(socket);
      socket.destroy();
      reject(failure(why, fault));
    };
    const onEvent = () => done();
    const onError = (error: Error) => done(socketReason(error), handshakeFault(error));
    const onClose = () => done('the connection was closed');
    const onAbort = () => done('stopped', 'silent');
    const timer = setTimeout(() => done(`no answer within ${hopTimeoutMs / 1000} s`, 'silent'), hopTimeoutMs);
    socket.on(event, onEvent).on('error', onError).on('close', onClose);
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

/** Runs `work` on a socket, which does not outlive it when it fails or the signal is aborted. */
export async function guarded<T>(socket: Socket, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const stop = () => socket.destroy(new Error('stopped'));
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await work();
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
