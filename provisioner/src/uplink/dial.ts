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
import { tlsFailed } from './no-tunnel.ts';
import { tunnelHttp } from './proxy-http.ts';
import { schemeAdvice } from './proxy-scheme.ts';
import { tunnelSocks5 } from './proxy-socks5.ts';
import { type Failure, guarded, hopTimeoutMs, openTcp, startTls } from './sockets.ts';
import { openWebSocket } from './websocket.ts';

/**
 * A stream to the relay on which MQTT can begin: each write leaves at once, and what is written while the stream
 * is corked leaves in one piece.
 * @throws HopError PROXY (not reachable, refused, wrong password, no tunnel behind its yes) or RELAY (not reachable,
 *   TLS, no WebSocket).
 */
export async function dial(
  relay: RelayAddress,
  proxy: ProxyAddress | undefined,
  signal: AbortSignal,
): Promise<Duplex> {
  const name = at(relay.host, relay.port);
  const plain =
    proxy === undefined
      ? await openTcp(relay.host, relay.port, signal, notReachable('RELAY', name))
      : await dialThrough(proxy, relay, signal);
  const socket = relay.tls
    ? await startTls(plain, relay, signal, relayTlsFailure(plain, relay, proxy))
    : plain;
  const { path } = relay;
  return path === undefined
    ? socket
    : guarded(socket, signal, () => openWebSocket(socket, { ...relay, path }, proxy, hopTimeoutMs));
}

/** Who is to blame when TLS with the relay fails on this socket, which has just become the way to it. */
export function relayTlsFailure(
  plain: Socket,
  relay: RelayAddress,
  proxy: ProxyAddress | undefined,
): Failure {
  const before = plain.bytesRead;
  return (why, fault, seen) => tlsFailed(relay, proxy, { why, fault, seen, heard: plain.bytesRead > before });
}

async function dialThrough(proxy: ProxyAddress, relay: RelayAddress, signal: AbortSignal): Promise<Socket> {
  try {
    return await tunnelThrough(proxy, relay, signal);
  } catch (error) {
    if (!(error instanceof HopError) || error.hop !== 'PROXY' || signal.aborted) throw error;
    const advice = await schemeAdvice(proxy, error.fault, signal);
    if (advice === undefined) throw error;
    throw new HopError('PROXY', `${error.message.slice('PROXY '.length)} (${advice})`, 'protocol');
  }
}

async function tunnelThrough(proxy: ProxyAddress, relay: RelayAddress, signal: AbortSignal): Promise<Socket> {
  const name = proxyName(proxy);
  const plain = await openTcp(proxy.host, proxy.port, signal, notReachable('PROXY', name));
  const socket =
    proxy.type === 'https'
      ? await startTls(
          plain,
          proxy,
          signal,
          (why, fault) => new HopError('PROXY', `${name} TLS failed: ${why}`, fault),
        )
      : plain;
  const tunnel = proxy.type === 'socks5' ? tunnelSocks5 : tunnelHttp;
  await guarded(socket, signal, () => tunnel(socket, proxy, relay, hopTimeoutMs));
  return socket;
}

function notReachable(hop: 'PROXY' | 'RELAY', name: string): Failure {
  return why => new HopError(hop, `${name} is not reachable: ${why}`, 'unreachable');
}
