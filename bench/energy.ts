/**
 * `npm run bench:energy`: what a press costs the battery, beside the 2019 button. Calculated, see bench/README.md. With
 * `-- --write` it also puts the figures into energy/figures.json and into README.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildFirmware } from '../firmware/build.ts';
import { type BoardName, boardsAsleep } from '../simulator/power/currents.ts';
import { type CompareOptions, type Comparison, compare } from './energy/compare.ts';
import { type Figures, figuresFile, figuresText, rowOf, warningOf } from './energy/figures.ts';
import { readmeWith } from './energy/readme.ts';
import { comparisonTable, notes, partsLine, sources, standbyTable } from './energy/table.ts';
import { costOfWarning, warningLine } from './energy/warning.ts';

const buildsS = [60, 180, 600, 3600];
/** Until the warning of a cluster with a time to live; longer ones cost the same per hour. */
const warnInS = 3600;
/** The recommended board first. The Heltec twice: its one report is of a board on USB, its maker's claim for the next version 600 times less. */
const boards: { board: string; asleepLike: BoardName }[] = [
  { board: 'firebeetle-2-esp32-e', asleepLike: 'firebeetle-2-esp32-e' },
  { board: 'esp32-ssd1306', asleepLike: 'esp32-ssd1306' },
  { board: 'heltec-wifi-kit-32', asleepLike: 'heltec-wifi-kit-32, as V3' },
  { board: 'heltec-wifi-kit-32', asleepLike: 'heltec-wifi-kit-32' },
];
const interpreters = [
  { name: '2v29', hasLightSleep: false },
  { name: 'newer than 2v29, with ESP32.lightSleep', hasLightSleep: true },
];

const readmeFile = new URL('../README.md', import.meta.url);

const say = (text: string) => process.stdout.write(`${text}\n`);

async function bundle(): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'dashbutton-bench-'));
  const { code } = await buildFirmware({ outfile: join(dir, 'bundle.js') });
  rmSync(dir, { recursive: true });
  return code;
}

/** What could be run; what could not is told, and makes the bench fail at its end. */
async function compareAll(which: Omit<CompareOptions, 'buildS'>): Promise<Comparison[]> {
  const rows: Comparison[] = [];
  for (const buildS of buildsS) {
    try {
      rows.push(await compare({ ...which, buildS }));
    } catch (error) {
      process.exitCode = 1;
      say(`  broken, ${buildS / 60} min: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return rows;
}

async function main(): Promise<void> {
  const code = await bundle();
  const left = new Map<string, number>();
  const figures: Figures = [];
  say('Charge of a press, in mAh (calculated)');
  for (const { board, asleepLike } of boards) {
    for (const { name, hasLightSleep } of interpreters) {
      const mA = boardsAsleep[asleepLike].value;
      say(`\n${board}, ${mA} mA asleep, Espruino ${name}`);
      const rows = await compareAll({ bundle: code, board, asleepLike, hasLightSleep });
      say(comparisonTable(rows));
      if (!hasLightSleep) for (const row of rows) say(partsLine(row));
      const warning = await costOfWarning({ bundle: code, board, asleepLike, hasLightSleep, warnInS });
      say(warningLine(warning));
      // The worst of them: each press ends in the drawer.
      const standbyMa = Math.max(left.get(asleepLike) ?? 0, ...rows.map(row => row.standbyMa));
      left.set(asleepLike, standbyMa);
      figures.push({
        ...{ board, asleepLike, lightSleep: hasLightSleep, rows: rows.map(rowOf) },
        ...{ warning: warningOf(warning), standbyMa },
      });
    }
  }
  say(`\nStandby on 1,000 mAh (calculated)\n${standbyTable(left)}`);
  say(`\nWhat this is\n${notes}`);
  say(`\nFigures (mA, ms; contrast 0 to 255)\n${sources()}`);
  if (process.argv.includes('--write') && !process.exitCode) writeDown(figures);
}

function writeDown(figures: Figures): void {
  writeFileSync(figuresFile, figuresText(figures));
  writeFileSync(readmeFile, readmeWith(readFileSync(readmeFile, 'utf8'), figures));
}

await main();
