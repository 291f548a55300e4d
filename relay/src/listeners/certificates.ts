/** The relay's certificates: read from their files, checked before they are used, read again when a file changes. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { statSync } from 'node:fs';
import type { SecureContext } from 'node:tls';
import type { Logger } from '../../../config/src/log.ts';
import { errnoOf, messageOf, SetupError } from '../../../config/src/setup-error.ts';
import { readTextFile } from '../../../config/src/yaml-file.ts';
import { makeContext } from './tls.ts';

export interface CertificateSource {
  /** The certificate and those that lead to its authority: PEM, or the path of a file with it. */
  cert: string;
  /** Its private key without a passphrase: PEM, or the path of a file with it. */
  key: string;
}

/**
 * How often the files are looked at, in milliseconds: four calls of stat. Watching instead of looking misses what
 * certbot (links), Kubernetes (a link to a folder) and network file systems do.
 */
export const certificateCheckMs = 5_000;

/** A certificate is asked for by the kind of its key, so there is room for one of each. */
type Kind = 'rsa' | 'ec';

interface Certificate {
  cert: string;
  key: string;
  kind: Kind;
  notAfter: Date;
}

/**
 * Reads certificates and keys, and checks that each pair belongs together.
 * @throws SetupError with the first that cannot be read, is not what it should be, or does not fit.
 */
export function readCertificates(sources: readonly CertificateSource[], log: Logger): SecureContext {
  const certificates = sources.map(readPair);
  const kinds = certificates.map(({ kind }) => kind);
  if (kinds.length === 0) throw new SetupError('TLS needs a certificate and its key');
  const double = kinds.find((kind, i) => kinds.indexOf(kind) < i);
  if (double !== undefined) {
    throw new SetupError(
      `two TLS certificates have ${nameOf[double]} keys: there is room for one of each kind`,
    );
  }
  if (!kinds.includes('rsa')) log.warn('no TLS certificate is RSA: provisioners connect, but buttons cannot');
  for (const { kind, notAfter } of certificates) {
    if (notAfter.getTime() < Date.now()) log.warn({ kind, notAfter }, 'a TLS certificate has expired');
  }
  try {
    return makeContext(certificates);
  } catch (error) {
    throw new SetupError(`the TLS certificates cannot be used: ${messageOf(error)}`);
  }
}

const nameOf: Record<Kind, string> = { rsa: 'RSA', ec: 'EC' };

function readPair(source: CertificateSource): Certificate {
  const cert = pemOf(source.cert, 'the TLS certificate');
  const key = pemOf(source.key, 'the TLS key');
  const certificate = parse(() => new X509Certificate(cert.text), cert.name, 'a certificate in PEM');
  const privateKey = parse(
    () => createPrivateKey(key.text),
    key.name,
    'a private key in PEM without a passphrase',
  );
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new SetupError(`${cert.name} and ${key.name} do not belong together`);
  }
  const kind = privateKey.asymmetricKeyType;
  if (kind !== 'rsa' && kind !== 'ec') throw new SetupError(`${cert.name} is neither RSA nor EC`);
  return { cert: cert.text, key: key.text, kind, notAfter: new Date(certificate.validTo) };
}

interface Pem {
  text: string;
  /** For messages; never the text itself, which may be a secret. */
  name: string;
}

const isPem = (pathOrPem: string): boolean => pathOrPem.includes('-----BEGIN ');

function pemOf(pathOrPem: string, what: string): Pem {
  if (isPem(pathOrPem)) return { text: pathOrPem, name: what };
  return { text: readTextFile(pathOrPem, what), name: `${what} ${pathOrPem}` };
}

function parse<T>(read: () => T, name: string, expected: string): T {
  try {
    return read();
  } catch {
    throw new SetupError(`${name} is not ${expected}`);
  }
}

export interface Certificates {
  /** For a connection that begins now. Those that are open keep what they began with. */
  context(): SecureContext;
  /** Reads the files at once. What does not fit is logged and not taken: false, and the old ones stay. */
  reload(): boolean;
  /** Looks at the files no more. */
  close(): void;
}

/**
 * Reads the certificates, then looks for changes every `checkMs` milliseconds until it is closed.
 * @throws SetupError as {@link readCertificates} does, at the start only.
 */
export function openCertificates(
  sources: readonly CertificateSource[],
  log: Logger,
  checkMs: number = certificateCheckMs,
): Certificates {
  const paths = sources.flatMap(({ cert, key }) => [cert, key]).filter(path => !isPem(path));
  let seen = marksOf(paths);
  let context = readCertificates(sources, log);
  let complaint: string | undefined;
  const reload = (): boolean => {
    seen = marksOf(paths);
    try {
      context = readCertificates(sources, log);
      complaint = undefined;
      log.info({ files: paths }, 'TLS certificates read: new connections get them');
      return true;
    } catch (error) {
      // Once for each reason: a renewal that fails stays failed for days.
      if (messageOf(error) !== complaint) {
        complaint = messageOf(error);
        log.error({ error: complaint }, 'TLS certificates not taken; the old ones stay in use');
      }
      return false;
    }
  };
  // After a failure again each time, changed or not: a file may have been read while it was written.
  const check = () => {
    if (complaint !== undefined || marksOf(paths) !== seen) reload();
  };
  const timer = paths.length === 0 ? undefined : setInterval(check, checkMs).unref();
  return { context: () => context, reload, close: () => clearInterval(timer) };
}

/** Changes when one of the files does, or a link on the way to it. */
function marksOf(paths: readonly string[]): string {
  return paths.map(markOf).join('\n');
}

function markOf(path: string): string {
  try {
    const { dev, ino, size, mtimeNs } = statSync(path, { bigint: true });
    return `${dev} ${ino} ${size} ${mtimeNs}`;
  } catch (error) {
    return errnoOf(error) ?? 'unknown';
  }
}
