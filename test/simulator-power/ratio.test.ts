/** What the project promises about a press, held against what the real firmware does today. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { compare } from '../../bench/energy/compare.ts';
import { expectedRatio } from '../../bench/energy/table.ts';
import { costOfWarning } from '../../bench/energy/warning.ts';
import { buildFirmware } from '../../firmware/build.ts';

const board = 'esp32-ssd1306';

/** What is promised, less this much: a change that costs the battery is seen, one that costs nothing much is not. */
const slack = 0.05;
const builds = [
  { buildS: 180, maxLooks: 6 },
  { buildS: 600, maxLooks: 7 },
];

/** Nobody should wait long for an address that is ready, and the look that brings it costs about 0.1 mAh. */
const maxLateS = 10;
const maxLookMah = 0.2;

let bundle = '';
beforeAll(async () => {
  const dir = mkdtempSync(join(tmpdir(), 'dashbutton-ratio-'));
  bundle = (await buildFirmware({ outfile: join(dir, 'bundle.js') })).code;
  rmSync(dir, { recursive: true });
});

test.each(builds)('a build of $buildS s takes as little as promised', async ({ buildS, maxLooks }) => {
  const result = await compare({ bundle, board, buildS, hasLightSleep: false });
  expect(result.ratio).toBeGreaterThan((expectedRatio[buildS] ?? Number.NaN) * (1 - slack));
  expect(result.looks.count).toBeLessThanOrEqual(maxLooks);
  expect(result.looks.mAh).toBeLessThan(maxLookMah);
  expect(result.lateS).toBeLessThan(maxLateS);
});

test('the same run gives the same figures', async () => {
  const options = { bundle, board, buildS: 180, hasLightSleep: false } as const;
  const [one, two] = [await compare(options), await compare(options)];
  expect(Math.abs(one.ours.mAh / two.ours.mAh - 1)).toBeLessThan(0.01);
  expect(two.looks.count).toBe(one.looks.count);
});

test('in the drawer it draws what the board draws, with the display off', async () => {
  const { standbyMa } = await compare({ bundle, board, buildS: 60, hasLightSleep: false });
  expect(standbyMa).toBeLessThan(0.06);
});

test.each([
  false,
  true,
])('a warning costs a look, its picture and little until then (lightSleep %s)', async light => {
  const cost = await costOfWarning({ bundle, board, hasLightSleep: light, warnInS: 3600 });
  expect(cost.lookMah).toBeLessThan(maxLookMah);
  expect(cost.shownMah).toBeLessThan(0.6);
  expect(cost.waitingMahPerHour).toBeLessThan(1);
});
