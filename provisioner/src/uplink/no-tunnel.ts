/** A proxy that says yes and means no: what is in its tunnel is not the relay. In words, with what to do. Pure. */
import { oneLine } from '../common/line.ts';
import { at, type ProxyAddress, proxyName, type RelayAddress } from './addresses.ts';
import { certificateOf, madeOnTheWay, type Seen } from './certificate.ts';
import { type Fault, HopError } from './hop-error.ts';

/** Foreign words in an error, in characters. */
const maxWordsLength = 60;

/** For whoever has to mend it. */
export const inspectedPage = 'docs/lab.md, "Inspected TLS"';

const pageAdvice = 'a sign-in or block page: open any page in a browser behind the same proxy';

/** Whoever calls speaks first here, so what comes by itself behind a yes is not the relay's. */
export function pageInTunnel(proxy: ProxyAddress, statusLine: string, bytes: Buffer): HopError {
  return no(proxy, `says "${statusLine}", and then sends ${quoted(bytes)}: no tunnel, but ${pageAdvice}`);
}

/** How TLS with the relay failed. */
export interface TlsFailure {
  why: string;
  fault: Fault;
  seen: Seen | undefined;
  /** The far end had said something before it failed. */
  heard: boolean;
}

/** TLS with the relay failed, inside a tunnel or not. */
export function tlsFailed(
  relay: RelayAddress,
  proxy: ProxyAddress | undefined,
  { why, fault, seen, heard }: TlsFailure,
): HopError {
  const name = at(relay.host, relay.port);
  if (proxy !== undefined) {
    if (seen !== undefined && madeOnTheWay(seen, relay.ca)) {
      const shown = `shows a ${certificateOf(seen)} in place of that of ${name}`;
      return no(proxy, `${shown}: it seems to inspect TLS (${inspectedPage})`, 'inspected');
    }
    if (fault === 'closed' && !heard) return closedInTunnel(proxy, relay);
    if (fault === 'no tls') {
      return no(
        proxy,
        `says yes, but what answers in its tunnel is no TLS: ${pageAdvice}; or the port of ${name} has no TLS`,
      );
    }
  }
  return new HopError('RELAY', `${name} TLS failed: ${why}`, fault);
}

/** The tunnel ended before the relay had said a word. */
export function closedInTunnel(proxy: ProxyAddress, { host, port, tls }: RelayAddress): HopError {
  const name = at(host, port);
  const other = tls ? ', or has no TLS there' : '';
  return no(
    proxy,
    `says yes, and closes the tunnel before ${name} says a word: ask for ${name} to be allowed, with what is in it (MQTT); or ${name} itself closes it${other}`,
  );
}

/** What came in place of MQTT's CONNACK. Directly, it is the relay's fault; through a proxy it may be either's. */
export function noMqtt(
  name: string,
  relay: RelayAddress,
  proxy: ProxyAddress | undefined,
  first: Buffer,
): HopError {
  const found = `answers CONNECT with ${quoted(first)}, which is no MQTT`;
  if (proxy === undefined || !/^\s*(HTTP\/|<)/i.test(first.subarray(0, 16).toString('latin1'))) {
    return new HopError('RELAY', `${name} ${found} (check scheme and port in relay.url)`, 'protocol');
  }
  const what = relay.tls
    ? `it seems to inspect TLS and to let HTTP pass alone: use wss:// if it lets WebSockets pass, or ask for ${name} to be left alone (${inspectedPage})`
    : pageAdvice;
  return no(
    proxy,
    `says yes, and what is in its tunnel ${found}: ${what}`,
    relay.tls ? 'inspected' : 'no tunnel',
  );
}

/** The relay, or any server of WebSockets, was asked for an upgrade and has seen none. */
export function upgradeTaken(proxy: ProxyAddress, name: string): HopError {
  const what = `takes the Upgrade of our WebSocket out on the way to ${name} (it answered 426)`;
  return no(
    proxy,
    `${what}: it inspects TLS, or changes HTTP; ask for WebSockets to be allowed, or for ${name} to be left alone (${inspectedPage})`,
    'inspected',
  );
}

function no(proxy: ProxyAddress, what: string, fault: Fault = 'no tunnel'): HopError {
  return new HopError('PROXY', `proxy ${proxyName(proxy)} ${what}`, fault);
}

function quoted(bytes: Buffer): string {
  const text = bytes.toString('latin1');
  return /^[\s\x21-\x7e]+$/.test(text.slice(0, maxWordsLength))
    ? `"${oneLine(text, maxWordsLength)}"`
    : `${bytes.length} bytes (${bytes.subarray(0, 8).toString('hex')}…)`;
}
