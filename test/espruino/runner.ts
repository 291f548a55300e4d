/**
 * Runs the firmware on the real interpreter: from its flash, as on the chip, after a prelude that stands in for
 * what the Linux build lacks. One run is one waking; running again in the same folder is the next one.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { type ChipEvent, eventOf } from './events.ts';
import { prelude, readStorage, writeStorage } from './flash.ts';

export interface RunOptions {
  /** The interpreter. */
  binary: string;
  /** The compiled program. */
  bundle: string;
  /** Folder for the flash; what it holds survives from run to run. */
  dir: string;
  /** Files to write to Storage before the program starts. */
  storage?: Record<string, string>;
  /** 0 power-on (default), 2 the button, 4 the timer. */
  wakeCause?: 0 | 2 | 4;
  /** Networks in reach. Default: none. */
  wifi?: { ssid: string; password: string }[];
  /** Time a join takes, successful or not. Default 20 ms. */
  joinMs?: number;
  /** The chip's clock is ahead of the computer's by so many seconds: time that a test does not wait for. Default 0. */
  laterS?: number;
  /** The finger that wakes the board stays on the button at this pin for so long. Default: it is gone already. */
  finger?: { pin: number; ms: number };
  /** What analogRead gives, by pin. */
  analog?: Record<number, number>;
  /** How often the memory is looked at besides at each I²C transaction. Default 50 ms. */
  sampleMs?: number;
  /** The process is killed then. Default 20 s. */
  timeoutMs?: number;
  /** Told of each event as it comes. */
  onEvent?: (event: ChipEvent) => void;
}

export interface Run {
  events: ChipEvent[];
  /** What the program printed, and what the interpreter complained about. */
  lines: string[];
  /** The I²C transactions. */
  transactions: { address: number; bytes: Uint8Array }[];
  /** `slept`: the program went to deep sleep; `ended`: the interpreter ended without; else it was stopped. */
  end: 'slept' | 'ended' | 'timeout' | 'stopped';
  /** With `slept`: what for. `pin 0 0`, or `timer` and microseconds. */
  sleep?: string;
  /** Files in Storage afterwards. */
  storage: Record<string, string>;
  /** Variables in use: before the program started, and the most that were seen. */
  memory: { before: number; peak: number; samples: number[] };
}

export interface Running {
  /** A finger on the button at this pin, for so long. */
  press(pin: number, ms?: number): void;
  /** Pulls the battery. */
  stop(): void;
  done: Promise<Run>;
}

const defaults = { timeoutMs: 20_000, joinMs: 20, sampleMs: 50, pressMs: 100 };

/** Starts the program; see {@link runOnInterpreter} to wait for its end at once. */
export function startOnInterpreter(options: RunOptions): Running {
  const { binary, dir, wakeCause = 0, wifi = [], analog = {}, laterS = 0, finger } = options;
  const { joinMs = defaults.joinMs, sampleMs = defaults.sampleMs } = options;
  mkdirSync(dir, { recursive: true });
  writeStorage(binary, dir, {
    ...options.storage,
    '.world': JSON.stringify({
      ...{ wakeCause, networks: wifi, joinMs, sampleMs, analog, laterS },
      ...{ buttonPin: finger?.pin, fingerMs: finger?.ms ?? 0 },
    }),
    // The interpreter starts these two by itself, in this order, and runs them from flash.
    '.boot0': prelude(),
    '.bootcde': options.bundle,
  });
  const child = spawn(resolve(binary), ['-e', ''], { cwd: dir, stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.on('error', () => {}); // the process may be gone while a finger is still on the button
  const type = (text: string) => child.stdin.write(`${text}\n`);
  let ended: Run['end'] = 'ended';
  const kill = (why: Run['end']) => {
    ended = why;
    child.kill('SIGKILL');
  };
  return {
    press(pin, ms = defaults.pressMs) {
      type(`outside(${pin},0)`);
      setTimeout(() => type(`outside(${pin},1)`), ms).unref();
    },
    stop: () => kill('stopped'),
    done: follow(child, options, kill, () => ended),
  };
}

/** Runs the program until it sleeps, ends or takes too long. */
export function runOnInterpreter(options: RunOptions): Promise<Run> {
  return startOnInterpreter(options).done;
}

async function follow(
  child: ChildProcess,
  options: RunOptions,
  kill: (why: Run['end']) => void,
  ended: () => Run['end'],
): Promise<Run> {
  const { binary, dir, timeoutMs = defaults.timeoutMs, onEvent } = options;
  const events: ChipEvent[] = [];
  const limit = setTimeout(() => kill('timeout'), timeoutMs);
  const orphaned = () => child.kill('SIGKILL');
  process.once('exit', orphaned);
  const closed = new Promise<void>((done, failed) => {
    child.once('error', failed);
    child.once('close', () => done());
  });
  const take = (line: string) => {
    const event = eventOf(line);
    if (event) {
      events.push(event);
      onEvent?.(event);
    }
  };
  let rest = '';
  if (child.stdout) {
    child.stdout.setEncoding('latin1');
    child.stdout.on('data', (text: string) => {
      const lines = (rest + text).split(/\r?\n/);
      rest = lines.pop() ?? '';
      lines.forEach(take);
    });
  }
  try {
    await closed;
  } finally {
    clearTimeout(limit);
    process.off('exit', orphaned);
  }
  if (ended() === 'ended') {
    take(rest); // when it was killed, what it was about to say is cut off
  }
  return summary(events, ended(), readStorage(binary, dir));
}

function summary(events: ChipEvent[], end: Run['end'], storage: Record<string, string>): Run {
  const sleep = events.find(event => event.what === 'sleep')?.how;
  const samples = events.flatMap(event => (event.what === 'memory' ? [event.usage] : []));
  return {
    events,
    lines: events.flatMap(event => (event.what === 'line' ? [event.text] : [])),
    transactions: events.flatMap(event => (event.what === 'i2c' ? [event] : [])),
    end: sleep === undefined ? end : 'slept',
    ...(sleep === undefined ? {} : { sleep }),
    storage,
    memory: { before: samples[0] ?? 0, peak: Math.max(0, ...samples), samples },
  };
}
