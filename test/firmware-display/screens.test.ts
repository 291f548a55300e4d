import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChipGraphics } from '../../firmware/src/hal.ts';
import { draw } from '../../firmware/src/screens.ts';
import type { View } from '../../firmware/src/view.ts';
import { type Height, newSurface, pixel, toText } from './surface.ts';
import { views, wide } from './views.ts';

const heights: Height[] = [64, 32];

function frame(view: View, height: Height = 64): ArrayBuffer {
  const g = newSurface(height);
  draw(g, view);
  return g.buffer;
}

interface Box {
  text: string;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Where each text of a frame stands: to its last lit column, and over the font's whole height. */
function textBoxes(view: View, height: Height): Box[] {
  const g = newSurface(height);
  const boxes: Box[] = [];
  let fontHeight = 0;
  const spy = new Proxy(g, {
    get(target, key: keyof ChipGraphics) {
      if (key === 'setFontCustom') {
        return (bitmap: string, first: number, widths: string, packed: number) => {
          fontHeight = (packed & 255) * (packed >> 8);
          return target.setFontCustom(bitmap, first, widths, packed);
        };
      }
      if (key === 'drawString') {
        return (text: string, x: number, y: number) => {
          const width = target.stringWidth(text) - 1;
          boxes.push({ text, left: x, right: x + width - 1, top: y, bottom: y + fontHeight - 1 });
          return target.drawString(text, x, y);
        };
      }
      return target[key];
    },
  });
  draw(spy, view);
  return boxes.filter(box => box.text !== '');
}

function expectTidy(view: View, height: Height): void {
  const boxes = textBoxes(view, height);
  for (const [index, a] of boxes.entries()) {
    const inside = a.left >= 0 && a.right <= 127 && a.top >= 0 && a.bottom < height;
    expect(inside, `"${a.text}" stands inside: ${JSON.stringify(a)}`).toBe(true);
    for (const b of boxes.slice(index + 1)) {
      const apart = a.right < b.left || b.right < a.left || a.bottom < b.top || b.bottom < a.top;
      expect(apart, `"${a.text}" and "${b.text}" do not touch`).toBe(true);
    }
  }
}

describe.each(heights)('screens on 128×%i', height => {
  it.each(Object.entries(views))('%s is as its golden frame', async (name, view) => {
    await expect(toText(frame(view, height))).toMatchFileSnapshot(`frames/${height}/${name}.txt`);
  });

  it.each(Object.entries(views))('%s: texts stay inside and apart', (_name, view) => {
    expectTidy(view, height);
  });

  it('keeps texts inside and apart for any text within the limits', () => {
    const text = (maxLength: number) =>
      fc.string({
        unit: fc.integer({ min: 32, max: 126 }).map(code => String.fromCharCode(code)),
        maxLength,
      });
    const batteryMv = fc.integer({ min: 0, max: 4300 });
    const codes = fc.constantFrom('HOTSPOT', 'PLATFORM', 'LAB', 'BATTERY' as const);
    const hop = fc.constantFrom('hotspot', 'relay', 'lab' as const);
    const percent = fc.integer({ min: 0, max: 100 });
    const leftS = fc.integer({ min: -1, max: 100000 });
    const kinds: fc.Arbitrary<View>[] = [
      fc.record({ kind: fc.constant('idle'), button: text(40), detail: text(60), batteryMv }),
      fc.record({ kind: fc.constant('connecting'), button: text(40), hop, detail: text(40), batteryMv }),
      fc.record({
        kind: fc.constant('building'),
        cluster: text(46),
        phase: text(40),
        percent,
        leftS,
        batteryMv,
      }),
      fc.record({ kind: fc.constant('ready'), cluster: text(46), address: text(64) }),
      fc.record({ kind: fc.constant('error'), code: codes, line: text(80), advice: text(60) }),
    ] as fc.Arbitrary<View>[];
    fc.assert(fc.property(fc.oneof(...kinds), view => expectTidy(view, height)));
  });

  it('draws a frame from the view alone, whatever was there before', () => {
    const g = newSurface(height);
    for (const view of Object.values(views)) {
      draw(g, view);
      expect(toText(g.buffer)).toBe(toText(frame(view, height)));
    }
  });
});

describe('what must be told apart', () => {
  const building: View = { kind: 'building', cluster: 'a', phase: 'p', percent: 50, leftS: 60 };
  const error: View = { kind: 'error', code: 'LAB', line: 'a', advice: 'b' };
  const connecting: View = { kind: 'connecting', button: 'b', hop: 'hotspot', detail: 'x' };
  const pairs: [string, View, View][] = [
    ['percent', building, { ...building, percent: 51 }],
    ['0 and 1 percent', { ...building, percent: 0 }, { ...building, percent: 1 }],
    ['99 and 100 percent', { ...building, percent: 99 }, { ...building, percent: 100 }],
    ['time left', building, { ...building, leftS: 120 }],
    ['an estimate and none', { ...building, leftS: 0 }, { ...building, leftS: -1 }],
    ['phase', building, { ...building, phase: 'q' }],
    ['cluster', building, { ...building, cluster: 'b' }],
    ['code', error, { ...error, code: 'RELAY' }],
    ['line', error, { ...error, line: 'b' }],
    ['advice', error, { ...error, advice: 'a' }],
    ['hop', connecting, { ...connecting, hop: 'relay' }],
    ['hops that are reached', { ...connecting, hop: 'relay' }, { ...connecting, hop: 'lab' }],
    ['button', connecting, { ...connecting, button: 'c' }],
    ['no battery and an empty one', connecting, { ...connecting, batteryMv: 3300 }],
    ['battery levels', { ...connecting, batteryMv: 3700 }, { ...connecting, batteryMv: 4000 }],
    ['1 and l', { ...error, line: '1' }, { ...error, line: 'l' }],
    ['0 and O', { ...error, line: '0' }, { ...error, line: 'O' }],
    [
      'address',
      { kind: 'ready', cluster: 'a', address: '1.1' },
      { kind: 'ready', cluster: 'a', address: '1.7' },
    ],
  ];

  it.each(pairs)('%s', (_name, one, other) => {
    expect(toText(frame(one))).not.toBe(toText(frame(other)));
  });

  it('pairs of golden views never share a frame', () => {
    const frames = Object.values(views).map(view => toText(frame(view)));
    expect(new Set(frames).size).toBe(frames.length);
  });
});

describe('what the pictures promise', () => {
  function litInBar(percent: number): number {
    const buffer = frame({ kind: 'building', cluster: '', phase: '', percent, leftS: 1 });
    return Array.from({ length: 122 }, (_, x) => pixel(buffer, x + 3, 58)).reduce((sum, lit) => sum + lit);
  }

  it('the bar grows with the percent, and only 100 fills it', () => {
    const widths = Array.from({ length: 101 }, (_, percent) => litInBar(percent));
    expect(widths[0]).toBe(0);
    expect(widths[1]).toBeGreaterThan(0);
    expect(widths[50]).toBe(61);
    expect(widths[99]).toBeLessThan(122);
    expect(widths[100]).toBe(122);
    expect(widths).toEqual([...widths].sort((a, b) => a - b));
  });

  it('every IPv4 address stands in large digits on one line, and a port never hides it', () => {
    const shown = (address: string) =>
      textBoxes({ kind: 'ready', cluster: 'c', address }, 64).filter(box => box.bottom - box.top === 13);
    expect(shown('10.10.20.31').map(box => box.text)).toEqual(['10.10.20.31']);
    expect(shown('10.10.20.31:6443').map(box => box.text)).toEqual(['10.10.20.31:6443']);
    expect(shown('255.255.255.255').map(box => box.text)).toEqual(['255.255.255.255']);
    expect(shown('255.255.255.255:65535').map(box => box.text)).toEqual(['255.255.255.255', ':65535']);
  });

  it('an address is never cut on 64 rows, however long', () => {
    for (const length of [1, 10, 11, 20, 33, 50, 64]) {
      const address = `${'a1-b2.'.repeat(11)}`.slice(0, length);
      const texts = textBoxes({ kind: 'ready', cluster: 'c', address }, 64).map(box => box.text);
      expect(texts.join('')).toContain(address);
    }
    expect(
      textBoxes({ kind: 'ready', cluster: 'c', address: wide(64) }, 64)
        .map(b => b.text)
        .join(''),
    ).toContain(wide(64));
  });

  it('a QR module is two pixels wide, dark on a lit ground with a margin', () => {
    const first = frame({ kind: 'qr', side: 29, bitmap: '\x80'.padEnd(106, '\0'), text: '' });
    const dark = [];
    for (let y = 0; y < 64; y++) for (let x = 0; x < 64; x++) if (!pixel(first, x, y)) dark.push([x, y]);
    expect(dark).toEqual([[3, 3], [4, 3], [3, 4], [4, 4]]); // biome-ignore format: a square
  });

  it.each([
    [-1, 'no estimate yet'],
    [0, 'any moment now'],
    [44, 'about 40 s left'],
    [94, 'about 90 s left'],
    [95, 'about 2 min left'],
    [5399, 'about 90 min left'],
    [5400, 'about 2 h left'],
  ])('%i s left reads "%s"', (leftS, words) => {
    const view: View = { kind: 'building', cluster: '', phase: '', percent: 1, leftS };
    expect(textBoxes(view, 64).map(box => box.text)).toContain(words);
  });
});
