import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { isVerifier, makeVerifier, nobodysVerifier, verify } from '../../../relay/src/auth/verifier.ts';

const key = randomBytes(32).toString('base64');

describe('a verifier', () => {
  test('takes its key only', () => {
    const verifier = makeVerifier(key);
    expect(verifier).toMatch(/^sha256:/);
    expect(verifier).not.toContain(key);
    expect(verify(verifier, Buffer.from(key))).toBe(true);
    expect(verify(verifier, randomBytes(32).toString('base64'))).toBe(false);
    expect(verify(verifier, '')).toBe(false);
  });

  test.each([
    ['of a person', 'correct horse battery staple'],
    ['that is empty', ''],
    ['in short base64', 'abcd'],
    ['of 31 bytes', Buffer.alloc(31, 7).toString('base64')],
    ['of 32 bytes with a space behind it', `${key} `],
    ['in hexadecimal', randomBytes(32).toString('hex')],
  ])('is made of no password that can be guessed, nor is it repeated: %s', (_, password) => {
    expect(() => makeVerifier(password)).toThrow('32 random bytes as base64');
    if (password !== '') expect(() => makeVerifier(password)).not.toThrow(password);
  });

  test.each([
    ['a clear password', 'hunter2'],
    ['nothing', ''],
    ['a hash too short', 'sha256:AAAA'],
    ['hexadecimal', `sha256:${'0'.repeat(64)}`],
    ['the kind for people that once was', `scrypt:16384,8,1:${'A'.repeat(22)}==:${'A'.repeat(43)}=`],
  ])('%s is none', (_, text) => {
    expect(isVerifier(text)).toBe(false);
    expect(verify(text, text)).toBe(false);
  });

  test('that of nobody is one, and no key is known to fit it', () => {
    expect(isVerifier(nobodysVerifier)).toBe(true);
    expect(verify(nobodysVerifier, key)).toBe(false);
    expect(verify(nobodysVerifier, '')).toBe(false);
  });
});
