/** The bench's figures as a page of text. Pure. */
import { type BoardName, boardsAsleep, currentsOf, dozing, figures } from '../../simulator/power/currents.ts';
import { daysOn } from '../../simulator/power/model.ts';
import { durations } from '../../simulator/power/times.ts';
import type { Comparison } from './compare.ts';

/** What the project promises for 2v29: at least so many times less than the original, by length of the build (s). */
export const expectedRatio: Readonly<Record<number, number>> = { 180: 6, 600: 10 };

/** The battery of the parts list, in mAh. */
export const batteryMah = 1000;

const columns = [
  'build',
  '2019',
  'ours',
  'ratio',
  'expected',
  'floor',
  'looks',
  'a look',
  'address',
  'if 30 s',
  'if dozing',
  'if busy',
];
const units = ['', 'mAh', 'mAh', '', '', 'ratio', '', 'mAh', 'late, s', 'ratio', 'ratio', 'ratio'];

function inRow(cells: readonly string[]): string {
  return `  ${cells.map(cell => cell.padStart(9)).join(' ')}`;
}

const times = (ratio: number) => `1/${ratio.toFixed(1)}`;

/** The table of one board with one interpreter. */
export function comparisonTable(rows: readonly Comparison[]): string {
  const lines = rows.map(row => {
    const expected = row.hasLightSleep ? undefined : expectedRatio[row.buildS];
    const verdict = expected === undefined ? '' : `${row.ratio >= expected ? 'ok' : 'MISSED'} 1/${expected}`;
    return inRow([
      `${row.buildS / 60} min`,
      row.original.mAh.toFixed(2),
      row.ours.mAh.toFixed(2),
      times(row.ratio),
      verdict,
      times(row.floorRatio),
      String(row.looks.count),
      row.looks.mAh.toFixed(3),
      row.lateS.toFixed(1),
      times(row.strictRatio),
      times(row.dozingRatio),
      times(row.busiestRatio),
    ]);
  });
  return [inRow(columns), inRow(units), ...lines].join('\n');
}

/** Where the charge of one press went, the largest part first. */
export function partsLine({ ours, showing, buildS }: Comparison): string {
  const parts = [...ours.parts].sort((a, b) => b[1].mAh - a[1].mAh).filter(([, { mAh }]) => mAh >= 0.005);
  const texts = parts.map(([part, { mAh, ms }]) => `${part} ${mAh.toFixed(2)} (${Math.round(ms / 1000)} s)`);
  return `  ${buildS / 60} min: ${texts.join(', ')}; of all that, ${showing.mAh.toFixed(2)} while the address is shown`;
}

/** How long each board lies in a drawer on one charge, as the firmware leaves it, or as the figure says. */
export function standbyTable(left: ReadonlyMap<string, number>): string {
  const names = Object.keys(boardsAsleep) as BoardName[];
  return names
    .map(name => {
      const { deepSleepMa } = currentsOf(name).chip;
      const mA =
        left.get(name) ?? Math.max(deepSleepMa, boardsAsleep[name].value) + figures.displayOffMa.value;
      const days = Math.round(daysOn(batteryMah, mA));
      return `  ${name.padEnd(26)} ${mA.toFixed(3).padStart(7)} mA ${String(days).padStart(6)} days  ${boardsAsleep[name].source}`;
    })
    .join('\n');
}

/** Every figure with its source. */
export function sources(): string {
  return Object.entries({ ...figures, ...durations })
    .map(([name, { value, source }]) => `  ${name.padEnd(16)} ${String(value).padStart(6)}  ${source}`)
    .join('\n');
}

export const notes = `  Everything here is calculated, nothing measured. "ours" is the trace of the real compiled firmware on a
  simulated board with the real relay and a lab by script; its estimates are right, as after a few builds.
  From the finger (2019: the reset button) until the address has been shown for as long as ours shows it; the
  2019 sketch shows it for 30 s, gives up after 280 s (here it is patient), and its pictures are as bright as ours.
  "floor": two contacts with the lab and nothing else but the same pictures, asleep for all the rest (on a board that
  switches its display off in deep sleep: awake for them). "if 30 s": the 2019 button shows its address for its own 30 s.
  "if dozing": with a CPU that idles while it waits (${figures.idleMa.value} mA) and a radio that dozes between beacons (${dozing.onlineMa.value} mA),
  in both buttons: where that works, a radio that stays on costs less than half, and so does switching it off gain less.
  "if busy": neither of our cores ever idles, the upper end of the data sheet; here one does.
  The 2019 button is a native program, whose CPU idles while it waits; ours, in Espruino 2v29, never does.
  Left out: the cell's own self-discharge (a few percent a month), the radio's peaks, the time for drawing and
  hashing beyond that of single calls.`;
