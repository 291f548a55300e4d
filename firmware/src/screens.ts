/**
 * The screens: pure functions from a view to a frame, 128×64 or 128×32. A screen says what, where, how far and
 * how long, the most important thing largest. On 32 rows the header and the pictures go. Chip's dialect.
 */
import { large, small } from './font.ts';
import type { ChipGraphics } from './hal.ts';
import { arrow, button, check, cloud, cross, phone, rack } from './icons.ts';
import { cut, drawLargest, drawLines, drawRight, setFont, wrap } from './text.ts';
import type { Hop, View } from './view.ts';

const width = 128;

function isTall(g: ChipGraphics): boolean {
  return g.getHeight() > 32;
}

/** A filled box with its four corner pixels off. */
function box(g: ChipGraphics, x1: number, y1: number, x2: number, y2: number, colour: 0 | 1): void {
  g.setColor(colour);
  g.fillRect(x1 + 1, y1, x2 - 1, y2);
  g.fillRect(x1, y1 + 1, x2, y2 - 1);
}

/** A LiPo is full at 4.2 V and, for a radio, empty at 3.5 V: a bar for each 120 mV between. */
function drawBattery(g: ChipGraphics, millivolts: number): void {
  box(g, 114, 0, 125, 6, 1);
  box(g, 115, 1, 124, 5, 0);
  g.setColor(1);
  g.fillRect(126, 2, 127, 4);
  const bars = Math.max(0, Math.min(4, Math.floor((millivolts - 3500) / 120)));
  for (let bar = 0; bar < bars; bar++) g.fillRect(116 + bar * 2, 2, 116 + bar * 2, 4);
}

/** Who speaks, how the battery is, and a line under it. */
function drawHeader(g: ChipGraphics, title: string, batteryMv: number | undefined): void {
  setFont(g, small, 1);
  g.drawString(cut(g, title, batteryMv ? 110 : width), 0, 0);
  g.fillRect(0, 10, 127, 10);
  if (batteryMv) drawBattery(g, batteryMv);
}

/** A large word and what is to be said about it, beside the picture of the button. */
function drawWord(g: ChipGraphics, word: string, detail: string, owner: string, batteryMv?: number): void {
  const tall = isTall(g);
  if (tall) {
    drawHeader(g, owner, batteryMv);
    g.drawImage(button, 4, 26);
  }
  const x = tall ? 40 : 0;
  setFont(g, large, 1);
  g.drawString(word, x, tall ? 17 : 0);
  setFont(g, small, 1);
  drawLines(g, wrap(g, detail, width - x, tall ? 3 : 2), x, tall ? 36 : 16, tall ? 9 : 8);
}

const hops: Hop[] = ['hotspot', 'relay', 'lab'];
const hopIcons = [phone, cloud, rack];
const hopPhrases = ['Joining the hotspot', 'Calling the relay', 'Asking the lab'];

/** The way of a press: reached hops are lit, the one that is tried has a frame. */
function drawHops(g: ChipGraphics, trying: number, y: number): void {
  hopIcons.forEach((icon, index) => {
    const x = 2 + index * 48;
    if (index <= trying) {
      box(g, x, y, x + 27, y + 19, 1);
      if (index === trying) box(g, x + 1, y + 1, x + 26, y + 18, 0);
    }
    g.setColor(index < trying ? 0 : 1);
    g.drawImage(icon, x + 14 - (icon.width >> 1), y + 10 - (icon.height >> 1));
    g.setColor(1);
    if (index > 0) {
      // A wire where the press has passed, dots where it has not.
      for (let dot = x - 18; dot < x - 2; dot += 4) {
        g.fillRect(dot, y + 9, index <= trying ? dot + 3 : dot + 1, y + 10);
      }
    }
  });
}

/** An estimate as people say it. */
function timeLeft(seconds: number): string {
  if (seconds < 0) return 'no estimate yet';
  if (seconds < 10) return 'any moment now';
  if (seconds < 95) return `about ${Math.round(seconds / 10) * 10} s left`;
  if (seconds < 5400) return `about ${Math.round(seconds / 60)} min left`;
  return `about ${Math.round(seconds / 3600)} h left`;
}

/** True progress: the bar is full at 100 % only. */
function drawBar(g: ChipGraphics, percent: number, y1: number, y2: number): void {
  box(g, 0, y1, 127, y2, 1);
  box(g, 1, y1 + 1, 126, y2 - 1, 0);
  const filled = Math.floor((Math.max(0, Math.min(100, percent)) * 122) / 100);
  if (filled > 0) {
    g.setColor(1);
    g.fillRect(3, y1 + 3, 2 + filled, y2 - 3);
  }
}

