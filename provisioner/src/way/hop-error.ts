/** An error on the way out of the lab that says which hop to look at. */

export type Hop = 'PROXY' | 'RELAY';

export class HopError extends Error {
  override name = 'HopError';
  readonly hop: Hop;
  constructor(hop: Hop, message: string, cause?: unknown) {
    super(`${hop} ${message}`, { cause });
    this.hop = hop;
  }
}

/** What a Node socket error means, in words that an operator can act on. */
export function socketReason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
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
    default:
      return error instanceof Error && error.message !== '' ? error.message : code || String(error);
  }
}
