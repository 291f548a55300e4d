import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isVerifier, makeVerifier, verify } from '../../relay/src/verifier.ts';

const key = randomBytes(32).toString('base64');

describe('a verifier', () => {
  it('of a machine key is fast, and takes this key only', async () => {
    const verifier = makeVerifier(key);
    expect(verifier).toMatch(/^sha256:/);
    expect(verifier).not.toContain(key);
    expect(await verify(verifier, Buffer.from(key))).toBe(true);
    expect(await verify(verifier, randomBytes(32).toString('base64'))).toBe(false);
    expect(await verify(verifier, '')).toBe(false);
  });

  it('of a password is slow, salted, and takes this password only', async () => {
    const verifier = makeVerifier('correct horse');
    expect(verifier).toMatch(/^scrypt:16384,8,5:/);
    expect(verifier).not.toBe(makeVerifier('correct horse'));
    expect(await verify(verifier, Buffer.from('correct horse'))).toBe(true);
    expect(await verify(verifier, 'Correct horse')).toBe(false);
    expect(await verify(verifier, '')).toBe(false);
  });

  it('of a short text is slow, even when that is base64', () => {
    expect(makeVerifier('abcd')).toMatch(/^scrypt:/);
  });

  it('agrees with another implementation of scrypt (RFC 7914)', async () => {
    // Python: hashlib.scrypt(b"pleaseletmein", salt=b"0123456789abcdef", n=16384, r=8, p=1, dklen=32)
    const verifier = 'scrypt:16384,8,1:MDEyMzQ1Njc4OWFiY2RlZg==:wOBlTLx2kTvDnlM7GeRqLPJSaL8dgO6Mbiarn6WFHEI=';
    expect(await verify(verifier, 'pleaseletmein')).toBe(true);
  });

  it.each([
    ['a clear password', 'hunter2'],
    ['nothing', ''],
    ['a hash too short', 'sha256:AAAA'],
    ['hexadecimal', `sha256:${'0'.repeat(64)}`],
    ['a cost that is no power of two', `scrypt:16385,8,1:${'A'.repeat(22)}==:${'A'.repeat(43)}=`],
    ['a cost of nothing', `scrypt:0,8,1:${'A'.repeat(22)}==:${'A'.repeat(43)}=`],
    ['a cost that would take all memory', `scrypt:524288,99,1:${'A'.repeat(22)}==:${'A'.repeat(43)}=`],
  ])('%s is none', async (_, text) => {
    expect(isVerifier(text)).toBe(false);
    expect(await verify(text, text)).toBe(false);
  });
});
