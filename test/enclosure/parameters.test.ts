/** The figures of cases and boards: limits, errors that say what to do, sources. */
import { describe, expect, test } from 'vitest';
import { boards } from '../../enclosure/src/boards.ts';
import { limits, type Parameters, parameters } from '../../enclosure/src/parameters.ts';
import { allParts } from '../../enclosure/src/parts.ts';
import { boards as pins } from '../../firmware/src/boards.ts';

const names = Object.keys(limits) as (keyof Parameters)[];

describe('parameters', () => {
  test('without changes they are the defaults, each within its limits', () => {
    const p = parameters();
    for (const name of names) {
      expect(p[name]).toBe(limits[name].value);
      expect(p[name]).toBeGreaterThanOrEqual(limits[name].min);
      expect(p[name]).toBeLessThanOrEqual(limits[name].max);
      expect(limits[name].what.length).toBeGreaterThan(5);
    }
  });

  test.each(names)('%s is refused outside of its limits, and the error says what would do', name => {
    const { min, max } = limits[name];
    for (const value of [min - 0.01, max + 0.01, Number.NaN, -1]) {
      expect(() => parameters({ [name]: value })).toThrow(
        `${name} is ${value} mm, must be ${min} to ${max} mm (`,
      );
    }
  });

  test('all wrong figures are named at once, unknown ones too', () => {
    const changed = { wallMm: 0.2, fitLidMm: 9, wallsMm: 1 } as Partial<Parameters>;
    expect(() => parameters(changed)).toThrow(
      /^The case cannot be made:\n {2}wallsMm is no parameter.*\n {2}wallMm is 0\.2 mm.*\n {2}fitLidMm is 9 mm/,
    );
  });

  const rules: [Partial<Parameters>, string][] = [
    [
      { faceMm: 2, windowPlateMm: 2, wallMm: 0.8, flangeMm: 0.8 },
      'faceMm is 2 mm, must be at least 2.2 mm here: the glass lies in a pocket of it. Make it larger, or windowPlateMm smaller',
    ],
    [{ wallMm: 1, faceMm: 2, grooveMm: 1, flangeMm: 0.8 }, ''],
    [{ flangeMm: 1.4 }, "faceMm is 2.4 mm, must be at least 2.6 mm here: the button's flange lies in it"],
    [{ grooveMm: 1, faceMm: 2.6, sideMm: 3, lidMm: 3 }, ''],
    [{ sideMm: 1.6 }, 'sideMm is 1.6 mm, must be at least 1.697 mm here: its edge slopes by 45°'],
    [{ lidMm: 2 }, "lidMm is 2 mm, must be at least 2.3 mm here: the screws' heads sink into it"],
    [
      { fitButtonMm: 0.6, flangeMm: 0.8 },
      'flangeMm is 0.8 mm, must be at least 1.2 mm here: or the button falls out',
    ],
    [{ buttonGapMm: 0.4, buttonTravelMm: 0.6 }, 'buttonTravelMm is 0.6 mm, must be at least 0.7 mm here'],
    [{ buttonTravelMm: 0.9, buttonProudMm: 0.8 }, 'buttonProudMm is 0.8 mm, must be at least 0.9 mm here'],
  ];
  test.each(rules)('a figure that others forbid is refused: %j', (changed, text) => {
    if (text === '') expect(() => parameters(changed)).not.toThrow();
    else expect(() => parameters(changed)).toThrow(text);
  });

  test('nothing is made of wrong figures', async () => {
    await expect(allParts({ fitLidMm: 0 })).rejects.toThrow('The case cannot be made:\n  fitLidMm is 0 mm');
  });
});

describe('boards', () => {
  test("are those of the firmware's table, but for the one that everybody wires in their own way", () => {
    const withoutCase = ['esp32-ssd1306'];
    const named = pins.map(({ name }) => name);
    expect(boards.map(({ name }) => name)).toEqual(named.filter(name => !withoutCase.includes(name)));
    expect(new Set(boards.map(({ short }) => short)).size).toBe(boards.length);
  });

  test.each(boards)('$name: each figure says what it stands on', board => {
    const bare = ['name', 'short', 'sources', 'seats'];
    for (const figure of Object.keys(board).filter(key => !bare.includes(key))) {
      const { from, note } = board.sources[figure] ?? { from: 'nothing', note: '' };
      expect(['drawing', 'measured', 'claim', 'memory', 'ours'], figure).toContain(from);
      expect(note.length, figure).toBeGreaterThan(5);
    }
    for (const named of Object.keys(board.sources)) expect(Object.keys(board)).toContain(named);
  });

  test("the Heltec V2 has its sister's size, and not the smaller one of V3", () => {
    const heltec = boards.find(({ short }) => short === 'heltec');
    expect(heltec?.sizeMm).toEqual([51, 25.5]);
    expect((heltec?.display.topMm ?? 0) + (heltec?.thicknessMm ?? 0) + (heltec?.underMm ?? 0)).toBeCloseTo(
      10.6,
    );
  });

  test.each(boards)('$name: its own parts are on it', ({
    sizeMm,
    usb,
    reset,
    press,
    display,
    module,
    antenna,
    seats,
  }) => {
    const [x, y] = [sizeMm[0] / 2, sizeMm[1] / 2];
    const on = [reset.at, ...(press.own ? [] : [press.at]), ...(module ? [] : [display.at])];
    for (const [atX, atY] of on) {
      expect(Math.abs(atX)).toBeLessThan(x);
      expect(Math.abs(atY)).toBeLessThan(y);
    }
    expect(Math.abs(usb.mouthXMm + x)).toBeLessThan(2);
    expect(antenna[1]).toBeGreaterThanOrEqual(x);
    for (const { x: at } of seats) expect(Math.max(...at.map(Math.abs))).toBeLessThan(x);
    // The lit area is on the panel.
    for (const axis of [0, 1] as const) {
      const off = Math.abs(display.activeAt[axis] - display.at[axis]);
      expect(off + display.activeMm[axis] / 2).toBeLessThan(display.panelMm[axis] / 2);
    }
  });
});
