/** Secrets come from files (or the environment), never from a command line or from the settings themselves. */
import { SetupError } from './setup-error.ts';
import { readTextFile } from './yaml-file.ts';

/** The one line of a password file, without the newline at its end. */
export function readSecret(path: string, what: string): string {
  const text = readTextFile(path, what).replace(/\r?\n$/, '');
  if (text === '') throw new SetupError(`${what} ${path} is empty: put the secret on its first line`);
  if (text.includes('\n')) throw new SetupError(`${what} ${path} has several lines: one is expected`);
  return text;
}

/** A key file: base64 of exactly `bytes` random bytes on one line. */
export function readKey(path: string, what: string, bytes: number): Buffer {
  const text = readSecret(path, what);
  const key = Buffer.from(text, 'base64');
  if (key.length !== bytes || key.toString('base64') !== text) {
    throw new SetupError(
      `${what} ${path} is not a key: expected base64 of ${bytes} bytes, found ${text.length} characters`,
    );
  }
  return key;
}
