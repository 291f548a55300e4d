/** TLS for the relay's doors. */
import type { Socket } from 'node:net';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import { messageOf } from '../../config/src/setup-error.ts';

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
 * How connections become secure ones. With an RSA and an EC certificate, each client gets the one that it asks for:
 * the chip RSA, because its ciphers allow nothing else, all others EC, which costs the relay a fraction (OpenSSL
 * prefers the first of our ciphers that a client can use; in TLS 1.3 ECDSA is the first of its signatures).
 * @throws when OpenSSL does not take them.
 */
export function makeContext(certificates: readonly { cert: string; key: string }[]): SecureContext {
  return createSecureContext({
    cert: certificates.map(({ cert }) => cert),
    key: certificates.map(({ key }) => key),
    ciphers,
    honorCipherOrder: true,
    minVersion: 'TLSv1.2',
  });
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
