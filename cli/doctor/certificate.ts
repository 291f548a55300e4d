/** A server's certificate: whose it is, until when, and why it is not believed. */
import { isIP, type Socket } from 'node:net';
import { connect, type PeerCertificate, type TLSSocket } from 'node:tls';
import { oneLine } from '../../provisioner/src/line.ts';
import { socketReason } from '../../provisioner/src/way/hop-error.ts';

const dayMs = 86_400_000;

/** Warned about before it ends: authorities of companies take weeks (days). */
export const warnBeforeDays = 30;

/** Names of a stranger's certificate that are shown, in characters. */
const maxNameLength = 100;

/** Longest wait for the handshake, as on the way of the provisioner (milliseconds). */
const handshakeLimitMs = 10_000;

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

/**
 * TLS over an open socket, whatever certificate there is: nothing is said to it. The caller ends the socket.
 * @throws Error in words when there is no TLS at all.
 */
export function look(
  socket: Socket,
  host: string,
  ca: string | undefined,
): Promise<{ seen: Seen; secure: TLSSocket }> {
  const secure = connect({
    socket,
    host,
    // As in startTls: SNI may not be an address.
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(ca === undefined ? {} : { ca }),
    rejectUnauthorized: false,
  });
  return new Promise((resolve, reject) => {
    const done = (why?: string) => {
      clearTimeout(timer);
      secure
        .off('secureConnect', onSecure)
        .off('error', onError)
        .off('close', onClose)
        .on('error', () => {});
      if (why === undefined) return resolve({ seen: seenOn(secure), secure });
      secure.destroy();
      reject(new Error(why));
    };
    const onSecure = () => done();
    const onError = (error: Error) => done(socketReason(error));
    const onClose = () => done('the connection was closed');
    const timer = setTimeout(() => done(`no answer within ${handshakeLimitMs / 1000} s`), handshakeLimitMs);
    secure.once('secureConnect', onSecure).once('error', onError).once('close', onClose);
  });
}

function seenOn(socket: TLSSocket): Seen {
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

/** `TLSv1.3, certificate of relay.example.net by Example CA until 2027-03-01`. */
export function describe({ protocol, names, authority, untilMs }: Seen): string {
  return `${protocol}, certificate of ${names} by ${authority} until ${dateOf(untilMs)}`;
}

/** @param nowMs milliseconds since 1970. */
export function endWarning(whose: string, { untilMs }: Seen, nowMs: number): string[] {
  const days = Math.floor((untilMs - nowMs) / dayMs);
  if (days >= warnBeforeDays) return [];
  return [`${whose} certificate ends on ${dateOf(untilMs)}${days < 0 ? '' : `, in ${days} days`}: renew it`];
}

function dateOf(ms: number): string {
  return Number.isNaN(ms) ? '(no date)' : new Date(ms).toISOString().slice(0, 10);
}

/** Where to look when a certificate is not believed. */
export type Blame = 'authority' | 'name' | 'time';

/** By OpenSSL's codes (X509_V_ERR_…) and Node's own. */
export function blame(distrust: string): Blame {
  if (distrust === 'ERR_TLS_CERT_ALTNAME_INVALID' || distrust === 'HOSTNAME_MISMATCH') return 'name';
  return /EXPIRED|NOT_YET_VALID/.test(distrust) ? 'time' : 'authority';
}

/** As `openssl x509 -fingerprint` prints it. */
export function withColons(fingerprint: string): string {
  return fingerprint.match(/../g)?.join(':') ?? fingerprint;
}
