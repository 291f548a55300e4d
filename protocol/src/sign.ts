/**
 * Signing: the text on the wire is `<base64 of HMAC-SHA256>.<json>`, the HMAC (RFC 2104) taken over topic,
 * newline, JSON. The topic is signed so that a message cannot be moved to another one.
 *
 * Chip's dialect. All strings here are binary strings: one character is one byte, 0 to 255.
 */

/** Built into the chip and into Node alike. */
declare function btoa(bytes: string): string;

/** SHA-256 of a binary string, as a binary string of 32 characters. The chip and Node each bring their own. */
export type Sha256 = (bytes: string) => string;

/** A key made ready for use: the two padded blocks of RFC 2104, computed once. */
export interface SigningKey {
  sha256: Sha256;
  inner: string;
  outer: string;
}

const blockBytes = 64;
const base64Length = 44;

function padded(key: string, pad: number): string {
  let block = '';
  for (let i = 0; i < blockBytes; i++) {
    block += String.fromCharCode((i < key.length ? key.charCodeAt(i) : 0) ^ pad);
  }
  return block;
}

/**
 * Makes a key ready for {@link seal} and {@link open}.
 * @param key `keyBytes` (messages.ts) bytes as a binary string; whoever reads it in checks that.
 */
export function signingKey(sha256: Sha256, key: string): SigningKey {
  return { sha256, inner: padded(key, 0x36), outer: padded(key, 0x5c) };
}

function signature(key: SigningKey, topic: string, json: string): string {
  return btoa(key.sha256(key.outer + key.sha256(`${key.inner}${topic}\n${json}`)));
}

/** Compares in a time that depends on the lengths only, so that a guess is not helped along byte by byte. */
function same(a: string, b: string): boolean {
  if (a.length !== b.length) {
    return false;
  }
  let difference = 0;
  for (let i = 0; i < a.length; i++) {
    difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  }
  return difference === 0;
}

/** The text to publish on `topic` for this JSON. */
export function seal(key: SigningKey, topic: string, json: string): string {
  return `${signature(key, topic, json)}.${json}`;
}

/** The JSON inside `text` when it was sealed with this key for this topic, else `undefined`. Never throws. */
export function open(key: SigningKey, topic: string, text: string): string | undefined {
  if (text.length <= base64Length || text.charAt(base64Length) !== '.') {
    return undefined;
  }
  const json = text.substring(base64Length + 1);
  return same(text.substring(0, base64Length), signature(key, topic, json)) ? json : undefined;
}
