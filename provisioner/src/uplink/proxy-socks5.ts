/** A tunnel through a SOCKS5 proxy (RFC 1928, login RFC 1929). The proxy looks the relay's name up, not we. */
import type { Socket } from 'node:net';
import { SocksClient } from 'socks';
import { oneLine } from '../common/line.ts';
import { at, loginAdvice, type ProxyAddress, proxyName, type RelayAddress } from './addresses.ts';
import { type Fault, HopError } from './hop-error.ts';

/** RFC 1928 section 6: replies 3 to 6 speak of the relay (no route, refused, TTL), all others of the proxy. */
const aboutTheRelay = /NetworkUnreachable|HostUnreachable|ConnectionRefused|TTLExpired/;

/**
 * Makes `socket`, connected to the proxy, a tunnel to the relay.
 * @throws HopError PROXY (login, rules, no answer) or RELAY (the proxy says that it cannot reach it).
 */
export async function tunnelSocks5(
  socket: Socket,
  proxy: ProxyAddress,
  relay: RelayAddress,
  timeoutMs: number,
): Promise<void> {
  const name = `proxy ${proxyName(proxy)}`;
  try {
    await SocksClient.createConnection({
      command: 'connect',
      existing_socket: socket,
      timeout: timeoutMs,
      destination: { host: relay.host, port: relay.port },
      proxy: {
        host: proxy.host,
        port: proxy.port,
        type: 5,
        ...(proxy.user === undefined ? {} : { userId: proxy.user, password: proxy.password ?? '' }),
      },
    });
  } catch (error) {
    const why = oneLine(error instanceof Error ? error.message : String(error), 120);
    if (aboutTheRelay.test(why)) {
      throw new HopError(
        'RELAY',
        `${at(relay.host, relay.port)} is not reachable through the ${name}: ${why}`,
      );
    }
    const fault = faultOf(why);
    throw new HopError(
      'PROXY',
      `${name} refused: ${why}${fault === 'login' ? loginAdvice(proxy) : ''}`,
      fault,
    );
  }
}

/** By the words of the library, which has no codes: all but a refusal by the proxy's own word are of the protocol. */
function faultOf(why: string): Fault {
  if (/auth/i.test(why)) return 'login';
  return /rejected connection/.test(why) ? 'refused' : 'protocol';
}
