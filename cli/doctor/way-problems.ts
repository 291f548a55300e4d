/** An error on the way to the relay, as a problem with the setting to change. Pure. */
import type { ProxyAddress, RelayAddress } from '../../provisioner/src/way/addresses.ts';
import type { HopError } from '../../provisioner/src/way/hop-error.ts';
import type { Problem } from './result.ts';

/** The proxy's own faults. The message has the advice already where it is known. */
export function proxyProblem(error: HopError, proxy: ProxyAddress): Problem {
  const found = withoutHop(error);
  const { from, user } = proxy;
  if (/TLS failed/.test(found)) {
    const setting = from ?? (/wrong version number|packet length/.test(found) ? 'proxy' : 'proxyCa');
    return { setting, found, expected: 'TLS with a certificate that proxyCa, or the system, knows' };
  }
  if (/it wants a login|check the user/.test(found)) {
    const setting = from ?? (user === undefined ? 'proxy' : 'proxyPasswordFile');
    return { setting, found, expected: 'a login that the proxy takes' };
  }
  const setting = from ?? 'proxy';
  if (/is not reachable/.test(found)) {
    const advice = 'correct host and port; proxy: none in the settings means that there is no proxy';
    return { setting, found, expected: `a proxy of type ${proxy.type} that listens there`, advice };
  }
  return { setting, found, expected: 'a tunnel to the relay' };
}

/** The relay cannot be reached, or is none. */
export function relayProblem(error: HopError, relay: RelayAddress, proxy: ProxyAddress | undefined): Problem {
  const found = withoutHop(error);
  const way = proxy === undefined ? 'from this machine' : 'from the proxy';
  const wanted = [relay.tls ? 'TLS' : 'plain TCP', ...(relay.path === undefined ? [] : ['a WebSocket'])];
  return {
    setting: 'relay.url',
    found,
    expected: `the relay (${wanted.join(', ')}), reachable ${way}`,
    advice: 'see whether the relay runs, and whether host, port and scheme are right',
  };
}

/** The step's name says it. */
export function withoutHop({ hop, message }: HopError): string {
  return message.startsWith(`${hop} `) ? message.slice(hop.length + 1) : message;
}
