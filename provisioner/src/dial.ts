/**
 * Opens the way from the lab to the relay: TCP, directly or through the corporate proxy, then TLS for mqtts.
 *
 * Our own dialling instead of MQTT.js' proxy options, because these fail with credentials (SOCKS5) or are
 * silently ignored (WebSocket); and because only here can an error say which hop went wrong.
 */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type Hop, HopError, socketReason } from './hop-error.ts';
import { tunnelHttp } from './proxy-http.ts';
import { tunnelSocks5 } from './proxy-socks5.ts';

/** Longest wait for each hop's answer, in milliseconds. Corporate proxies that ask a directory take seconds. */
export const hopTimeoutMs = 10_000;

/** TCP keep-alive begins after this silence, in milliseconds: middle boxes forget idle connections after minutes. */
const tcpKeepAliveMs = 30_000;

/** Where the relay is. */
export interface RelayAddress {
  host: string;
  port: number;
  tls: boolean;
  /** PEM of the authority that signed the relay's certificate; the system's own list when absent. */
  ca?: string;
}

/** The way out of the lab. */
export interface ProxyAddress {
  type: 'http' | 'socks5';
  host: string;
  port: number;
  user?: string;
  password?: string;
}

/**
 * A connected socket to the relay, with TCP_NODELAY (else every answer waits 40 ms for an acknowledgement), and
 * TLS done where asked.
 * @throws HopError PROXY (not reachable, refused, wrong password) or RELAY (not reachable, TLS).
 */
export async function dial(
  relay: RelayAddress,
  proxy: ProxyAddress | undefined,
  signal: AbortSignal,
): Promise<Socket> {
  const socket =
    proxy === undefined ? await dialDirect(relay, signal) : await dialThrough(proxy, relay, signal);
  socket.setNoDelay(true);
  socket.setKeepAlive(true, tcpKeepAliveMs);
  return relay.tls ? startTls(socket, relay, signal) : socket;
}

function dialDirect(relay: RelayAddress, signal: AbortSignal): Promise<Socket> {
  return openTcp(relay.host, relay.port, 'RELAY', signal);
}

async function dialThrough(proxy: ProxyAddress, relay: RelayAddress, signal: AbortSignal): Promise<Socket> {
  const socket = await openTcp(proxy.host, proxy.port, 'PROXY', signal);
  socket.setNoDelay(true);
  const tunnel = proxy.type === 'http' ? tunnelHttp : tunnelSocks5;
  // Whatever goes wrong in between, the socket does not outlive the attempt.
  const stop = () => socket.destroy(new Error('stopped'));
  signal.addEventListener('abort', stop, { once: true });
  try {
    await tunnel(socket, proxy, relay, hopTimeoutMs);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function openTcp(host: string, port: number, hop: Hop, signal: AbortSignal): Promise<Socket> {
  const socket = connectTcp({ host, port });
  return settled(
    socket,
    'connect',
    signal,
    why => new HopError(hop, `${at(host, port)} is not reachable: ${why}`),
  );
}

function startTls(socket: Socket, relay: RelayAddress, signal: AbortSignal): Promise<Socket> {
  const secure = connectTls({
    socket,
    host: relay.host,
    // The name to ask for (SNI) may not be an address (RFC 6066 section 3); `host` is checked either way.
    ...(isIP(relay.host) === 0 ? { servername: relay.host } : {}),
    ...(relay.ca === undefined ? {} : { ca: relay.ca }),
  });
  const failure = (why: string) => new HopError('RELAY', `${at(relay.host, relay.port)} TLS failed: ${why}`);
  return settled(secure, 'secureConnect', signal, failure);
}

/** Waits for the socket's `event`; otherwise destroys it and throws what `failure` makes of the reason. */
function settled<T extends Socket>(
  socket: T,
  event: string,
  signal: AbortSignal,
  failure: (why: string) => HopError,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const done = (why?: string) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      socket.off(event, onEvent).off('error', onError).off('close', onClose);
      // Between two owners, and after its end, a socket may still report an error: unheard, that ends the process.
      socket.on('error', () => {});
      if (why === undefined) return resolve(socket);
      socket.destroy();
      reject(failure(why));
    };
    const onEvent = () => done();
    const onError = (error: Error) => done(socketReason(error));
    const onClose = () => done('the connection was closed');
    const onAbort = () => done('stopped');
    const timer = setTimeout(() => done(`no answer within ${hopTimeoutMs / 1000} s`), hopTimeoutMs);
    socket.on(event, onEvent).on('error', onError).on('close', onClose);
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

/** host:port as a person writes it; an IPv6 address in brackets (RFC 3986 section 3.2.2). */
export function at(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
