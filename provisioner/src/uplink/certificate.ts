/** A server's certificate: whose it is, until when, and why it is not believed. */
import { X509Certificate } from 'node:crypto';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import { oneLine } from '../common/line.ts';
import type { Fault } from './hop-error.ts';

/** Names of a stranger's certificate that are shown, in characters. */
const maxNameLength = 100;

/** What was found at the other end. */
export interface Seen {
  /** TLSv1.3 … */
  protocol: string;
  names: string;
  /** Who signed it. */
  authority: string;
  /** Milliseconds since 1970. */
  untilMs: number;
  /** SHA-256 in 64 upper-case hexadecimal digits. */
  fingerprint: string;
  /** OpenSSL's or Node's code why it is not believed; undefined when it is. */
  distrust: string | undefined;
}

/** Of a socket whose handshake is done with `rejectUnauthorized: false`: Node has checked chain, time and name all the same. */
export function seenOn(socket: TLSSocket): Seen {
  const certificate = socket.getPeerCertificate();
  const { authorizationError } = socket as { authorizationError: unknown };
  return {
    protocol: socket.getProtocol() ?? 'TLS',
    names: namesOf(certificate),
    authority: oneLine(nameIn(certificate.issuer), maxNameLength),
    untilMs: Date.parse(certificate.valid_to),
    fingerprint: (certificate.fingerprint256 ?? '').replaceAll(':', ''),
    distrust: socket.authorized ? undefined : codeOf(authorizationError),
  };
}

/** Node says it as a code, or as an error with one. */
function codeOf(error: unknown): string {
  if (error instanceof Error) return 'code' in error ? String(error.code) : error.message;
  return String(error);
}

function namesOf({ subject, subjectaltname }: PeerCertificate): string {
  const names = (subjectaltname ?? '').replace(/(DNS|IP Address):/g, '');
  return oneLine(names === '' ? nameIn(subject) : names, maxNameLength);
}

function nameIn(name: PeerCertificate['subject'] | undefined): string {
  return [name?.CN ?? name?.O ?? '(no name)'].flat()[0] ?? '(no name)';
}

/** `certificate of relay.example.net by Example CA until 2027-03-01`. */
export function certificateOf({ names, authority, untilMs }: Seen): string {
  return `certificate of ${names} by ${authority} until ${dateOf(untilMs)}`;
}

/** `TLSv1.3, certificate of …`. */
export function describe(seen: Seen): string {
  return `${seen.protocol}, ${certificateOf(seen)}`;
}

export function dateOf(ms: number): string {
  return Number.isNaN(ms) ? '(no date)' : new Date(ms).toISOString().slice(0, 10);
}

/** Where to look when a certificate is not believed. */
export type Blame = Extract<Fault, 'authority' | 'name' | 'time'>;

/** By OpenSSL's codes (X509_V_ERR_…) and Node's own. */
export function blame(distrust: string): Blame {
  if (distrust === 'ERR_TLS_CERT_ALTNAME_INVALID' || distrust === 'HOSTNAME_MISMATCH') return 'name';
  return /EXPIRED|NOT_YET_VALID/.test(distrust) ? 'time' : 'authority';
}

/** Why the certificate for `host` is not believed, in words. */
export function distrustWords(seen: Seen, distrust: string, host: string): string {
  const whose = `its ${certificateOf(seen)}`;
  switch (blame(distrust)) {
    case 'name':
      return `${whose} is not for ${host}`;
    case 'time':
      return `${whose} is not valid now, by this machine's clock (${distrust})`;
    case 'authority':
      return `${whose} is of no authority that is known here (${distrust})`;
  }
}

/**
 * True when somebody on the way seems to have made this certificate: it is of an authority that is none of ours by
 * name. One that has signed itself is more likely the server's own, and so is one whose authority has our authority's
 * name: made anew.
 * @param ca PEM of the authorities that are believed; undefined for the system's.
 */
export function madeOnTheWay({ distrust, authority }: Seen, ca: string | undefined): boolean {
  if (distrust === undefined || blame(distrust) !== 'authority') return false;
  return distrust !== 'DEPTH_ZERO_SELF_SIGNED_CERT' && !authorityNames(ca ?? '').includes(authority);
}

/** Names of the certificates in a PEM file; of one that cannot be read, none. */
function authorityNames(pem: string): string[] {
  return pem.split(/(?<=-----END CERTIFICATE-----)/).flatMap(one => {
    try {
      const { CN, O } = new X509Certificate(one).toLegacyObject().subject;
      return [CN ?? O ?? ''].flat().map(name => oneLine(name, maxNameLength));
    } catch {
      return [];
    }
  });
}
