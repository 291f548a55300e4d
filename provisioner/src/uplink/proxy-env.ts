/**
 * The proxy that the environment names, for settings without one. The variables are a convention that no standard
 * fixes; where programs differ, this is what we do, and why:
 *
 * - TLS to the relay (mqtts, wss): HTTPS_PROXY, then ALL_PROXY. ws: HTTP_PROXY, then ALL_PROXY. mqtt: ALL_PROXY
 *   alone, as it is neither.
 * - The lower-case name wins over the upper-case one; an empty variable is as good as none.
 * - A relay on this very machine (localhost, 127.0.0.0/8, ::1) is always reached directly: to a proxy, the name
 *   would mean another machine.
 * - NO_PROXY: see no-proxy.ts.
 */
import { BlockList, isIP } from 'node:net';
import { SetupError } from '../../../config/src/setup-error.ts';
import type { ProxyAddress, RelayAddress } from './addresses.ts';
import { complaints, excepts, hasName } from './no-proxy.ts';
import { proxyAddress, proxyUrlProblem } from './proxy-url.ts';

/** As process.env. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for this relay, undefined for none. Pure.
 * @throws SetupError when the variable holds no URL of a proxy; its value, which may hold a password, is not repeated.
 */
export function proxyFor(relay: RelayAddress, env: Environment): ProxyAddress | undefined {
  const from = variableFor(relay, env);
  if (from === undefined || excepts(noProxyOf(env), relay)) return undefined;
  const value = envValue(env, from);
  // host:port alone is common there and means an HTTP proxy.
  const text = value.includes('://') ? value : `http://${value}`;
  const proxy = proxyAddress(text);
  if (proxy !== undefined) return { ...proxy, from };
  const expected =
    'names no proxy: expected http://user:password@host:port, https://… or socks5://…' +
    ' (special characters of the password percent-encoded), or proxy: none in the settings';
  const message = `${from} in the environment ${proxyUrlProblem(text, expected)}`;
  throw new SetupError(message, [{ setting: from, found: message }]);
}

/** What NO_PROXY says that is not understood, when it decides about this relay. Pure. */
export function noProxyComplaints(relay: RelayAddress, env: Environment): string[] {
  if (variableFor(relay, env) === undefined) return [];
  return complaints(noProxyOf(env)).map(text => `NO_PROXY in the environment: ${text}`);
}

/** The variable that names the relay's proxy. */
function variableFor(relay: RelayAddress, env: Environment): string | undefined {
  return isLoopback(relay.host) ? undefined : namesFor(relay).find(name => envValue(env, name) !== '');
}

function noProxyOf(env: Environment): string {
  return envValue(env, 'no_proxy') || envValue(env, 'NO_PROXY');
}

function namesFor(relay: RelayAddress): string[] {
  const scheme = relay.tls ? ['https_proxy'] : relay.path === undefined ? [] : ['http_proxy'];
  return [...scheme, 'all_proxy'].flatMap(name => [name, name.toUpperCase()]);
}

function envValue(env: Environment, name: string): string {
  return env[name]?.trim() ?? '';
}

/** 127.0.0.0/8 and ::1 too. */
const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

function isLoopback(host: string): boolean {
  if (isIP(host) === 0) return hasName(host, 'localhost');
  return loopback.check(host, isIP(host) === 4 ? 'ipv4' : 'ipv6');
}
