/**
 * Opens the way from the lab to the relay: TCP, directly or through the corporate proxy, then TLS for mqtts and
 * wss, then the WebSocket for ws and wss.
 *
 * Our own dialling instead of MQTT.js' proxy options, because these fail with credentials (SOCKS5) or are
 * silently ignored (WebSocket); and because only here can an error say which hop went wrong.
 */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { at, type ProxyAddress, proxyName, type RelayAddress } from './addresses.ts';
import { HopError } from './hop-error.ts';
import { tunnelHttp } from './proxy-http.ts';
import { tunnelSocks5 } from './proxy-socks5.ts';
import { guarded, hopTimeoutMs, openTcp, startTls } from './sockets.ts';
import { openWebSocket } from './websocket.ts';

/**
 * A stream to the relay on which MQTT can begin: each write leaves at once, and what is written while the stream
 * is corked leaves in one piece.
 * @throws HopError PROXY (not reachable, refused, wrong password) or RELAY (not reachable, TLS, no WebSocket).
 */
export async function dial(
  relay: RelayAddress,
  proxy: ProxyAddress | undefined,
  signal: AbortSignal,
): Promise<Duplex> {
  const name = at(relay.host, relay.port);
  const plain =
    proxy === undefined
      ? await openTcp(relay.host, relay.port, signal, why => notReachable('RELAY', name, why))
      : await dialThrough(proxy, relay, signal);
  const socket = relay.tls
    ? await startTls(plain, relay, signal, why => new HopError('RELAY', `${name} TLS failed: ${why}`))
    : plain;
  const { path } = relay;
  return path === undefined
    ? socket
    : guarded(socket, signal, () => openWebSocket(socket, { ...relay, path }, hopTimeoutMs));
}

async function dialThrough(proxy: ProxyAddress, relay: RelayAddress, signal: AbortSignal): Promise<Socket> {
  const name = proxyName(proxy);
  const plain = await openTcp(proxy.host, proxy.port, signal, why => notReachable('PROXY', name, why));
  const socket =
    proxy.type === 'https'
      ? await startTls(plain, proxy, signal, why => new HopError('PROXY', `${name} TLS failed: ${why}`))
      : plain;
  const tunnel = proxy.type === 'socks5' ? tunnelSocks5 : tunnelHttp;
  await guarded(socket, signal, () => tunnel(socket, proxy, relay, hopTimeoutMs));
  return socket;
}

function notReachable(hop: 'PROXY' | 'RELAY', name: string, why: string): HopError {
  return new HopError(hop, `${name} is not reachable: ${why}`);
}
