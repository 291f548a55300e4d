/**
 * NO_PROXY: what is reached without the proxy of the environment. No standard fixes its grammar; this takes what others
 * write, and says what it does not understand instead of reading something else into it. No name is looked up for it.
 *
 * Entries, between commas, semicolons or blanks, each with `:port` if need be:
 *
 * - `*`: everything.
 * - `<local>`: every name without a dot.
 * - `example.net`, `.example.net`, `*.example.net`: this name and all below it.
 * - `10.1.2.3`, `fd00::1`, `[fd00::1]:8883`: this address.
 * - `10.0.0.0/8`, `10.0.0.0/8:8883`, `fd00::/8`, `[fd00::]/8:8883`: the addresses of a network.
 * - `relay-*.example.net`, `192.168.*`: a star in any other place is any characters, of a name or an IPv4 address.
 */
import { BlockList, isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { oneLine } from '../common/line.ts';

/** Where a connection goes. */
export interface Place {
  host: string;
  port: number;
}

type Matcher = (place: Place) => boolean;

/** An entry that is shown in a complaint, in characters. */
const maxShown = 60;

const maxPort = 65_535;

/** True when the list excepts this place. Entries that are not understood except nothing. Pure. */
export function excepts(list: string, place: Place): boolean {
  return entriesOf(list).some(entry => {
    const matcher = read(entry);
    return typeof matcher === 'function' && matcher(place);
  });
}

/** What is not understood, one sentence each. Pure. */
export function complaints(list: string): string[] {
  return entriesOf(list).flatMap(entry => {
    const matcher = read(entry);
    if (typeof matcher === 'function') return [];
    // Somebody may have put a proxy there, login and all.
    const shown = entry.includes('@') ? 'an entry with a login' : `"${oneLine(entry, maxShown)}"`;
    return [`${shown} is not understood and excepts nothing: ${matcher}`];
  });
}

function entriesOf(list: string): string[] {
  return list.split(/[\s,;]+/).filter(entry => entry !== '');
}

/** What the entry matches; in words, why it is none. */
function read(entry: string): Matcher | string {
  if (entry.includes('://') || entry.includes('@')) return 'expected a name or an address, no URL';
  const { host, prefix, port } = parts(entry);
  if (port !== undefined && (port < 1 || port > maxPort)) return `expected a port from 1 to ${maxPort}`;
  const matcher = prefix === undefined ? hostMatcher(host) : networkMatcher(host, prefix);
  if (typeof matcher !== 'function' || port === undefined) return matcher;
  return place => place.port === port && matcher(place);
}

/** `host:port`, `[v6]:port`, `network/prefix:port`, `[v6]/prefix:port`, `[v6/prefix]:port`; bare IPv6 has a port only behind a prefix. */
function parts(entry: string): { host: string; prefix?: string; port?: number } {
  const [, inner, after = ''] = /^\[([^\]]*)\](.*)$/.exec(entry) ?? [];
  const bare = inner === undefined ? entry : `${inner}${after}`;
  const slash = bare.indexOf('/');
  if (slash !== -1) {
    const [, prefix = '', port] = /^(.*?)(?::(\d+))?$/.exec(bare.slice(slash + 1)) ?? [];
    return { host: bare.slice(0, slash), prefix, ...(port === undefined ? {} : { port: Number(port) }) };
  }
  if (inner !== undefined) {
    const [, port] = /^:(\d+)$/.exec(after) ?? [];
    if (port !== undefined) return { host: inner, port: Number(port) };
    return { host: after === '' ? inner : entry };
  }
  const [, host, port] = /^([^:]*):(\d+)$/.exec(entry) ?? [];
  return host === undefined ? { host: entry } : { host, port: Number(port) };
}

function networkMatcher(address: string, prefix: string): Matcher | string {
  const version = isIP(address);
  if (version === 0 || address.includes('%')) return 'expected an address before the /, like 10.0.0.0/8';
  const bits = version === 4 ? 32 : 128;
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > bits) {
    return `expected the length of a prefix, 0 to ${bits}, after the /`;
  }
  const list = new BlockList();
  list.addSubnet(address, Number(prefix), version === 4 ? 'ipv4' : 'ipv6');
  return ({ host }) => isIP(host) !== 0 && list.check(host, isIP(host) === 4 ? 'ipv4' : 'ipv6');
}

function hostMatcher(host: string): Matcher | string {
  if (host === '*') return () => true;
  if (host.toLowerCase() === '<local>') return place => isIP(place.host) === 0 && !place.host.includes('.');
  const version = isIP(host);
  if (version !== 0) return networkMatcher(host, version === 4 ? '32' : '128');
  if (/^[\d.]+$/.test(host)) return 'is a part of an address: write a network, like 10.0.0.0/8, or 10.*';
  const name = host.replace(/^\*?\./, '');
  const ascii = /^[\x21-\x7e]*$/.test(name) ? name : domainToASCII(name);
  if (!/^[a-z0-9_*-]+(\.[a-z0-9_*-]+)*\.?$/i.test(ascii)) {
    return 'expected *, <local>, a name, an address, or a network like 10.0.0.0/8';
  }
  return ascii.includes('*') ? starMatcher(host) : place => hasName(place.host, ascii);
}

function starMatcher(pattern: string): Matcher {
  const [first = '', ...others] = pattern.split('*').map(part => part.replaceAll('.', '\\.'));
  const whole = new RegExp(`^${first}${others.map(part => `.*${part}`).join('')}$`, 'i');
  return ({ host }) => isIP(host) !== 6 && whole.test(host);
}

/** True for `name` itself and for everything below it. Case and a dot at the end mean nothing in DNS. */
export function hasName(host: string, name: string): boolean {
  const [have = '', want = ''] = [host, name].map(it => it.toLowerCase().replace(/\.$/, ''));
  return isIP(have) === 0 && (have === want || have.endsWith(`.${want}`));
}
