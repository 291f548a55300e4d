/**
 * Signs what goes to a webhook, as "Standard Webhooks" 1.0.0 has it (standardwebhooks.com), for which receivers find
 * ready libraries. Three headers go with each body:
 *
 * - `webhook-id`: the notice's id, the same in every repetition: drop what you have seen already;
 * - `webhook-timestamp`: when this attempt was made, in seconds since 1970: refuse what is more than five minutes off;
 * - `webhook-signature`: `v1,` and the base64 of HMAC-SHA256 over `<id>.<timestamp>.<body>`. It may become a list,
 *   separated by spaces: one that fits is enough.
 *
 * To verify by hand: take the body's bytes as they came, before any JSON parser, make the same HMAC, and compare in
 * constant time. The key is what stands behind `whsec_` in the secret, decoded from base64; of a secret without that
 * prefix it is the text itself, in UTF-8 (the libraries call this format `raw`).
 */
import { createHmac } from 'node:crypto';
import { SetupError } from '../../../config/src/setup-error.ts';

const prefix = 'whsec_';
/** What the scheme allows, in bytes. */
const minKeyBytes = 24;
const maxKeyBytes = 64;

/**
 * The key in a webhook's secret.
 * @param what names the secret in the error, which never holds any of it.
 * @throws SetupError when it has the prefix, but is not base64 of 24 to 64 bytes.
 */
export function webhookKey(secret: string, what: string): Buffer {
  if (!secret.startsWith(prefix)) return Buffer.from(secret, 'utf8');
  const text = secret.slice(prefix.length);
  const key = Buffer.from(text, 'base64');
  if (key.toString('base64') !== text || key.length < minKeyBytes || key.length > maxKeyBytes) {
    throw new SetupError(
      `${what} begins with ${prefix}: expected base64 of ${minKeyBytes} to ${maxKeyBytes} bytes behind that`,
    );
  }
  return key;
}

/** The headers that say who sent a body, and when. @param nowMs milliseconds since 1970. */
export function signatureHeaders(
  key: Buffer,
  id: string,
  nowMs: number,
  body: string,
): Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string> {
  const timestamp = String(Math.floor(nowMs / 1000));
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}
