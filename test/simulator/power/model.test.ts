/** The power model against sums done by hand. */
import { describe, expect, test } from 'vitest';
import type { TraceEntry } from '../../../simulator/board/trace.ts';
import type { Currents } from '../../../simulator/power/currents.ts';
import { looks, meanLit, radioSpans } from '../../../simulator/power/looks.ts';
import { daysOn, integrate, standbyMa } from '../../../simulator/power/model.ts';

/** Round numbers, so that a sum fits in the head: 3.6 mA for a second is 1 µAh. */
const currents: Currents = {
  board: 'round',
  chip: {
    ...{ deepSleepMa: 1, lightSleepMa: 2, leakMa: 0.5, bootMa: 40, awakeMa: 30 },
    ...{ joiningMa: 120, onlineMa: 100, radioIdleMa: 80 },
  },
  display: { offMa: 0.5, darkMa: 1, allLitMa: 20, contrast: 200, pixels: 1000 },
  restMa: 0,
};

const at = (s: number, entry: object) => ({ atMs: s * 1000, ...entry }) as TraceEntry;
const boot = (s: number, program = 'starting', cause = 2) => at(s, { what: 'boot', cause, program });
const wifi = (s: number, state: string) => at(s, { what: 'wifi', state });
const sleep = (s: number, kind = 'pin') => at(s, { what: 'sleep', kind });
const end = (s: number) => at(s, { what: 'storage', op: 'read', name: 'x', bytes: 0 });
const pixels = (s: number, on: boolean, lit: number, contrast = 200) =>
  at(s, { what: 'pixels', on, lit, contrast });

/** mA·s, which is what one adds up by hand. */
const mas = (mAh: number) => mAh * 3600;

/** Boot 1 s, awake 2 s, join 3 s, online 4 s, awake 5 s, asleep 10 s. */
const press = [
  boot(0),
  boot(1, 'running'),
  wifi(3, 'joining'),
  wifi(6, 'joined'),
  wifi(10, 'off'),
  sleep(15),
  end(25),
];

describe('charge', () => {
  test('is current times time, state by state', () => {
    const energy = integrate(press, currents);
    expect(mas(energy.mAh)).toBeCloseTo(40 * 1 + 30 * 2 + 120 * 3 + 100 * 4 + 30 * 5 + 1 * 10);
    expect(energy.durationMs).toBe(25_000);
    expect(energy.averageMa).toBeCloseTo(1020 / 25);
    const parts = [...energy.parts].map(([part, { mAh, ms }]) => [part, Math.round(mas(mAh)), ms]);
    expect(parts.filter(([part]) => part !== 'display' && part !== 'rest of the board')).toEqual([
      ['boot', 40, 1000],
      ['awake', 210, 7000],
      ['joining', 360, 3000],
      ['online', 400, 4000],
      ['deep sleep', 10, 10_000],
    ]);
  });

  test('of a span counts what lies in it, with the state from before', () => {
    expect(mas(integrate(press, currents, { fromMs: 5000, untilMs: 8000 }).mAh)).toBeCloseTo(120 + 2 * 100);
    // Beyond the last entry it goes on as it was.
    expect(mas(integrate(press, currents, { fromMs: 24_000, untilMs: 30_000 }).mAh)).toBeCloseTo(6);
  });

  test('of an empty trace is none', () => {
    expect(integrate([], currents)).toMatchObject({ mAh: 0, averageMa: 0 });
  });

  test('of a board without battery is none; the rest of the board draws all the time', () => {
    const trace = [boot(0), boot(0, 'running'), sleep(10), sleep(20, 'off'), end(1000)];
    expect(mas(integrate(trace, { ...currents, restMa: 5 }).mAh)).toBeCloseTo(10 * 30 + 10 * 1 + 20 * 5);
  });

  test('in light sleep is that of light sleep until the program goes on', () => {
    const trace = [
      boot(0, 'running'),
      at(10, { what: 'lightSleep', durationMs: 50_000 }),
      at(60, { what: 'lightWake' }),
      end(61),
    ];
    expect(mas(integrate(trace, currents).mAh)).toBeCloseTo(10 * 30 + 50 * 2 + 30);
  });

  test.each([
    ['a failed join', 'joining', 'failed'],
    ['a look around', 'scanning', 'scanned'],
    ['a network that was left', 'joining', 'idle'],
    ['an access point of its own', 'joining', 'accessPoint'],
  ])('%s leaves the radio on until deep sleep', (_what, during, afterwards) => {
    const trace = [boot(0, 'running'), wifi(0, during), wifi(3, afterwards), sleep(7), end(9)];
    const { parts, mAh } = integrate(trace, currents);
    expect(mas(mAh)).toBeCloseTo(3 * 120 + 4 * 80 + 2 * 1);
    expect(mas(parts.get('radio idle')?.mAh ?? 0)).toBeCloseTo(4 * 80);
  });

  test('inside of a dial that blocks it is a part of its own, and ends with it though nothing is noted then', () => {
    const blocked = at(2, { what: 'blocked', by: 'dial', durationMs: 18_000 });
    const trace = [boot(0, 'running'), wifi(0, 'joined'), blocked, wifi(25, 'off'), end(26)];
    const { parts } = integrate(trace, currents);
    expect(parts.get('dialing')?.ms).toBe(18_000);
    expect(parts.get('online')?.ms).toBe(2000 + 5000);
    expect(mas(integrate(trace, currents, { fromMs: 10_000, untilMs: 21_000 }).mAh)).toBeCloseTo(1100);
    // A rewriting of the flash is no dial.
    const flash = [boot(0, 'running'), at(0, { what: 'blocked', by: 'flash', durationMs: 5000 }), end(5)];
    expect(mas(integrate(flash, currents).mAh)).toBeCloseTo(5 * 30);
  });

  test('asleep with a pull against a resistor leaks until the next boot', () => {
    const leaks = at(0, { what: 'sleep', kind: 'pin', leaks: true });
    const trace = [leaks, boot(100), boot(100, 'running'), sleep(110), end(120)];
    const { parts } = integrate(trace, currents);
    expect(parts.get('leak')).toEqual({ mAh: expect.closeTo((100 * 0.5) / 3600), ms: 100_000 });
    expect(standbyMa([leaks], currents)).toBeCloseTo(1.5);
  });
});

