/** A board that is made anew at each of its sleeps goes the way of one that is not: what a page does, whose workers live for one boot. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Frozen } from '../../../simulator/board/asleep.ts';
import { Board } from '../../../simulator/board/board.ts';
import type { TraceEntry } from '../../../simulator/board/trace.ts';
import { VirtualClock } from '../../../simulator/board/virtual-clock.ts';
import { wiringOf } from '../../../simulator/board/wiring.ts';
import { builtFirmware } from '../../fixtures/programs.ts';

let storageDir = '';
beforeEach(() => {
  storageDir = mkdtempSync(join(tmpdir(), 'frozen-'));
});
afterEach(() => rmSync(storageDir, { recursive: true, force: true }));

/** Sleeps by time, three times, then by its button; counts in flash and in a variable; draws, and leaves the picture there. */
const counting = `
  var seen = (require("Storage").readJSON("n", true) || 0) + 1, left;
  require("Storage").write("n", String(seen));
  print("boot " + seen + ", left " + typeof left + ", cause " + ESP32.getWakeupCause() + ", " + Math.round(getTime()) + " s");
  I2C1.setup({sda: 4, scl: 15, bitrate: 400000});
  I2C1.writeTo(60, [0, 0x8d, 0x14, 0xaf]);
  I2C1.writeTo(60, [0x40, seen]);
  left = 1;
  setTimeout(function() { print("pin " + digitalRead(0)); if (seen < 4) ESP32.deepSleep(7e6); else ESP32.deepSleepExt0(0, 0); }, 500);`;

interface Way {
  trace: TraceEntry[];
  prints: string[];
  frame: string;
}

type Options = Partial<ConstructorParameters<typeof Board>[0]>;

/** Whether each sleep ends a board and makes a new one of what is left. */
async function walk(anew: boolean, options: Options, ms: number, fingerAtMs: number): Promise<Way> {
  const dir = mkdtempSync(join(storageDir, anew ? 'anew-' : 'on-'));
  const clock = new VirtualClock();
  const way: Way = { trace: [], prints: [], frame: '' };
  const make = (frozen?: Frozen): Board => {
    const mine = new Board(
      { bundle: counting, storageDir: dir, networks: [], clock, ...options },
      // What a page keeps, it keeps as text.
      frozen && JSON.parse(JSON.stringify(frozen)),
    );
    mine.on('print', text => way.prints.push(text));
    mine.on('sleep', () => {
      if (!anew) return;
      const left = mine.freeze();
      way.trace.push(...mine.trace);
      board = make(left);
      board.thaw(left);
    });
    return mine;
  };
  let board = make();
  clock.later(fingerAtMs, () => board.down());
  clock.later(fingerAtMs + 100, () => board.up());
  board.powerOn();
  await clock.advance(ms);
  expect(board.faults).toEqual([]);
  way.trace.push(...board.trace);
  way.frame = board.frame().pixels.join('');
  board.powerOff();
  return way;
}

test('a program that sleeps by time and by its button', async () => {
  const [on, anew] = [await walk(false, {}, 60_000, 40_000), await walk(true, {}, 60_000, 40_000)];
  expect(anew).toEqual(on);
  // The pad that woke it stays with the RTC: it reads as the negated 0.
  expect(on.prints.filter(line => line.startsWith('pin'))).toEqual([
    'pin 0',
    'pin 0',
    'pin 0',
    'pin 0',
    'pin 1',
  ]);
  expect(on.prints.filter(line => line.startsWith('boot'))).toEqual([
    'boot 1, left undefined, cause 0, 0 s',
    'boot 2, left undefined, cause 4, 8 s',
    'boot 3, left undefined, cause 4, 15 s',
    'boot 4, left undefined, cause 4, 23 s',
    'boot 5, left undefined, cause 2, 40 s',
  ]);
});

test('the firmware without a device.json: its error, its sleep, a finger in the middle of it', async () => {
  const firmware = { bundle: builtFirmware(), ...wiringOf('firebeetle-2-esp32-e') };
  const [on, anew] = [
    await walk(false, firmware, 120_000, 70_000),
    await walk(true, firmware, 120_000, 70_000),
  ];
  expect(anew).toEqual(on);
  expect(on.trace.filter(entry => entry.what === 'boot' && entry.program === 'running').length).toBe(2);
});

test('a board that is awake is not frozen', () => {
  const board = new Board({ bundle: '', storageDir, networks: [] });
  board.powerOn();
  expect(() => board.freeze()).toThrow('A board that is awake cannot be frozen');
  board.powerOff();
});
