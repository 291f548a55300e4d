/** `atob` as the interpreter decodes: it takes anything. */
import { toText } from './binary.ts';
import type { Boot } from './boot.ts';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** What the interpreter skips. */
const blanks = /[\t\n\v\f\r ]/g;

/**
 * Blanks are skipped; any other character that is not in the alphabet counts as zeros. The length follows from
 * the characters, less one for each `=` in the last two places; bytes that nothing was decoded for are 0.
 */
export function chipAtob(boot: Boot, base64: string): string {
  const text = base64.replace(blanks, '');
  const padding = Number(text.at(-1) === '=') + Number(text.at(-2) === '=');
  const length = Math.floor((text.length * 3) / 4) - padding;
  if (length < 0) {
    boot.notSimulated('chip.atob of text that is shorter than its padding');
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (let start = 0; start < text.length; start += 4) {
    let bits = 0;
    let last = 0;
    for (let i = 0; i < 4; i++) {
      const value = alphabet.indexOf(text[start + i] ?? ' ');
      if (value >= 0) {
        bits |= value << ((3 - i) * 6);
        last = i;
      }
    }
    // One byte for a valid second character, and so on: an unreadable group moves nothing on.
    for (let i = 0; i < last; i++) {
      bytes[at++] = bits >> (16 - 8 * i);
    }
  }
  return toText(bytes);
}
