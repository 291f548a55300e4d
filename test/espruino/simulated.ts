/** The same waking on the simulated board, told in the same events as the interpreter's. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hotspot } from '../../cli/demo/site.ts';
import { Board } from '../../simulator/board/board.ts';
import { compiledBundle, type Lab } from '../e2e/lab.ts';
import type { ChipEvent } from './events.ts';
import { deviceOf, type Waking } from './journey.ts';
import { follower, oneFinger, viewIn } from './script.ts';

const heltecPins = { vext: 21, battery: 37 };
const limitMs = 40_000;

export type SimulatedWaking = Pick<Waking, 'script' | 'device' | 'until' | 'wifi'> & {
  /** False: the battery is put in. Default: a finger wakes it. */
  pressed?: boolean;
  batteryMv?: number;
};

/** Runs it to the end of its script or to its sleep: I²C transactions, console lines and the sleep. */
export async function simulate(
  lab: Lab,
  { script = [], device, until, wifi = [hotspot], pressed = true, batteryMv = 0 }: SimulatedWaking,
): Promise<ChipEvent[]> {
  const storageDir = join(lab.site.dir, 'simulated');
  const file = device ? device(deviceOf(lab)) : deviceOf(lab);
  mkdirSync(storageDir, { recursive: true });
  if (file !== undefined) {
    writeFileSync(join(storageDir, 'device.json'), typeof file === 'string' ? file : JSON.stringify(file));
  }
  const bundle = await compiledBundle();
  const board = new Board({ bundle, storageDir, networks: wifi, joinMs: 20, pins: heltecPins, batteryMv });
  const events: ChipEvent[] = [];
  const todo = follower(script);
  const finger = oneFinger(ms => board.press(ms));
  await new Promise<void>((done, failed) => {
    setTimeout(() => failed(new Error('The simulated board came to no end')), limitMs).unref();
    const take = (event: ChipEvent) => {
      events.push(event);
      const view = event.what === 'line' ? viewIn(event.text) : undefined;
      const deed = view && todo.take(view);
      if (deed === 'press' || deed === 'hold') finger(deed);
      if (deed === 'stop' || until?.(event) || event.what === 'sleep') setImmediate(done);
    };
    const write = board.display.write.bind(board.display);
    board.display.write = bytes => {
      // The trace has its address by now or in a moment: see below.
      take({ what: 'i2c', address: 0, bytes: Uint8Array.from(bytes) });
      return write(bytes);
    };
    board.on('print', text => take({ what: 'line', text }));
    board.on('fault', fault => failed(new Error(fault.message)));
    board.on('sleep', sleep => {
      const how =
        sleep.kind === 'pin' ? `pin ${sleep.pin} ${sleep.level}` : `timer ${sleep.durationMs * 1000}`;
      if (events.length > 0) take({ what: 'sleep', how });
      // It came from a drawer, asleep.
      else board.press();
    });
    if (pressed) board.shelve();
    else board.powerOn();
  });
  board.removeAllListeners();
  board.powerOff();
  const sent = board.trace.flatMap(entry => (entry.what === 'i2c' ? [entry.address] : []));
  return events.map(event => (event.what === 'i2c' ? { ...event, address: sent.shift() ?? 0 } : event));
}
