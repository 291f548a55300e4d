/** Names as people write them, for a display that has ASCII. Chip's dialect. */

/** From U+00C0 on, the letter below each accent; a blank has none. */
const latin = 'AAAAAAACEEEEIIIIDNOOOOO OUUUUY saaaaaaaceeeeiiiidnooooo ouuuuy y';

/**
 * The nearest that the display can draw of a text whose characters are bytes of UTF-8, as a network's name is on the
 * air: letters without their accents, plain quotes and dashes, a question mark for all else.
 */
export function plain(bytes: string): string {
  let text = '';
  let at = 0;
  while (at < bytes.length) {
    const first = bytes.charCodeAt(at);
    const length = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    let glyph = first < 0x80 ? bytes.charAt(at) : '?';
    if (length === 2 && first === 0xc3) {
      const letter = latin.charAt(bytes.charCodeAt(at + 1) - 0x80);
      glyph = letter > ' ' ? letter : '?';
    }
    // U+2010 to U+201F: dashes and quotes.
    const third = bytes.charCodeAt(at + 2);
    if (length === 3 && bytes.substring(at, at + 2) === '\xe2\x80' && third >= 0x90 && third < 0xa0) {
      glyph = third < 0x98 ? '-' : third < 0x9c ? "'" : '"';
    }
    text += glyph;
    at += length;
  }
  return text;
}
