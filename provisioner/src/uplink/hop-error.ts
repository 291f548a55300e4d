/** An error on the way out of the lab that says which hop to look at. */

export type Hop = 'PROXY' | 'RELAY';

/** What is wrong there, for programs; people read the message. */
export const faults = [
  // Nobody answers at its address.
  'unreachable',
  // It wants a login, or another one.
  'login',
  // It knows the login, and does not let it in (CONNACK 5).
  'not allowed',
  // It does not take the name as client id (CONNACK 2).
  'client id',
  // Closed, or not a word, in the middle of what should have been an answer.
  'closed',
  'silent',
  // Something else than TLS answers; or TLS, and there is nothing on which both agree.
  'no tls',
  'tls',
  // A certificate of an authority that is not known, for another name, out of its time.
  'authority',
  'name',
  'time',
  // It does not speak what its URL says.
  'protocol',
  // A proxy that said yes, and what it opened is no tunnel.
  'no tunnel',
  // A proxy that opens the TLS which goes through it.
  'inspected',
  // Anything else that it says.
  'refused',
] as const;
export type Fault = (typeof faults)[number];

export class HopError extends Error {
  override name = 'HopError';
  readonly hop: Hop;
  readonly fault: Fault;
  constructor(hop: Hop, message: string, fault: Fault = 'refused') {
    super(`${hop} ${message}`);
    this.hop = hop;
    this.fault = fault;
  }
}

/** OpenSSL's, for a first record that is none. They differ between its versions. */
const noTlsCodes = new Set([
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  'ERR_SSL_DATA_LENGTH_TOO_LONG',
]);

/** What the error of a socket is in the middle of a handshake. */
export function handshakeFault(error: unknown): Fault {
  const code = codeOf(error);
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'closed';
  return noTlsCodes.has(code) ? 'no tls' : 'tls';
}

/** What a Node socket error means, in words that an operator can act on. Never OpenSSL's own text. */
export function socketReason(error: unknown): string {
  const code = codeOf(error);
  switch (code) {
    case 'ECONNREFUSED':
      return 'nothing listens there (connection refused)';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'its name is not known to DNS here';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'there is no route to it';
    case 'ETIMEDOUT':
      return 'it does not answer';
    case 'ECONNRESET':
    case 'EPIPE':
      return 'it closed the connection';
  }
  return nodeReason(error);
}

/** In Node's own words, but never in OpenSSL's, which begin with a thread's number and end with a line of its source. */
export function nodeReason(error: unknown): string {
  const code = codeOf(error);
  return tlsReason(code) ?? (error instanceof Error ? error.message || code : String(error));
}

function tlsReason(code: string): string | undefined {
  switch (code) {
    case 'ERR_SSL_UNSUPPORTED_PROTOCOL':
    case 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION':
      return 'it knows no version of TLS that is spoken here (1.2 and 1.3)';
    case 'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE':
    case 'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE':
    case 'ERR_SSL_NO_SHARED_CIPHER':
      return 'it and we have no cipher in common';
    case 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME':
      return 'it has no certificate for this name';
  }
  if (noTlsCodes.has(code)) return 'what answers there is no TLS';
  return code.startsWith('ERR_SSL_') || code === 'EPROTO' ? `the TLS handshake failed (${code})` : undefined;
}

/** Node's or OpenSSL's code of an error; empty when it has none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
