/** The chip's flash as it really is: rows of docs/chip.md. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Board } from '../../../simulator/board/board.ts';
import type { VirtualClock } from '../../../simulator/board/virtual-clock.ts';
import { patience } from '../../fixtures/patience.ts';
import { runFor, sleepNow } from './fixtures/harness.ts';

let storageDir = '';
beforeEach(() => {
  storageDir = mkdtempSync(join(tmpdir(), 'flash-'));
});
afterEach(() => rmSync(storageDir, { recursive: true, force: true }));

const storage = 'var s = require("Storage");';
/** About as long as the button's memory. */
const memory = '"m".repeat(490) + i';
const twoFiles = `${storage} s.write("device.json", "d"); s.write("other", "o");`;
/** Large files fill it sooner. */
const fill = 'for (var i = 0; i < 95; i++) s.write("memory.json", "x".repeat(10000) + i);';

test('after some 1,700 writes the flash is full, and is rewritten for 15 s in which the program stands still', async () => {
  const program = `${storage} var n = 0, t = getTime(); setTimeout(function() { print("timer " + (getTime() - t)) }, 1000);
    for (var i = 100; getTime() == t; i++) { s.write("memory.json", ${memory}); n++; }
    print("write " + n); print("took " + (getTime() - t));`;
  // Some thousand files are written, which a busy machine takes its time for.
  const board = await runFor(60_000, program, { storageDir, firstRunLimitMs: patience(60_000) });
  const [write, ...more] = board.prints;
  expect(Number(write?.slice('write '.length))).toBeGreaterThan(1650);
  expect(Number(write?.slice('write '.length))).toBeLessThan(1800);
  expect(more).toEqual(['took 15', 'timer 15']);
  expect(board.trace.filter(({ what }) => what === 'blocked')).toMatchObject([
    { by: 'flash', durationMs: 15_000 },
  ]);
});

test.each([
  ['one', 1],
  ['all', 0],
] as const)('a power cut while it is rewritten loses files: %s', async (cutInCompaction, left) => {
  const program = `${twoFiles} ${fill} print("never")`;
  const board = await runFor(60_000, program, { storageDir, troubles: { cutInCompaction } });
  expect(board.state).toBe('off');
  expect(board.prints).toEqual([]);
  expect(board.faults).toEqual([]);
  // The file that was being written is lost in any case.
  expect(readdirSync(storageDir)).toHaveLength(left);
});

test('the battery that goes while it is rewritten: what was being written is never there', async () => {
  const program = `${twoFiles} ${fill}`;
  const pull = (board: Board, clock: VirtualClock) => clock.later(5000, () => board.powerOff());
  const board = await runFor(60_000, program, { storageDir }, pull);
  expect(board.faults).toEqual([]);
  expect(readdirSync(storageDir).sort()).toEqual(['device.json', 'other']);
});

test('what stands there already is not written again', async () => {
  const program = `${storage} for (var i = 0; i < 200; i++) s.write("memory.json", "m".repeat(10000)); ${sleepNow}`;
  const board = await runFor(60_000, program, { storageDir });
  expect(board.trace.filter(({ what }) => what === 'storage')).toHaveLength(1);
});

test('how full the flash is outlives a sleep', async () => {
  const program = `${storage} for (var i = 0; i < 50; i++) s.write("big", "x".repeat(10000) + ESP32.getWakeupCause() + i); ESP32.deepSleep(1e6);`;
  const board = await runFor(4000, program, { storageDir });
  const boots = board.trace.filter(entry => entry.what === 'boot' && entry.program === 'running');
  const compacted = board.trace.findIndex(entry => entry.what === 'storage' && entry.op === 'compact');
  expect(boots.length).toBeGreaterThan(1);
  expect(compacted).toBeGreaterThan(board.trace.findIndex(({ what }) => what === 'sleep'));
});
