/** An error on the way to the relay, as a problem with the setting to change. Pure. */
import type { ProxyAddress } from '../../provisioner/src/uplink/addresses.ts';
import { HopError } from '../../provisioner/src/uplink/hop-error.ts';
import { inspectedPage } from '../../provisioner/src/uplink/no-tunnel.ts';
import type { Failure } from '../../provisioner/src/uplink/sockets.ts';
import type { Problem } from './result.ts';
import type { Way } from './ways.ts';

/** The proxy's own faults. `at` stands before its settings: nothing, or the path of its relay and a dot. The message has the advice already where it is known. */
export function proxyProblem(error: HopError, proxy: ProxyAddress, at: string): Problem {
  const found = withoutHop(error);
  const { from, user } = proxy;
  const setting = from ?? `${at}proxy`;
  switch (error.fault) {
    case 'login':
      return {
        setting: from ?? (user === undefined ? `${at}proxy` : `${at}proxyPasswordFile`),
        found,
        expected: 'a login that the proxy takes',
      };
    case 'authority':
      return {
        setting: from ?? `${at}proxyCa`,
        found,
        expected: 'TLS with a certificate that proxyCa, or the system, knows',
      };
    case 'unreachable':
      return {
        setting,
        found,
        expected: `a proxy of type ${proxy.type} that listens there`,
        advice: 'correct host and port; proxy: none in the settings means that there is no proxy',
      };
    case 'inspected':
      return {
        setting,
        found,
        expected: 'a tunnel that nobody looks into',
        advice: `have the proxy leave the relay alone; or, if WebSockets pass, use wss:// and put the proxy's authority into ca of the relay (${inspectedPage})`,
      };
    case 'protocol':
      return { setting, found, expected: `a proxy of type ${proxy.type}` };
    default:
      return { setting, found, expected: 'a tunnel to the relay' };
  }
}

/** For a step whose server should speak TLS, and which nobody asks for the hop. */
export function noTls(where: string): Failure {
  return (why, fault) => new HopError('RELAY', `${where} speaks no TLS: ${why}`, fault);
}

/** The relay cannot be reached, or is none. */
export function relayProblem(error: HopError, { relay, path }: Way): Problem {
  const found = withoutHop(error);
  const way = relay.proxy === undefined ? 'from this machine' : 'from the proxy';
  const wanted = [relay.tls ? 'TLS' : 'plain TCP', ...(relay.path === undefined ? [] : ['a WebSocket'])];
  return {
    setting: `${path}.url`,
    found,
    expected: `the relay (${wanted.join(', ')}), reachable ${way}`,
    advice: 'see whether the relay runs, and whether host, port and scheme are right',
  };
}

/** The step's name says it. */
export function withoutHop({ hop, message }: HopError): string {
  return message.startsWith(`${hop} `) ? message.slice(hop.length + 1) : message;
}
