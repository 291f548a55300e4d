/** A proxy as a URL: http://, https:// (CONNECT) and socks5://, with a user, and a password where that is allowed. */
import type { ProxyAddress } from './addresses.ts';
import { hostOf, urlOf } from './relay-url.ts';

/** SOCKS5 with the name looked up by the proxy is the only kind we speak, so all its spellings mean that. */
const schemes: Readonly<Record<string, { type: ProxyAddress['type']; port: number }>> = {
  'http:': { type: 'http', port: 80 },
  'https:': { type: 'https', port: 443 },
  'socks5:': { type: 'socks5', port: 1080 },
  'socks5h:': { type: 'socks5', port: 1080 },
  'socks:': { type: 'socks5', port: 1080 },
};

/** As the proxy in the settings: none, whatever the environment says. */
export const noProxy = 'none';

/** The same: whatever HTTPS_PROXY and NO_PROXY of the environment say. */
export const proxyOfEnvironment = 'environment';

/** For a message: what {@link proxyAddress} takes in the settings. */
export const proxyUrlHint = 'expected http://user@host:port, https://… or socks5://…, or none';

/**
 * What to say of a text that {@link proxyAddress} does not take. A PAC file is a program by which browsers choose a
 * proxy, and its URL is what many companies hand out. @param hint what is expected. Does not repeat the text.
 */
export function proxyUrlProblem(text: string, hint: string = proxyUrlHint): string {
  const url = urlOf(text);
  const isFile =
    url !== undefined && /^(pac\+)?(https?|file|ftp):$/.test(url.protocol) && !/^\/?$/.test(url.pathname);
  const isPac = /^pac\+/i.test(text) || (isFile && /\.(pac|dat|js)$/i.test(url.pathname));
  if (!isPac) return hint;
  return 'is the URL of a PAC file, a program by which browsers choose a proxy, and no proxy: open it and name what it returns ("PROXY host:port" is http://host:port, "SOCKS host:port" is socks5://host:port)';
}

/** Reads a proxy's URL; user and password are percent-decoded. Undefined when it is none that we can use. */
export function proxyAddress(text: string): ProxyAddress | undefined {
  const url = urlOf(text);
  const scheme = url === undefined ? undefined : schemes[url.protocol];
  if (url === undefined || scheme === undefined || url.hostname === '') return undefined;
  if (!/^\/?$/.test(url.pathname) || url.search !== '' || url.hash !== '') return undefined;
  const user = decoded(url.username);
  const password = decoded(url.password);
  if (user === undefined || password === undefined) return undefined;
  return {
    type: scheme.type,
    host: hostOf(url),
    port: url.port === '' ? scheme.port : Number(url.port),
    ...(user === '' ? {} : { user }),
    ...(password === '' ? {} : { password }),
  };
}

/** Undefined when a % is not followed by two hexadecimal digits, or these make no UTF-8. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
