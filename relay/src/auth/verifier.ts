/**
 * Verifiers: what the relay keeps instead of a password, `sha256:<hash>`. Passwords are keys that a machine made, 32 random
 * bytes as base64. A slow hash exists to make guessing dear, and 2^256 keys cannot be guessed at any price; a fast one
 * lets a thousand buttons log in at once, and needs no limit on guesses that could be turned against a button.
 * A password that a person chose is refused where it is written down.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { SetupError } from '../../../config/src/setup-error.ts';

const pattern = /^sha256:([A-Za-z0-9+/]{43}=)$/;
const keyBytes = 32;

/** True when `text` is a verifier. */
export const isVerifier = (text: string): boolean => pattern.test(text);

/** Only base64 of exactly 32 bytes is taken for a key: nobody chooses that as a password. */
export function isMachineKey(secret: string): boolean {
  const key = Buffer.from(secret, 'base64');
  return key.length === keyBytes && key.toString('base64') === secret;
}

/**
 * The verifier of a key as it will be sent in CONNECT.
 * @throws SetupError when it is a password that can be guessed.
 */
export function makeVerifier(key: string): string {
  if (isMachineKey(key)) return `sha256:${sha256(key).toString('base64')}`;
  throw new SetupError(
    `a password for the relay is a key of ${keyBytes} random bytes as base64, as enroll makes them; found ${key.length} characters that are none: openssl rand -base64 ${keyBytes}`,
  );
}

/** Whether `secret` belongs to `verifier`, in a time that says nothing about how nearly it does. */
export function verify(verifier: string, secret: string | Buffer): boolean {
  const hash = pattern.exec(verifier)?.[1];
  return hash !== undefined && timingSafeEqual(sha256(secret), Buffer.from(hash, 'base64'));
}

/** Fits no secret: an unknown name is checked against it, and so goes the way of a known one. */
export const nobodysVerifier = `sha256:${Buffer.alloc(keyBytes).toString('base64')}`;

function sha256(secret: string | Buffer): Buffer {
  return createHash('sha256').update(secret).digest();
}