describe('the display', () => {
  const supply = (s: number, on: boolean) => at(s, { what: 'supply', on });

  test.each([
    ['all lit', pixels(0, true, 1000), 1 + 20],
    ['a quarter lit', pixels(0, true, 250), 1 + 5],
    ['half the contrast', pixels(0, true, 1000, 100), 1 + 10],
    ['dark', pixels(0, true, 0), 1],
    ['switched off', pixels(0, false, 0), 0.5],
  ])('draws by what is lit: %s', (_name, entry, mA) => {
    const trace = [boot(0, 'running'), supply(0, true), entry, end(10)];
    expect(mas(integrate(trace, currents).parts.get('display')?.mAh ?? 0)).toBeCloseTo(10 * mA);
  });

  test('without supply it draws nothing, and in deep sleep a picture goes on drawing', () => {
    const trace = [
      boot(0, 'running'),
      supply(0, true),
      pixels(0, true, 1000),
      sleep(1),
      supply(3, false),
      end(9),
    ];
    expect(mas(integrate(trace, currents).parts.get('display')?.mAh ?? 0)).toBeCloseTo(3 * 21);
  });

  test('its lit pixels are averaged over the time that it was on', () => {
    const trace = [
      supply(0, true),
      pixels(0, true, 100),
      pixels(3, true, 500),
      pixels(4, false, 0),
      end(100),
    ];
    expect(meanLit(trace)).toBeCloseTo((3 * 100 + 500) / 4);
    expect(meanLit([])).toBe(0);
  });
});

describe('looks', () => {
  /** The press; a look in the same boot; a look from deep sleep; one after a boot that idled for long. */
  const trace = [
    ...press,
    ...[boot(100, 'starting', 4), boot(101, 'running', 4), wifi(102, 'joining'), wifi(104, 'joined')],
    ...[wifi(105, 'off'), wifi(110, 'joining'), wifi(112, 'joined'), sleep(113, 'timer')],
    ...[boot(200, 'starting', 4), boot(201, 'running', 4), wifi(210, 'joining'), wifi(211, 'off'), end(220)],
  ];

  test('begin with the boot that leads to them, else with the radio, and end with the radio', () => {
    expect(radioSpans(trace).map(({ fromMs, untilMs }) => [fromMs / 1000, untilMs / 1000])).toEqual([
      [0, 10],
      [100, 105],
      [110, 113],
      [210, 211],
    ]);
  });

  test('cost on average what is within', () => {
    const look1 = 40 + 30 + 2 * 120 + 100;
    const look2 = 2 * 120 + 100;
    const all = looks(trace, currents);
    expect(all.count).toBe(3);
    expect(mas(all.mAh)).toBeCloseTo((look1 + look2 + 120) / 3);
    expect(all.ms).toBeCloseTo((5000 + 3000 + 1000) / 3);
    expect(looks(press, currents)).toEqual({ count: 0, mAh: 0, ms: 0 });
  });
});

test('standby is what the trace leaves behind, and how long that lasts', () => {
  expect(standbyMa(press, currents)).toBeCloseTo(1);
  const supplied = [...press, at(26, { what: 'supply', on: true })];
  expect(standbyMa(supplied, { ...currents, restMa: 0.25 })).toBeCloseTo(1 + 0.5 + 0.25);
  expect(daysOn(1000, 0.05)).toBeCloseTo(833.3, 1);
});