function drawBuilding(g: ChipGraphics, view: Extract<View, { kind: 'building' }>): void {
  const tall = isTall(g);
  if (tall) drawHeader(g, view.cluster, view.batteryMv);
  setFont(g, large, 1);
  g.drawString(`${view.percent}%`, 0, tall ? 15 : 0);
  setFont(g, small, 1);
  drawRight(g, timeLeft(view.leftS), 129, tall ? 22 : 7);
  const lines = wrap(g, view.phase, width, tall ? 2 : 1);
  drawLines(g, lines, 0, tall ? (lines.length > 1 ? 33 : 37) : 24, 9);
  drawBar(g, view.percent, tall ? 52 : 15, tall ? 63 : 22);
}

function drawReady(g: ChipGraphics, cluster: string, address: string): void {
  const height = g.getHeight();
  const titleHeight = isTall(g) ? 12 : 9;
  box(g, 0, 0, 127, titleHeight - 1, 1);
  g.setColor(0);
  g.drawImage(check, 4, (titleHeight - check.height) >> 1);
  setFont(g, small, 1);
  g.drawString(cut(g, cluster, 108), 18, (titleHeight - 7) >> 1);
  g.setColor(1);
  if (isTall(g)) {
    const label = 'control plane';
    g.drawString(label, (width - g.stringWidth(label)) >> 1, 56);
  }
  drawLargest(g, address, titleHeight + 1, isTall(g) ? 53 : height - 1);
}

/** Dark on a lit ground, as cameras want it, two pixels to a module where the height allows. */
function drawQr(g: ChipGraphics, side: number, bitmap: string): void {
  const height = g.getHeight();
  const module = Math.floor(height / side);
  const margin = (height - side * module) >> 1;
  g.fillRect(0, 0, height - 1, height - 1);
  g.setColor(0);
  for (let at = 0; at < side * side; at++) {
    if ((bitmap.charCodeAt(at >> 3) << (at & 7)) & 128) {
      const x = margin + (at % side) * module;
      const y = margin + Math.floor(at / side) * module;
      g.fillRect(x, y, x + module - 1, y + module - 1);
    }
  }
  g.setColor(1);
}

function drawError(g: ChipGraphics, code: string, line: string, advice: string): void {
  const tall = isTall(g);
  box(g, 0, 0, 127, 15, 1);
  g.setColor(0);
  g.drawImage(cross, 116, 4);
  setFont(g, large, 1);
  g.drawString(code, 3, 1);
  g.setColor(1);
  setFont(g, small, 1);
  const pitch = tall ? 9 : 8;
  const todo = wrap(g, advice, width - 8, tall ? 2 : 1);
  const top = g.getHeight() - todo.length * pitch;
  drawLines(g, wrap(g, line, width, tall ? 5 - todo.length : 1), 0, tall ? 19 : 16, pitch);
  if (todo.length > 0) g.drawImage(arrow, 0, top);
  drawLines(g, todo, 8, top, pitch);
}

/** Draws the view over whatever was there before; the frame depends on nothing else. */
export function draw(g: ChipGraphics, view: View): void {
  g.clear(true);
  g.setColor(1);
  switch (view.kind) {
    case 'idle':
      drawWord(g, view.title || 'HELLO', view.detail, view.button, view.batteryMv);
      break;
    case 'connecting': {
      const tall = isTall(g);
      const hop = hops.indexOf(view.hop);
      if (tall) drawHeader(g, view.button, view.batteryMv);
      drawHops(g, hop, tall ? 16 : 0);
      setFont(g, small, 1);
      const lines = [hopPhrases[hop] as string, cut(g, view.detail, width)];
      drawLines(g, tall ? lines : [lines[view.detail === '' ? 0 : 1] as string], 0, tall ? 43 : 24, 11);
      break;
    }
    case 'building':
      drawBuilding(g, view);
      break;
    case 'ready':
      drawReady(g, view.cluster, view.address);
      break;
    case 'qr':
      drawQr(g, view.side, view.bitmap);
      setFont(g, small, 1);
      drawLines(g, wrap(g, view.text, 124 - g.getHeight(), 7), g.getHeight() + 4, 0, 9);
      break;
    case 'error':
      drawError(g, view.code, view.line, view.advice);
  }
}
