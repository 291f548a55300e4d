/**
 * The screens: pure functions from a view to a frame of 128×64. A screen says what, where, how far and how long,
 * the most important thing largest. Each begins in the small font; what is large is drawn last. Chip's dialect.
 */
import type { ChipGraphics } from './hal.ts';
import { button } from './icons.ts';
import { cut, drawLargest, drawLines, drawOn, g, setLarge, setSmall, wrap } from './text.ts';
import type { Hop, View } from './view.ts';

/** A filled box with its four corner pixels off. Leaves the colour lit. */
function box(x1: number, y1: number, x2: number, y2: number, colour: 0 | 1): void {
  g.setColor(colour)
    .fillRect(x1 + 1, y1, x2 - 1, y2)
    .fillRect(x1, y1 + 1, x2, y2 - 1)
    .setColor(1);
}

function outline(x1: number, y1: number, x2: number, y2: number): void {
  box(x1, y1, x2, y2, 1);
  box(x1 + 1, y1 + 1, x2 - 1, y2 - 1, 0);
}

/** Who speaks, how the battery is, and a line under it. */
function drawHeader(title: string, batteryMv: number | undefined): void {
  g.drawString(cut(title, batteryMv ? 110 : 128), 0, 0).fillRect(0, 10, 127, 10);
  if (batteryMv) {
    outline(114, 0, 125, 6);
    g.fillRect(126, 2, 127, 4);
    // A LiPo is full at 4.2 V and, for a radio, empty at 3.5 V: a bar for each 120 mV between.
    for (let x = 116; x < 124; x += 2) {
      if (batteryMv >= 3620 + (x - 116) * 60) g.fillRect(x, 2, x, 4);
    }
  }
}

const hops: Hop[] = ['hotspot', 'relay', 'lab'];
const hopPhrases = ['Joining the hotspot', 'Calling the relay', 'Asking the lab'];

/** The way of a press: reached hops are lit, the one that is tried has an outline. */
function drawHops(trying: number): void {
  setLarge();
  for (let hop = 0; hop < 3; hop++) {
    const x = 2 + hop * 48;
    if (hop < trying) box(x, 16, x + 27, 35, 1);
    if (hop === trying) outline(x, 16, x + 27, 35);
    g.setColor(hop < trying ? 0 : 1)
      // The pictures are in the large font: phone, cloud, rack.
      .drawString('"#$'[hop] as string, x + 5, 19)
      .setColor(1);
    // A wire where the press has passed, dots where it has not.
    for (let dot = x - 18; hop > 0 && dot < x - 2; dot += 4) {
      g.fillRect(dot, 25, hop <= trying ? dot + 3 : dot + 1, 26);
    }
  }
}

/** An estimate as people say it. */
function timeLeft(seconds: number): string {
  if (seconds < 0) return 'no estimate yet';
  if (seconds < 10) return 'any moment now';
  const words =
    seconds < 95
      ? `${Math.round(seconds / 10)}0 s`
      : seconds < 5400
        ? `${Math.round(seconds / 60)} min`
        : `${Math.round(seconds / 3600)} h`;
  return `about ${words} left`;
}

function drawBuilding(view: Extract<View, { kind: 'building' }>): void {
  drawHeader(view.cluster, view.batteryMv);
  const left = timeLeft(view.leftS);
  g.drawString(left, 129 - g.stringWidth(left), 22);
  const lines = wrap(view.phase, 128, 2);
  drawLines(lines, 0, lines.length > 1 ? 33 : 37);
  // True progress: the bar is full at 100 % only.
  outline(0, 52, 127, 63);
  if (view.percent > 0) g.fillRect(3, 55, 2 + view.percent * 1.22, 60);
  setLarge();
  g.drawString(`${view.percent}%`, 0, 15);
}

/**
 * Dark on a lit ground, as cameras want it. A code has 21 to 29 modules, so two pixels to a module are the most
 * that 64 rows allow. Beside it is the quiet zone of four modules of ISO/IEC 18004, above and below what is left.
 */
function drawQr(side: number, bitmap: string): void {
  g.fillRect(0, 0, side * 2 + 15, 63).setColor(0);
  for (let at = 0; at < side * side; at++) {
    if ((bitmap.charCodeAt(at >> 3) << (at & 7)) & 128) {
      const x = (at % side) * 2 + 8;
      const y = Math.floor(at / side) * 2 + 32 - side;
      g.fillRect(x, y, x + 1, y + 1);
    }
  }
  g.setColor(1);
}

/** Draws the view over whatever was there before; the frame depends on nothing else. */
export function draw(surface: ChipGraphics, view: View): void {
  drawOn(surface);
  g.clear(true);
  setSmall(1);
  switch (view.kind) {
    case 'idle':
      drawHeader(view.button, view.batteryMv);
      drawLines(wrap(view.detail, 88, 3), 40, 36);
      g.drawImage(button(), 4, 26);
      setLarge();
      g.drawString(view.title || 'HELLO', 40, 17);
      break;
    case 'connecting': {
      const hop = hops.indexOf(view.hop);
      drawHeader(view.button, view.batteryMv);
      g.drawString(hopPhrases[hop] as string, 0, 43).drawString(cut(view.detail, 128), 0, 54);
      drawHops(hop);
      break;
    }
    case 'building':
      drawBuilding(view);
      break;
    case 'ready': {
      const note = cut(view.note, 128);
      box(0, 0, 127, 11, 1);
      g.drawString(note, (129 - g.stringWidth(note)) >> 1, 56)
        .setColor(0)
        .drawString('\x1d', 4, 2)
        .drawString(cut(view.cluster, 108), 18, 2)
        .setColor(1);
      drawLargest(view.address);
      break;
    }
    case 'qr':
      drawQr(view.side, view.bitmap);
      drawLines(wrap(view.text, 108 - view.side * 2, 7), view.side * 2 + 20, 0);
      break;
    case 'error': {
      const todo = wrap(view.advice, 120, 2);
      const top = 64 - todo.length * 9;
      drawLines(wrap(view.line, 128, 5 - todo.length), 0, 19);
      drawLines(todo, 8, top);
      if (todo.length > 0) g.drawString('\x1f', 0, top);
      box(0, 0, 127, 15, 1);
      g.setColor(0).drawString('\x1e', 116, 4);
      setLarge();
      g.drawString(view.code, 3, 1);
    }
  }
}
