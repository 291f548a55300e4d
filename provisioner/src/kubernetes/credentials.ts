/** What each request and each connection to an API server has to show, whoever knows it. */
import { createSecureContext } from 'node:tls';
import { PlatformError } from '../common/platform.ts';
import type { ProxyAddress } from '../uplink/addresses.ts';

/** What a connection needs for TLS. Secret. */
export interface TlsParts {
  /** PEM of the only authorities that are trusted; left out: the system's own. */
  ca?: string;
  /** PEM of the client's certificate and key. */
  cert?: string;
  key?: string;
  /** The name that the server's certificate has to show, when it is not the one in the URL. */
  serverName?: string;
}

/** For one request. Secret: never logged, never in an error. */
export interface Credentials {
  headers: Record<string, string>;
  tls: TlsParts;
  /** Which login this is: see {@link Login.renew}. */
  generation: number;
}

/** Who we are to one API server. */
export interface Login {
  /** `https://host:port` or with a path, without a slash at the end. */
  readonly server: string;
  /** For a message: what to look at when the login is not taken. */
  readonly advice: string;
  /** For a message: what to do when it may not do something. */
  readonly rights: string;
  /** What to show now. @throws PlatformError when it cannot be had or must not be used. */
  credentials(): Promise<Credentials>;
  /** These credentials were not accepted. @returns false when there can be no others. */
  renew(credentials: Credentials): boolean;
  close(): void;
}

/** How an API server is reached. */
export interface Way {
  login: Login;
  proxy: ProxyAddress | undefined;
}

/** @throws PlatformError for texts that are no PEM: in the middle of a connection the words would be OpenSSL's. */
export function checkTls({ ca, cert, key }: TlsParts): void {
  const wrong = (what: string) =>
    new PlatformError(`login: ${what} cannot be used`, { transient: true, code: 'login' });
  try {
    if (ca !== undefined) createSecureContext({ ca });
  } catch {
    throw wrong('the certificate authority');
  }
  try {
    if (cert !== undefined && key !== undefined) createSecureContext({ cert, key });
  } catch {
    throw wrong("the client's certificate or its key");
  }
}

/** @throws PlatformError for a value that is no header: the client's own error would be hard to understand. */
export function headerText(value: unknown): string {
  // A file that an editor has written ends with a newline.
  const text = String(value).trim();
  if (/^[\x20-\x7e]+$/.test(text) && text !== 'Bearer') return text;
  throw new PlatformError('login: the token is empty or has characters that no token has', {
    transient: true,
    code: 'login',
  });
}
