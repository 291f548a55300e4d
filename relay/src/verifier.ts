/**
 * Verifiers: what the relay keeps instead of a password. Two kinds, told apart by their first word:
 *
 * `sha256:<hash>` for keys that a machine made: 32 random bytes as base64. A slow hash exists to make guessing
 * dear, and 2^256 keys cannot be guessed at any price; a fast one lets a thousand buttons log in at once.
 *
 * `scrypt:<N,r,p>:<salt>:<hash>` for passwords of people, which can be guessed.
 */
import {
  createHash,
  randomBytes,
  type ScryptOptions,
  scrypt,
  scryptSync,
  timingSafeEqual,
} from 'node:crypto';

const sha256Pattern = /^sha256:([A-Za-z0-9+/]{43}=)$/;
const scryptPattern = /^scrypt:(\d{1,6}),(\d{1,2}),(\d{1,2}):([A-Za-z0-9+/]{22}==):([A-Za-z0-9+/]{43}=)$/;

const hashBytes = 32;
const saltBytes = 16;
const machineKeyBytes = 32;

/** OWASP's figure for scrypt with 16 MiB of memory: about a quarter of a second for a guess. */
const scryptCost = { N: 16_384, r: 8, p: 5 };

/** A users file must not be able to stop the relay: no guess costs more memory than this (bytes). */
const maxScryptBytes = 64 * 1024 * 1024;

interface Sha256 {
  kind: 'sha256';
  hash: Buffer;
}
interface Scrypt {
  kind: 'scrypt';
  options: ScryptOptions;
  salt: Buffer;
  hash: Buffer;
}

function parse(verifier: string): Sha256 | Scrypt | undefined {
  const fast = sha256Pattern.exec(verifier);
  if (fast) return { kind: 'sha256', hash: Buffer.from(fast[1] ?? '', 'base64') };
  const slow = scryptPattern.exec(verifier);
  if (!slow) return undefined;
  const [N, r, p] = [Number(slow[1]), Number(slow[2]), Number(slow[3])];
  const powerOfTwo = N > 1 && (N & (N - 1)) === 0;
  if (!powerOfTwo || r < 1 || p < 1 || 128 * N * r > maxScryptBytes) return undefined;
  const options = { N, r, p, maxmem: 2 * maxScryptBytes };
  return {
    kind: 'scrypt',
    options,
    salt: Buffer.from(slow[4] ?? '', 'base64'),
    hash: Buffer.from(slow[5] ?? '', 'base64'),
  };
}

/** True when `text` is a verifier of a kind we know. */
export function isVerifier(text: string): boolean {
  return parse(text) !== undefined;
}

/** The verifier of the fast kind, whatever the secret is. */
export function fastVerifier(secret: string): string {
  return `sha256:${sha256(secret).toString('base64')}`;
}

/** True for a verifier that costs next to nothing to check: that of a machine's key. */
export function isFast(verifier: string): boolean {
  return sha256Pattern.test(verifier);
}

function sha256(secret: string | Buffer): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** Only base64 of exactly 32 bytes is taken for a key: nobody chooses that as a password. */
function isMachineKey(secret: string): boolean {
  const key = Buffer.from(secret, 'base64');
  return key.length === machineKeyBytes && key.toString('base64') === secret;
}

/**
 * The verifier of a secret as it will be sent in CONNECT. Base64 of 32 bytes gets the fast kind, anything else
 * is taken for a person's password and gets the slow one (which takes a quarter of a second to make).
 */
export function makeVerifier(secret: string): string {
  if (isMachineKey(secret)) return fastVerifier(secret);
  const salt = randomBytes(saltBytes);
  const { N, r, p } = scryptCost;
  const hash = scryptSync(secret, salt, hashBytes, { ...scryptCost, maxmem: 2 * maxScryptBytes });
  return `scrypt:${N},${r},${p}:${salt.toString('base64')}:${hash.toString('base64')}`;
}

/** Whether `secret` belongs to `verifier`, in a time that says nothing about how nearly it does. */
export async function verify(verifier: string, secret: string | Buffer): Promise<boolean> {
  const parsed = parse(verifier);
  if (!parsed) return false;
  if (parsed.kind === 'sha256') return timingSafeEqual(sha256(secret), parsed.hash);
  return timingSafeEqual(await slowHash(secret, parsed), parsed.hash);
}

/** On the thread pool: meanwhile everybody else is served. */
function slowHash(secret: string | Buffer, { salt, options }: Scrypt): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(secret, salt, hashBytes, options, (error, hash) => (error ? reject(error) : resolve(hash)));
  });
}
