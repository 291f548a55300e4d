/** TLS for the relay's second door: one certificate, checked before any port is open. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import type { Logger } from '../../config/src/log.ts';
import { messageOf, SetupError } from '../../config/src/setup-error.ts';
import { readTextFile } from '../../config/src/yaml-file.ts';

export interface TlsOptions {
  /** 0 for any free port. */
  port: number;
  /** The certificate and those that lead to its authority: PEM, or the path of a file with it. */
  cert: string;
  /** Its private key without a passphrase: PEM, or the path of a file with it. */
  key: string;
}

/**
 * In our order of preference. The last two, without forward secrecy, are for the chip: it has no ECDHE, and its
 * DHE takes seconds of radio where RSA takes one operation with a small exponent. TLS 1.2 and 1.3, nothing older.
 */
const ciphers = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'AES128-GCM-SHA256',
  'AES256-GCM-SHA384',
].join(':');

/**
 * Reads certificate and key and says how a connection becomes a secure one.
 * @throws SetupError when they cannot be read, are not what they should be, or do not belong together.
 */
export function makeTls(options: TlsOptions, log: Logger): SecureContext {
  const cert = pemOf(options.cert, 'the TLS certificate');
  const key = pemOf(options.key, 'the TLS key');
  const certificate = parse(() => new X509Certificate(cert.text), cert.name, 'a certificate in PEM');
  const privateKey = parse(
    () => createPrivateKey(key.text),
    key.name,
    'a private key in PEM without a passphrase',
  );
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new SetupError(`${cert.name} and ${key.name} do not belong together`);
  }
  if (certificate.publicKey.asymmetricKeyType !== 'rsa') {
    log.warn('the TLS certificate is not RSA: provisioners connect, but buttons cannot');
  }
  try {
    return createSecureContext({
      cert: cert.text,
      key: key.text,
      ciphers,
      honorCipherOrder: true,
      minVersion: 'TLSv1.2',
    });
  } catch (error) {
    throw new SetupError(`${cert.name} cannot be used: ${messageOf(error)}`);
  }
}

/**
 * The server's end of TLS on a connection. It can be read from at once: what it waits for first is the handshake,
 * so a deadline that begins now covers that too.
 */
export function secure(socket: Socket, context: SecureContext, onFailed: (why: string) => void): TLSSocket {
  const stream = new TLSSocket(socket, { isServer: true, secureContext: context, requestCert: false });
  // Not in Node's documentation, but what its own tls.Server listens to; without it a failure is silent.
  stream.on('_tlsError', (error: Error) => onFailed(messageOf(error)));
  return stream;
}

interface Pem {
  text: string;
  /** For messages; never the text itself, which may be a secret. */
  name: string;
}

function pemOf(pathOrPem: string, what: string): Pem {
  if (pathOrPem.includes('-----BEGIN ')) return { text: pathOrPem, name: what };
  return { text: readTextFile(pathOrPem, what), name: `${what} ${pathOrPem}` };
}

function parse<T>(read: () => T, name: string, expected: string): T {
  try {
    return read();
  } catch {
    throw new SetupError(`${name} is not ${expected}`);
  }
}
