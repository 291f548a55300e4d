/** Wakings of the button on the real interpreter, with the compiled bundle, at a lab's relay. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { hotspot } from '../../cli/demo/site.ts';
import type { DeviceFile } from '../../firmware/src/device.ts';
import type { Memory } from '../../firmware/src/memory.ts';
import type { View } from '../../firmware/src/view.ts';
import { compiledBundle, type Lab, type LabOptions, startLab } from '../e2e/lab.ts';
import type { ChipEvent } from './events.ts';
import { interpreter } from './interpreter.ts';
import { type Run, type RunOptions, startOnInterpreter } from './runner.ts';
import { follower, oneFinger, type Script, viewIn } from './script.ts';
import { expectRoom } from './variables.ts';

export const button = 'house-01';
/** On a Heltec WiFi Kit 32. */
export const buttonPin = 0;

/** Test cases of one file run side by side: each lab's clusters get addresses of their own. */
let labs = 0;

/** Runs a test with a lab of its own. */
export async function withLab<T>(options: LabOptions, test: (lab: Lab) => Promise<T>): Promise<T> {
  labs++;
  const worker = Number(process.env.VITEST_POOL_ID ?? 0) % 50;
  const addressPool = `127.${130 + worker}.${labs}.0/24`;
  const lab = await startLab({ ...options, platform: { addressPool, ...options.platform } });
  try {
    await lab.provisioner?.whenOnline(5000);
    return await test(lab);
  } finally {
    await lab.close();
  }
}

export interface Waking extends Partial<RunOptions> {
  script?: Script;
  /** Changes device.json before this waking; undefined: there is none. */
  device?: (file: DeviceFile) => object | string | undefined;
  /** What the interpreter complains of, which the program cannot help. Default: a socket that cannot be had. */
  complaint?: RegExp;
  /** Pulls the battery at this event. */
  until?: (event: ChipEvent) => boolean;
}

export interface Woken extends Run {
  views: View[];
  /** memory.json afterwards. */
  remembered: Memory | undefined;
}

/** The button's device.json, as enrolling it has left it. */
export function deviceOf(lab: Lab): DeviceFile {
  return JSON.parse(readFileSync(join(lab.site.flashOf(button), 'device.json'), 'utf8'));
}

/**
 * One waking, by the button unless it says otherwise, until its script ends it or the program sleeps. What is
 * in flash stays from one to the next. The script has to be done to its end, nothing may be complained of, and
 * the variables have to be enough.
 */
export async function wake(
  lab: Lab,
  { script = [], device, until, complaint = /^ERROR: Connect failed/, ...options }: Waking = {},
): Promise<Woken> {
  const file = device ? device(deviceOf(lab)) : deviceOf(lab);
  const text = typeof file === 'object' ? JSON.stringify(file) : file;
  const todo = follower(script);
  const finger = oneFinger(ms => running.press(buttonPin, ms), options.finger?.ms);
  const running = startOnInterpreter({
    binary: interpreter ?? '',
    bundle: await compiledBundle(),
    dir: join(lab.site.dir, 'interpreter'),
    storage: text === undefined ? {} : { 'device.json': text },
    wakeCause: 2,
    wifi: [hotspot],
    timeoutMs: 40_000,
    onEvent: event => {
      const view = event.what === 'line' ? viewIn(event.text) : undefined;
      const deed = view && todo.take(view);
      if (deed === 'stop' || until?.(event)) {
        running.stop();
      } else if (deed === 'press' || deed === 'hold') {
        finger(deed);
      }
    },
    ...options,
  });
  const run = await running.done;
  const told = run.lines.join('\n');
  expect(todo.isOver(), told).toBe(true);
  expect(run.lines.filter(line => !viewIn(line) && !complaint.test(line))).toEqual([]);
  expectRoom(run);
  const memory = run.storage['memory.json'];
  return {
    ...run,
    views: run.lines.flatMap(line => viewIn(line) ?? []),
    remembered: memory === undefined ? undefined : JSON.parse(memory),
  };
}
