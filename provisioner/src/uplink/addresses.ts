/** Where the relay and the proxy are, and how both are named in logs and errors. */

/** Where the relay is and which way it speaks MQTT. */
export interface RelayAddress {
  host: string;
  port: number;
  tls: boolean;
  /** PEM of the authority that signed the relay's certificate; the system's own list when absent. */
  ca?: string;
  /** Path of its WebSocket, like /mqtt. Absent: MQTT straight over TCP or TLS. */
  path?: string;
}

/** One relay of the settings: where it is, how to get there, and as whom. Holds secrets: never log it. */
export interface RelayLogin extends RelayAddress {
  user: string;
  password: string;
  /** The longest silence towards it, in seconds; default 30. */
  keepAliveS?: number;
  /** Absent: directly. */
  proxy?: ProxyAddress;
}

/** The way out of the lab. */
export interface ProxyAddress {
  /** `http`: CONNECT; `https`: the same after TLS with the proxy itself; `socks5`: RFC 1928. */
  type: 'http' | 'https' | 'socks5';
  host: string;
  port: number;
  user?: string;
  password?: string;
  /** PEM of the authority that signed an `https` proxy's certificate; the system's own list when absent. */
  ca?: string;
  /** The environment variable that named it; absent when the settings did. */
  from?: string;
}

/** host:port as a person writes it; an IPv6 address in brackets (RFC 3986 section 3.2.2). */
export function at(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The proxy's host:port, and which variable it came from: the first question of whoever has to mend it. */
export function proxyName(proxy: ProxyAddress): string {
  const where = at(proxy.host, proxy.port);
  return proxy.from === undefined ? where : `${where} (from ${proxy.from})`;
}

/** Where to look when the proxy does not take our login, or wants one. */
export function loginAdvice(proxy: ProxyAddress): string {
  const { from, user, type } = proxy;
  if (from !== undefined) {
    return user === undefined
      ? ` (it wants a login: set ${from} to ${type}://user:password@host:port)`
      : ` (check the user and the password in ${from})`;
  }
  return user === undefined
    ? ` (it wants a login: set proxy to ${type}://user@host:port and proxyPasswordFile)`
    : ' (check the user in proxy and proxyPasswordFile)';
}
