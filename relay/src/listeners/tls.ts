/** TLS for the relay's listeners. */

import { constants } from 'node:crypto';
import type { Socket } from 'node:net';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import { messageOf } from '../../../config/src/setup-error.ts';
import { highWaterMarkBytes } from './streams.ts';

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
    // As a handshake costs us far more than the client, it could keep a processor busy with one connection.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  });
}

/** A handshake has a few kilobytes; OpenSSL would keep 130 of a greeting that does not end. */
const maxHandshakeBytes = 16 * 1024;
/** How often the handshakes under way are looked at: their bytes go past us into OpenSSL. Milliseconds. */
const lookMs = 200;

/** Counted under these names. */
export type TlsFault = 'tls-handshake' | 'tls-record';

/** Turns connections into secure ones, with the guards that `tls.Server` would have. */
export interface TlsHandshakes {
  /** `onSecure` gets what can be read from, when the handshake is done. `onFailed`: it is not, or a record is bad later. */
  begin(
    socket: Socket,
    context: SecureContext,
    onSecure: (stream: TLSSocket) => void,
    onFailed: (reason: TlsFault, why: string) => void,
  ): void;
}

export function makeTlsHandshakes(): TlsHandshakes {
  const underWay = new Map<Socket, () => void>();
  let looking = false;

  function look(): void {
    for (const [socket, tooLong] of underWay) if (socket.bytesRead > maxHandshakeBytes) tooLong();
    looking = underWay.size > 0;
    if (looking) setTimeout(look, lookMs).unref();
  }

  return {
    begin(socket, context, onSecure, onFailed) {
      const stream = new TLSSocket(socket, {
        isServer: true,
        secureContext: context,
        requestCert: false,
        // Not in the types: handed on to net.Socket.
        ...{ highWaterMark: highWaterMarkBytes },
      });
      const fail = (why: string) => {
        if (socket.destroyed) return;
        onFailed(underWay.delete(socket) ? 'tls-handshake' : 'tls-record', why);
        stream.destroy();
        socket.destroy();
      };
      // Not in Node's documentation, but what its own tls.Server listens to. Nothing else tells of a handshake that fails,
      // nor of a bad record later: without this the connection stayed.
      stream.on('_tlsError', (error: Error) => fail(messageOf(error)));
      stream.on('error', () => {});
      underWay.set(socket, () => fail('the handshake is too long'));
      if (!looking) look();
      const settled = () => void underWay.delete(socket);
      socket.once('close', settled);
      stream.once('secure', () => {
        settled();
        onSecure(stream);
      });
    },
  };
}
