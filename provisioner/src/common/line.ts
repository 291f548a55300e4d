/** Foreign words made fit for a 128-pixel display and for a log: one line, printable ASCII, of limited length. */

/** Anything but printable ASCII becomes a space; runs of spaces become one; cut to `max` characters. */
export function oneLine(text: string, max: number): string {
  // Cut before the clean-up, so that a body of megabytes is not worked through for one line.
  const clean = text
    .slice(0, max * 8)
    .replace(/[^\x21-\x7e]+/g, ' ')
    .trim();
  return clean.length <= max ? clean : `${clean.slice(0, max - 2).trimEnd()}..`;
}
