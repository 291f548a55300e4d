/** relay.url: mqtt://, mqtts://, ws:// or wss://. */
import type { RelayAddress } from './addresses.ts';

/** What each scheme means. The ports are those registered with IANA. */
const schemes: Readonly<Record<string, { port: number; tls: boolean; webSocket: boolean }>> = {
  'mqtt:': { port: 1883, tls: false, webSocket: false },
  'mqtts:': { port: 8883, tls: true, webSocket: false },
  'ws:': { port: 80, tls: false, webSocket: true },
  'wss:': { port: 443, tls: true, webSocket: true },
};

/** Where brokers expect MQTT over WebSocket unless told otherwise. */
const defaultPath = '/mqtt';

/** For a message: what {@link relayAddress} takes. */
export const relayUrlHint =
  'expected mqtt://host:port, mqtts://host:port, ws://host:port/path or wss://host:port/path (user and password have their own settings)';

/** Reads a relay's URL. Undefined when it is none, holds a login, or a query, which would end in logs. */
export function relayAddress(text: string): RelayAddress | undefined {
  const url = urlOf(text);
  const scheme = url === undefined ? undefined : schemes[url.protocol];
  if (url === undefined || scheme === undefined) return undefined;
  if (url.hostname === '' || url.username !== '' || url.password !== '') return undefined;
  if (url.search !== '' || url.hash !== '') return undefined;
  const { tls, webSocket } = scheme;
  const address = { host: hostOf(url), port: url.port === '' ? scheme.port : Number(url.port), tls };
  if (webSocket) return { ...address, path: /^wss?:\/\/[^/]+$/i.test(text) ? defaultPath : url.pathname };
  return url.pathname === '' || url.pathname === '/' ? address : undefined;
}

/** A URL, or undefined when the text is none. */
export function urlOf(text: unknown): URL | undefined {
  return typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined;
}

/** An IPv6 address stands in brackets in a URL, but not in a socket call. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}
