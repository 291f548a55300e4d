/** One press from the finger to the sleep, with the real firmware and the real relay, on a virtual clock. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Board, newest, type TraceEntry } from '../../simulator/board/board.ts';
import { VirtualClock } from '../../simulator/board/virtual-clock.ts';
import type { Span } from '../../simulator/power/model.ts';
import { realTimes } from '../../simulator/power/times.ts';
import { button, enroll, hotspot, startBenchRelay, wiringOf } from './button-and-relay.ts';
import { startScriptedLab } from './scripted-lab.ts';

export interface RunOptions {
  /** The compiled firmware. */
  bundle: string;
  /** A row of the firmware's board table. */
  board: string;
  buildS: number;
  hasLightSleep: boolean;
  /** The cluster has a time to live: the lab wants the button to look again after so long, to warn. Default: never. */
  warnInS?: number;
}

export interface Run {
  trace: readonly TraceEntry[];
  /** From the finger to the sleep that only a finger ends. */
  span: Span;
  /** When the cluster was ready, and when the display said so. */
  readyAtMs: number;
  shownAtMs: number;
}

/** In the drawer before the finger comes (ms). */
const drawerMs = 5000;
/** Beyond the build: time for the last look, the address, and trouble that should not be. */
const maxAfterBuildMs = 30 * 60_000;
/** An hour of naps of 20 s. */
const maxTraceEntries = 200_000;

export async function runPress(options: RunOptions): Promise<Run> {
  const { bundle, board: name, buildS, hasLightSleep, warnInS = 0 } = options;
  const flash = mkdtempSync(join(tmpdir(), 'dashbutton-energy-'));
  const clock = new VirtualClock();
  const relay = await startBenchRelay();
  const lab = await startScriptedLab(relay, clock, buildS, warnInS);
  enroll(flash, name, relay);
  const board = new Board({
    ...{ bundle, storageDir: flash, networks: [hotspot], clock, maxTraceEntries },
    later: hasLightSleep ? newest : {},
    ...realTimes,
    ...wiringOf(name),
  });
  try {
    board.shelve();
    await clock.advance(drawerMs);
    const fromMs = clock.nowMs();
    let untilMs: number | undefined;
    let shownAtMs: number | undefined;
    board.on('sleep', sleep => {
      if (sleep.kind === 'pin') untilMs ??= clock.nowMs();
    });
    board.on('print', line => {
      if (isReady(line)) shownAtMs ??= clock.nowMs();
    });
    board.press();
    await clock.run(() => untilMs !== undefined, (buildS + warnInS) * 1000 + maxAfterBuildMs);
    refuseTrouble(board, lab.stale);
    if (lab.readyAtMs === undefined || shownAtMs === undefined || untilMs === undefined) {
      throw new Error(`${button} went to sleep without having shown an address`);
    }
    // A copy: pulling the battery below would add to it.
    return { trace: [...board.trace], span: { fromMs, untilMs }, readyAtMs: lab.readyAtMs, shownAtMs };
  } finally {
    board.powerOff();
    await lab.close();
    await relay.close();
    rmSync(flash, { recursive: true, force: true });
  }
}

/** The firmware prints each view that it shows. */
function isReady(line: string): boolean {
  const mark = 'view ';
  return line.startsWith(mark) && JSON.parse(line.slice(mark.length)).kind === 'ready';
}

/** Figures of a run that stumbled would mislead. */
function refuseTrouble(board: Board, stale: number): void {
  // A program that catches the end of the simulated chip is no trouble: the real one would be asleep.
  const fault = board.faults.find(({ kind }) => kind !== 'after-sleep');
  if (fault) throw new Error(`The firmware stumbled: ${fault.message}`);
  if (stale > 0) throw new Error(`${stale} presses were stale`);
  if (board.traceTruncated) throw new Error(`The trace has more than ${maxTraceEntries} entries`);
}
