/**
 * The proxy that the environment names, for settings without one. The variables are a convention that no standard
 * fixes; where programs differ, this is what we do, and why:
 *
 * - TLS to the relay (mqtts, wss): HTTPS_PROXY, then ALL_PROXY. ws: HTTP_PROXY, then ALL_PROXY. mqtt: ALL_PROXY
 *   alone, as it is neither.
 * - The lower-case name wins over the upper-case one; an empty variable is as good as none.
 * - A relay on this very machine (localhost, 127.0.0.0/8, ::1) is always reached directly: to a proxy, the name
 *   would mean another machine.
 * - NO_PROXY: `*`, names (with everything below them; a dot or `*.` in front says the same), addresses, networks
 *   (10.0.0.0/8), each with a port if need be; separated by commas or blanks. No name is looked up for it.
 */
import { BlockList, isIP } from 'node:net';
import { SetupError } from '../../../config/src/setup-error.ts';
import type { ProxyAddress, RelayAddress } from './addresses.ts';
import { proxyAddress } from './proxy-url.ts';

/** As process.env. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for this relay, undefined for none. Pure.
 * @throws SetupError when the variable holds no URL of a proxy; its value, which may hold a password, is not repeated.
 */
export function proxyFor(relay: RelayAddress, env: Environment): ProxyAddress | undefined {
  const from = namesFor(relay).find(name => envValue(env, name) !== '');
  if (from === undefined || isLoopback(relay.host)) return undefined;
  if (excepted(relay, envValue(env, 'no_proxy') || envValue(env, 'NO_PROXY'))) return undefined;
  const text = envValue(env, from);
  // host:port alone is common there and means an HTTP proxy.
  const proxy = proxyAddress(text.includes('://') ? text : `http://${text}`);
  if (proxy !== undefined) return { ...proxy, from };
  throw new SetupError(
    `${from} in the environment names no proxy: expected http://user:password@host:port, https://… or socks5://…` +
      ' (special characters of the password percent-encoded), or proxy: none in the settings',
  );
}

function namesFor(relay: RelayAddress): string[] {
  const scheme = relay.tls ? ['https_proxy'] : relay.path === undefined ? [] : ['http_proxy'];
  return [...scheme, 'all_proxy'].flatMap(name => [name, name.toUpperCase()]);
}

function envValue(env: Environment, name: string): string {
  return env[name]?.trim() ?? '';
}

function isLoopback(host: string): boolean {
  return hasName(host, 'localhost') || inNetwork(host, '127.0.0.0/8') || inNetwork(host, '::1/128');
}

function excepted(relay: RelayAddress, list: string): boolean {
  return list.split(/[\s,]+/).some(entry => entry !== '' && fits(relay, entry));
}

function fits(relay: RelayAddress, entry: string): boolean {
  if (entry === '*') return true;
  if (inNetwork(relay.host, entry)) return true;
  const { host, port } = splitPort(entry);
  if (port !== undefined && port !== relay.port) return false;
  return isIP(host) === 0 ? hasName(relay.host, host) : inNetwork(relay.host, host);
}

/** `host:port`, `[v6]:port` or only one of both; an IPv6 address without brackets has no port. */
function splitPort(entry: string): { host: string; port?: number } {
  const [, v6, name, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(entry) ?? [];
  const host = v6 ?? name ?? entry;
  return port === undefined ? { host } : { host, port: Number(port) };
}

/** True for `name` itself and for everything below it. Case and a dot at the end mean nothing in DNS. */
function hasName(host: string, name: string): boolean {
  const [have, want] = [host, name.replace(/^\*?\./, '')].map(it => it.toLowerCase().replace(/\.$/, ''));
  if (have === undefined || want === undefined || want === '' || isIP(have) !== 0) return false;
  return have === want || have.endsWith(`.${want}`);
}

/** True when `host` is an address within `network`: an address, or one with the length of its prefix. */
function inNetwork(host: string, network: string): boolean {
  const [address = '', prefix, ...rest] = network.split('/');
  const version = isIP(address);
  if (version === 0 || isIP(host) === 0 || rest.length > 0) return false;
  const bits = version === 4 ? 32 : 128;
  const length = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : bits + 1;
  if (length > bits) return false;
  const list = new BlockList();
  list.addSubnet(address, length, version === 4 ? 'ipv4' : 'ipv6');
  return list.check(host, isIP(host) === 4 ? 'ipv4' : 'ipv6');
}
