/** The 2019 button's timeline, and that every figure of the tables names who says so. */
import { describe, expect, test } from 'vitest';
import {
  boardsAsleep,
  currentsOf,
  dozing,
  figures,
  nativeCurrents,
} from '../../../simulator/power/currents.ts';
import { integrate } from '../../../simulator/power/model.ts';
import { original2019 } from '../../../simulator/power/original-2019.ts';
import { durations } from '../../../simulator/power/times.ts';

const build = { buildMs: 180_000, showMs: 30_000, lit: 900, patient: true };

describe('the 2019 button', () => {
  test('has its radio on until the answer, its display until the end', () => {
    const { trace, gaveUp } = original2019(build);
    const { parts } = integrate(trace, currentsOf('esp32-ssd1306'));
    expect(gaveUp).toBe(false);
    // The build, and the seconds of the sketch before it asks: 3 s of listening, 1 s for a yes, the network.
    expect((parts.get('online')?.ms ?? 0) / 1000).toBeCloseTo(180 + 3 + 1 + 0.6, 3);
    expect(parts.get('joining')?.ms).toBeCloseTo(1626);
    // Logo, a second before the join, then the address.
    expect((parts.get('awake')?.ms ?? 0) / 1000).toBeCloseTo(0.48 + 1 + 30, 3);
    expect(parts.has('deep sleep')).toBe(false);
  });

  test('gives up after 280 s, unless it is made patient', () => {
    expect(original2019({ ...build, buildMs: 279_000, patient: false }).gaveUp).toBe(false);
    const { trace, gaveUp } = original2019({ ...build, buildMs: 600_000, patient: false });
    expect(gaveUp).toBe(true);
    expect(integrate(trace, currentsOf('esp32-ssd1306')).durationMs).toBeLessThan(300_000);
  });
});

test('every figure says whether it is published or assumed', () => {
  for (const [name, figure] of Object.entries({ ...figures, ...dozing, ...boardsAsleep, ...durations })) {
    expect(figure.source, name).toMatch(/^(published|assumption): .{10}/);
    expect(figure.value, name).toBeGreaterThan(0);
  }
});

test('published figures are of native programs: ours has a core that never idles on top, awake and online alike', () => {
  const ours = currentsOf('firebeetle-2-esp32-e');
  const native = nativeCurrents(ours);
  for (const state of ['awakeMa', 'joiningMa', 'onlineMa', 'radioIdleMa'] as const) {
    expect(ours.chip[state] - native.chip[state]).toBeCloseTo(figures.busyMa.value);
  }
  expect(native.chip).toMatchObject({ awakeMa: 30, onlineMa: 100, bootMa: ours.chip.bootMa });
  // The data sheet's "modem-sleep" at 240 MHz.
  expect(ours.chip.awakeMa).toBeLessThan(68);
});

test("a board's own share is what is left of its deep sleep without the chip's", () => {
  const { restMa, chip } = currentsOf('heltec-wifi-kit-32');
  expect(restMa + chip.deepSleepMa).toBeCloseTo(9.2);
});
