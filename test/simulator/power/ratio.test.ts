import { expect, test } from 'vitest';
import { compare } from '../../../bench/energy/compare.ts';
import { figuresFor, type Row, readFigures, rowOf } from '../../../bench/energy/figures.ts';
import { runPress } from '../../../bench/energy/run.ts';
import { expectedRatio } from '../../../bench/energy/table.ts';
import { costOfWarning } from '../../../bench/energy/warning.ts';
import { brightLevel, dimLevel, restMs } from '../../../firmware/src/limits.ts';
import type { Part } from '../../../simulator/power/states.ts';
import { builtFirmware } from '../../fixtures/programs.ts';

const board = 'firebeetle-2-esp32-e';

const builds = [
  { buildS: 180, maxLooks: 5 },
  { buildS: 600, maxLooks: 6 },
];

/** Nobody should wait long for an address that is ready, and a look costs about 0.1 mAh. */
const maxLateS = 10;
const maxLookMah = 0.13;

const bundle = builtFirmware();

const runs = new Map<number, ReturnType<typeof compare>>();

/** A build of so many seconds, run once for all tests. */
function compared(buildS: number): ReturnType<typeof compare> {
  const known = runs.get(buildS) ?? compare({ bundle, board, buildS, hasLightSleep: false });
  runs.set(buildS, known);
  return known;
}

test.concurrent.each(builds)('a build of $buildS s takes as little as promised', async ({
  buildS,
  maxLooks,
}) => {
  const result = await compared(buildS);
  expect(result.ratio).toBeGreaterThan(expectedRatio[buildS] ?? Number.NaN);
  expect(result.looks.count).toBeLessThanOrEqual(maxLooks);
  expect(result.looks.mAh).toBeLessThan(maxLookMah);
  expect(result.lateS).toBeLessThan(maxLateS);
});

test.concurrent('the same run gives the same figures', async () => {
  const again = compare({ bundle, board, buildS: 180, hasLightSleep: false });
  const [one, two] = await Promise.all([compared(180), again]);
  expect(Math.abs(one.ours.mAh / two.ours.mAh - 1)).toBeLessThan(0.01);
  expect(two.looks.count).toBe(one.looks.count);
});

test.concurrent('the figures that README has are those of this firmware', async () => {
  const written = figuresFor(readFigures(), board).rows.find(row => row.buildS === 180) as Row;
  const now = rowOf(await compared(180));
  for (const name of Object.keys(now) as (keyof Row)[]) {
    expect(Math.abs(now[name] / written[name] - 1), `${name}: npm run bench:energy -- --write`).toBeLessThan(
      0.02,
    );
  }
});

/** The chip's 10 µA and the board's share, and an SSD1306 module asleep. */
test.concurrent.each([
  ['firebeetle-2-esp32-e', 0.06],
  ['esp32-ssd1306', 0.077],
  ['heltec-wifi-kit-32', 9.2],
])('in the drawer it draws what the board draws, with the display off, and no pull leaks: %s', async (name, mA) => {
  const { standbyMa, ours } = await compare({ bundle, board: name, buildS: 60, hasLightSleep: false });
  expect(standbyMa).toBeCloseTo(mA, 3);
  expect(ours.parts.has('leak')).toBe(false);
});

test.concurrent.each([
  'firebeetle-2-esp32-e',
  'heltec-wifi-kit-32',
])('once accepted, the radio is on for looks only: %s', async name => {
  const { ours, looks } = await compare({ bundle, board: name, buildS: 180, hasLightSleep: false });
  const seconds = (part: Part) => (ours.parts.get(part)?.ms ?? 0) / 1000;
  // Press, looks, and at most the last seconds of a build over an open connection.
  expect(seconds('online') + seconds('dialing') + seconds('radio idle')).toBeLessThan(
    (looks.count + 1) * 1.5,
  );
  expect(seconds('awake')).toBeGreaterThan(8);
});

test.concurrent('whatever stands while the chip sleeps is dimmed, and the address is bright while it is awake', async () => {
  const { trace } = await runPress({ bundle, board, buildS: 60, hasLightSleep: false });
  const lit: number[] = [];
  const napping = new Set<number | undefined>();
  for (const entry of trace) {
    if (entry.what === 'pixels' && entry.on) lit.push(entry.contrast);
    const isNap = entry.what === 'sleep' && entry.kind === 'timer' && entry.durationMs !== restMs;
    if (isNap) napping.add(lit.at(-1));
  }
  expect([...napping]).toEqual([dimLevel]);
  // The address: shown, and then only dimmed.
  expect(lit.slice(-2)).toEqual([brightLevel, dimLevel]);
});

test.concurrent.each([
  false,
  true,
])('a warning costs a look, its picture and little until then (lightSleep %s)', async light => {
  const cost = await costOfWarning({ bundle, board, hasLightSleep: light, warnInS: 3600 });
  expect(cost.lookMah).toBeLessThan(maxLookMah);
  expect(cost.shownMah).toBeLessThan(0.3);
  // With a boot that reads the flash; it was 0.86 when a boot was thought to cost what a second awake does.
  expect(cost.waitingMahPerHour).toBeLessThan(1.25);
});
