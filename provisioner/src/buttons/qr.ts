/** The API's URL as a QR code for a display of 64 rows. */
import qrcode from 'qrcode-generator';

/** Version 3 of ISO/IEC 18004: the largest whose modules are two of the display's 64 pixels. In modules. */
const maxSide = 29;

/** What the alphanumeric mode can say (ISO/IEC 18004, table 5): 5.5 bits a character instead of 8. */
const alphanumeric = /^[0-9A-Z $%*+\-./:]*$/;

/**
 * The code as a status carries it, `<side>:<base64>`; undefined when the URL is too long for {@link maxSide} or
 * is none. Error correction L: a display has no scratches. `https://10.10.20.31:6443` needs 21 modules.
 */
export function qrOf(server: string): string | undefined {
  if (!URL.canParse(server)) return undefined;
  const text = textFor(new URL(server));
  const code = qrcode(0, 'L');
  code.addData(text, alphanumeric.test(text) ? 'Alphanumeric' : 'Byte');
  try {
    code.make();
  } catch {
    return undefined; // longer than the largest QR code there is
  }
  const side = code.getModuleCount();
  if (side > maxSide) return undefined;
  const bits = Buffer.alloc(Math.ceil((side * side) / 8));
  for (let at = 0; at < side * side; at++) {
    if (code.isDark(Math.floor(at / side), at % side))
      bits[at >> 3] = (bits[at >> 3] ?? 0) | (0x80 >> (at & 7));
  }
  return `${side}:${bits.toString('base64')}`;
}

/**
 * Scheme and host mean the same in upper case (RFC 3986, section 6.2.2.1) and a port is digits, so a URL without
 * a path may be said in the shorter mode. A path may not be changed.
 */
function textFor(url: URL): string {
  const isBare = url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '';
  const upper = url.origin.toUpperCase();
  return isBare && alphanumeric.test(upper) ? upper : isBare ? url.origin : url.href;
}
