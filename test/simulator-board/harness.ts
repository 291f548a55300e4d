/** Boards for tests: a program's text in, a board out that is thrown away after the test. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { Board } from '../../simulator/board/board.ts';
import type { BoardOptions } from '../../simulator/board/options.ts';

const boards: { board: Board; folder: string }[] = [];

afterEach(() => {
  for (const { board, folder } of boards.splice(0)) {
    board.removeAllListeners();
    board.powerOff();
    rmSync(folder, { recursive: true, force: true });
  }
});

/** A folder that is gone after the test. */
export function makeBoard(bundle: string, options: Partial<BoardOptions> = {}): Board & { prints: string[] } {
  const folder = mkdtempSync(join(tmpdir(), 'board-'));
  const networks = [{ ssid: 'home', password: 'secret', rssi: -48 }];
  const board = new Board({ bundle, storageDir: folder, networks, joinMs: 20, ...options });
  boards.push({ board, folder });
  const prints: string[] = [];
  board.on('print', text => prints.push(text));
  return Object.assign(board, { prints });
}

type Event = 'frame' | 'sleep' | 'wake' | 'print' | 'fault';

/** The next event of that name; fails after a while with what the board has said so far. */
export async function next(board: Board, event: Event): Promise<unknown> {
  try {
    const [detail] = await once(board, event, { signal: AbortSignal.timeout(2000) });
    return detail;
  } catch (error) {
    throw new Error(`No ${event} came. Faults: ${board.faults.map(f => f.message).join('; ')}`, {
      cause: error,
    });
  }
}

export function wait(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}

/** Powers the board, waits until its program sleeps, returns what it printed. */
export async function runToSleep(bundle: string, options: Partial<BoardOptions> = {}) {
  const board = makeBoard(bundle, options);
  const asleep = next(board, 'sleep');
  board.powerOn();
  await asleep;
  return board;
}

/** The end of a test program. */
export const sleepNow = 'ESP32.deepSleepExt0(0, 0);';
