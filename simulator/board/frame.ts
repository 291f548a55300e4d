/** Pictures of a frame: pure functions, for golden files, the terminal and documents. `png.ts` has one more. */
import type { Frame } from './ssd1306.ts';

export type { Frame };

/** 1 lit, 0 dark, also below the last row. */
export function pixel(frame: Frame, x: number, y: number): number {
  return y < frame.height ? (frame.pixels[y * frame.width + x] ?? 0) : 0;
}

/** A row of text per row of pixels, `#` lit, `.` dark: what golden files hold and a reviewer can read. */
export function toText(frame: Frame): string {
  let text = '';
  for (let y = 0; y < frame.height; y++) {
    for (let x = 0; x < frame.width; x++) {
      text += pixel(frame, x, y) ? '#' : '.';
    }
    text += '\n';
  }
  return text;
}

/** For a terminal: two pixels per character (128×64 becomes 128×32), in a thin box. No newline at the end. */
export function toHalfBlocks(frame: Frame): string {
  const line = '─'.repeat(frame.width);
  const rows = [`┌${line}┐`];
  for (let y = 0; y < frame.height; y += 2) {
    let row = '';
    for (let x = 0; x < frame.width; x++) {
      row += ' ▀▄█'[pixel(frame, x, y) + 2 * pixel(frame, x, y + 1)] ?? ' ';
    }
    rows.push(`│${row}│`);
  }
  rows.push(`└${line}┘`);
  return rows.join('\n');
}

/** Width of a pixel and of the frame around the glass, in units of the SVG. */
const svgPixel = 4;
const svgBezel = 24;

/** A picture of the display: dark glass, lit pixels in a pale blue-white. Runs of pixels are one shape each. */
export function toSvg(frame: Frame, title = 'The display'): string {
  const width = frame.width * svgPixel + 2 * svgBezel;
  const height = frame.height * svgPixel + 2 * svgBezel;
  let path = '';
  for (let y = 0; y < frame.height; y++) {
    for (let x = 0; x < frame.width; x++) {
      const start = x;
      while (x < frame.width && pixel(frame, x, y)) {
        x++;
      }
      if (x > start) {
        path += `M${start} ${y}h${x - start}v1h-${x - start}z`;
      }
    }
  }
  const label = title.replace(/[&<>"]/g, c => `&#${c.charCodeAt(0)};`);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${label}">`,
    `<rect width="${width}" height="${height}" rx="14" fill="#1b1e24"/>`,
    `<rect x="10" y="10" width="${width - 20}" height="${height - 20}" rx="7" fill="#05070a"/>`,
    `<path transform="translate(${svgBezel} ${svgBezel}) scale(${svgPixel})" fill="#d6ecff" shape-rendering="crispEdges" d="${path}"/>`,
    '</svg>',
    '',
  ].join('\n');
}
