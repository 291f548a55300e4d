/** How a record stands on disk: `<checksum as 8 hex digits> <JSON>`, under a key that sorts as one would read. */
import { crc32 } from 'node:zlib';
import { maxPressNumber } from '../../../protocol/src/messages.ts';

export const metaKey = 'meta';
const pressDigits = String(maxPressNumber).length;
/** Notices are numbered while any of them waits; a number of this length is never used up. */
const noticeDigits = 15;
const sumDigits = 8;

/** Padded, so that LevelDB's order is the order of the presses. */
export function pressKey(button: string, press: number): string {
  return `press/${button}/${String(press).padStart(pressDigits, '0')}`;
}

export function buttonKey(button: string): string {
  return `button/${button}`;
}

/** Padded, so that LevelDB's order is the order of the events. */
export function noticeKey(number: number): string {
  return `notice/${String(number).padStart(noticeDigits, '0')}`;
}

/** The number in a notice's key. */
export function noticeNumber(key: string): number {
  return Number(key.slice('notice/'.length));
}

/** A value with its checksum: of the key as well, so that a record in another's place is found. */
export function encodeValue(key: string, json: string): { text: string; sum: number } {
  const sum = crc32(json, crc32(key));
  return { text: `${sum.toString(16).padStart(sumDigits, '0')} ${json}`, sum };
}

/** @throws Error in a few words when the checksum is not the value's, or the value not JSON. */
export function decodeValue(key: string, text: string): { value: unknown; sum: number } {
  const json = text.slice(sumDigits + 1);
  const { text: expected, sum } = encodeValue(key, json);
  if (text !== expected) throw new Error('its checksum is wrong');
  return { value: JSON.parse(json), sum };
}
