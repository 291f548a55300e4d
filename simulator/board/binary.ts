/** Numbers and bytes as the interpreter has them. */

/**
 * A number as the interpreter hands it to its drawing code: cut towards zero, 32 bits, NaN and infinities
 * are 0 (observed: 2.9 draws at 2, -0.9 at 0).
 */
export function toInt32(value: unknown): number {
  const number = typeof value === 'number' ? value : typeof value === 'boolean' ? Number(value) : 0;
  return Number.isFinite(number) ? Math.trunc(number) | 0 : 0;
}

/** The bytes of the chip's 8-bit string. Characters are cut to their low eight bits. */
export function toBytes(text: string): Uint8Array {
  return Uint8Array.from(text, character => character.charCodeAt(0));
}

/** The chip's string of these bytes. */
export function toText(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

const utf8 = new TextEncoder();

/** A name as it is on the air, as the chip's string has it: UTF-8, a byte a character. */
export function onAir(name: string): string {
  return toText(utf8.encode(name));
}

/** Throws for anything that is no ArrayBuffer, of whichever realm. */
const byteLength = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, 'byteLength')?.get;
/** The kind of a typed array of whichever realm; undefined for anything else. */
const kind = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)?.get;

/** Also for those of the program's own realm, which `instanceof` does not know. */
export function isArrayBuffer(value: unknown): value is ArrayBuffer {
  try {
    byteLength?.call(value);
    return true;
  } catch {
    return false;
  }
}

/** As {@link isArrayBuffer}. */
export function isUint8Array(value: unknown): value is Uint8Array {
  return kind?.call(value) === 'Uint8Array';
}
