/** Runs the flow: its effects become calls of the chip, and what the chip says becomes its events. Chip's dialect. */
import type { Device } from './device.ts';
import type { Display } from './display.ts';
import { explain } from './explain.ts';
import { type Effect, type Event, initialState, type State, step } from './flow.ts';
import { chip, type TimerId } from './hal.ts';
import { showErrorMs } from './limits.ts';
import { readMemory, writeMemory } from './memory.ts';
import { batteryMv } from './pins.ts';
import { makeRadio, msSince, type Radio, type Vitals } from './radio.ts';

/**
 * Makes the button's life from one waking to the next sleep.
 * @param startedAt getTime() at the program's start.
 * @param sleep goes to deep sleep; never returns.
 * @returns the function that takes the events from outside: the waking and the presses.
 */
export function runButton(
  device: Device,
  display: Display,
  startedAt: number,
  sleep: () => void,
): (event: Event) => void {
  // The battery is read before the radio draws its current.
  const vitals: Vitals = { batteryMv: batteryMv(device.board), bootMs: 0 };
  let state: State = initialState(
    device.button,
    device.wifi.map(network => network.ssid),
    readMemory(),
  );
  let limit: TimerId | undefined;
  let radio: Radio | undefined;

  function wait(ms: number, over: () => void): void {
    if (limit !== undefined) {
      chip.clearTimeout(limit);
      limit = undefined;
    }
    if (ms > 0) {
      limit = chip.setTimeout(over, ms);
    }
  }

  function perform(effect: Effect): void {
    switch (effect.do) {
      case 'show':
        display.show(effect.view);
        // For a person at the serial console, and for the simulator.
        chip.print(`view ${JSON.stringify(effect.view)}`);
        vitals.bootMs = vitals.bootMs || msSince(startedAt);
        break;
      case 'join':
        radio?.join(effect.network);
        break;
      case 'dial':
        radio?.dial();
        break;
      case 'press':
        radio?.press(effect.press, effect.time, effect.repeated);
        break;
      case 'remember':
        if (!writeMemory(effect.memory)) {
          throw new Error('The flash is full');
        }
        break;
      case 'radioOff':
        radio?.off();
        break;
      case 'limit':
        wait(effect.ms, () => handle({ on: 'late' }));
        break;
      case 'sleep':
        sleep();
    }
  }

  /** The interpreter prints an uncaught exception and goes on: here it ends the waking instead. */
  function stumble(error: unknown): void {
    const line = error instanceof Error ? error.message : String(error);
    chip.print(line);
    wait(showErrorMs, sleep);
    radio?.off();
    display.show(explain({ code: 'DEVICE', line }));
  }

  function handle(event: Event): void {
    const outcome = step(state, event);
    state = outcome.state;
    try {
      for (const effect of outcome.effects) {
        perform(effect);
      }
    } catch (error) {
      stumble(error);
    }
  }

  radio = makeRadio(device, vitals, handle);
  return handle;
}
