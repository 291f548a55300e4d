import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ChipGraphics } from '../../../firmware/src/hal.ts';
import { draw } from '../../../firmware/src/screens.ts';
import type { View } from '../../../firmware/src/view.ts';
import { maxPhaseLength } from '../../../protocol/src/messages.ts';
import { newSurface, pixel, toText } from './fixtures/surface.ts';
import { views, wide } from './fixtures/views.ts';

function frame(view: View): ArrayBuffer {
  const g = newSurface(64);
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
function textBoxes(view: View): Box[] {
  const g = newSurface(64);
  const boxes: Box[] = [];
  let fontHeight = 0;
  const spy: ChipGraphics = new Proxy(g, {
    get(target, key: keyof ChipGraphics) {
      if (key === 'setFontCustom') {
        return (bitmap: string, first: number, widths: string, packed: number) => {
          fontHeight = (packed & 255) * Math.max(1, packed >> 8);
          return target.setFontCustom(bitmap, first, widths, packed);
        };
      }
      if (key === 'drawString') {
        return (text: string, x: number, y: number) => {
          const width = target.stringWidth(text) - 1;
          boxes.push({ text, left: x, right: x + width - 1, top: y, bottom: y + fontHeight - 1 });
          target.drawString(text, x, y);
          return spy;
        };
      }
      const value = target[key];
      return typeof value === 'function'
        ? (...args: unknown[]) => {
            const result = Reflect.apply(value, target, args);
            return result === target ? spy : result;
          }
        : value;
    },
  });
  draw(spy, view);
  return boxes.filter(box => box.text !== '');
}

function expectTidy(view: View): void {
  const boxes = textBoxes(view);
  for (const [index, a] of boxes.entries()) {
    const inside = a.left >= 0 && a.right <= 127 && a.top >= 0 && a.bottom < 64;
    expect(inside, `"${a.text}" stands inside: ${JSON.stringify(a)}`).toBe(true);
    for (const b of boxes.slice(index + 1)) {
      const apart = a.right < b.left || b.right < a.left || a.bottom < b.top || b.bottom < a.top;
      expect(apart, `"${a.text}" and "${b.text}" do not touch`).toBe(true);
    }
  }
}

describe('the screens', () => {
  test.each(Object.entries(views))('%s is as its golden frame', async (name, view) => {
    await expect(toText(frame(view))).toMatchFileSnapshot(`fixtures/frames/64/${name}.txt`);
  });

  test.each(Object.entries(views))('texts stay inside and apart: %s', (_name, view) => {
    expectTidy(view);
  });

  test('keeps texts inside and apart for any text within the limits', () => {
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
      fc.record({ kind: fc.constant('ready'), cluster: text(46), address: text(64), note: text(40) }),
      fc.record({ kind: fc.constant('error'), code: codes, line: text(80), advice: text(60) }),
    ] as fc.Arbitrary<View>[];
    fc.assert(fc.property(fc.oneof(...kinds), view => expectTidy(view)));
  });

  test('draws a frame from the view alone, whatever was there before', () => {
    const g = newSurface(64);
    for (const view of Object.values(views)) {
      draw(g, view);
      expect(toText(g.buffer)).toBe(toText(frame(view)));
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
      { kind: 'ready', cluster: 'a', address: '1.1', note: '' },
      { kind: 'ready', cluster: 'a', address: '1.7', note: '' },
    ],
    [
      'the minutes of a warning',
      { kind: 'ready', cluster: 'a', address: '1.1', note: 'given back in 21 min' },
      { kind: 'ready', cluster: 'a', address: '1.1', note: 'given back in 27 min' },
    ],
  ];

  test.each(pairs)('frames differ by %s', (_name, one, other) => {
    expect(toText(frame(one))).not.toBe(toText(frame(other)));
  });

  test('pairs of golden views never share a frame', () => {
    const frames = Object.values(views).map(view => toText(frame(view)));
    expect(new Set(frames).size).toBe(frames.length);
  });
});

describe('what the pictures promise', () => {
  function litInBar(percent: number): number {
    const buffer = frame({ kind: 'building', cluster: '', phase: '', percent, leftS: 1 });
    return Array.from({ length: 122 }, (_, x) => pixel(buffer, x + 3, 58)).reduce((sum, lit) => sum + lit);
  }

  test('the bar grows with the percent, and only 100 fills it', () => {
    const widths = Array.from({ length: 101 }, (_, percent) => litInBar(percent));
    expect(widths[0]).toBe(0);
    expect(widths[1]).toBeGreaterThan(0);
    expect(widths[50]).toBe(61);
    expect(widths[99]).toBeLessThan(122);
    expect(widths[100]).toBe(122);
    expect(widths).toEqual([...widths].sort((a, b) => a - b));
  });

  test('every IPv4 address stands in large digits on one line, and a port never hides it', () => {
    const shown = (address: string) =>
      textBoxes({ kind: 'ready', cluster: 'c', address, note: '' }).filter(
        box => box.bottom - box.top === 13,
      );
    expect(shown('10.10.20.31').map(box => box.text)).toEqual(['10.10.20.31']);
    expect(shown('10.10.20.31:6443').map(box => box.text)).toEqual(['10.10.20.31:6443']);
    expect(shown('255.255.255.255').map(box => box.text)).toEqual(['255.255.255.255']);
    expect(shown('255.255.255.255:65535').map(box => box.text)).toEqual(['255.255.255.255', ':65535']);
  });

  test('an address is never cut, however long', () => {
    for (const length of [1, 10, 11, 20, 33, 50, 64]) {
      const address = `${'a1-b2.'.repeat(11)}`.slice(0, length);
      const texts = textBoxes({ kind: 'ready', cluster: 'c', address, note: '' }).map(box => box.text);
      expect(texts.join('')).toContain(address);
    }
    expect(
      textBoxes({ kind: 'ready', cluster: 'c', address: wide(64), note: '' })
        .map(b => b.text)
        .join(''),
    ).toContain(wide(64));
  });

  test('the line under an address stands in the middle: all 21 characters of a warning, of a longer one the beginning', () => {
    const line = (note: string) =>
      textBoxes({ kind: 'ready', cluster: 'c', address: 'a', note }).find(box => box.top === 56);
    for (const note of ['control plane', 'given back in 25 min', wide(21)]) {
      const box = line(note);
      expect(box?.text).toBe(note);
      expect(Math.abs((box?.left ?? 0) - (127 - (box?.right ?? 0)))).toBeLessThanOrEqual(1);
    }
    const cutOff = line(wide(maxPhaseLength));
    expect(cutOff?.text).toMatch(/^W+\x7f$/);
    expect(cutOff?.left).toBeGreaterThanOrEqual(0);
    expect(cutOff?.right).toBeLessThanOrEqual(127);
  });

  test.each([21, 25, 29])('a QR code of %i modules is dark on a lit ground, two pixels to a module', side => {
    const modules = Array.from({ length: side * side }, (_, i) => (i * 89 + 37) % 7 < 3);
    const bytes = new Uint8Array(Math.ceil(modules.length / 8));
    for (const [at, dark] of modules.entries())
      bytes[at >> 3] = (bytes[at >> 3] ?? 0) | (dark ? 128 >> (at & 7) : 0);
    const picture = frame({ kind: 'qr', side, bitmap: Buffer.from(bytes).toString('latin1'), text: '' });
    const top = 32 - side;
    // Four modules of quiet zone to the left and right; above and below as much as the glass has.
    for (let y = 0; y < 64; y++) {
      for (let x = 0; x < side * 2 + 16; x++) {
        const column = (x >> 1) - 4;
        const row = (y - top) >> 1;
        const inside = column >= 0 && column < side && row >= 0 && row < side;
        expect(pixel(picture, x, y), `${x},${y}`).toBe(inside && modules[row * side + column] ? 0 : 1);
      }
    }
    expect(pixel(picture, side * 2 + 16, 32)).toBe(0);
  });

  test.each([
    [-1, 'no estimate yet'],
    [0, 'any moment now'],
    [44, 'about 40 s left'],
    [94, 'about 90 s left'],
    [95, 'about 2 min left'],
    [5399, 'about 90 min left'],
    [5400, 'about 2 h left'],
  ])('%i s left reads "%s"', (leftS, words) => {
    const view: View = { kind: 'building', cluster: '', phase: '', percent: 1, leftS };
    expect(textBoxes(view).map(box => box.text)).toContain(words);
  });
});
