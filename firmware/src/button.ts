/** Runs the flow: its effects become calls of the chip, and what the chip says becomes its events. Chip's dialect. */
import { noPin } from './boards.ts';
import type { Device } from './device.ts';
import type { Display } from './display.ts';
import { explain } from './explain.ts';
import { type Effect, type Event, initialState, step } from './flow/flow.ts';
import { chip, type TimerId } from './hal.ts';
import { showErrorMs, stayOnlineS, stuckButtonSleepMs, watchS, watchSwitchedS } from './limits.ts';
import { readMemory, writeMemory } from './memory.ts';
import { batteryMv, isHeld } from './pins.ts';
import { makeRadio, msSince, type Radio, type Vitals } from './radio.ts';
import type { Screen } from './view.ts';

/**
 * Makes the button's life from one waking to the next sleep.
 * @param startedAt getTime() at the program's start.
 * @param sleep goes to deep sleep until the next press; never returns.
 * @param restartDeadline is called after a light sleep: the time slept is not time awake.
 * @returns the function that takes the events from outside: the waking and the finger.
 */
export function runButton(
  device: Device,
  display: Display,
  startedAt: number,
  sleep: () => void,
  restartDeadline: () => void,
): (event: Event) => void {
  const board = device.board;
  // The battery is read before the radio draws its current.
  const vitals: Vitals = { batteryMv: batteryMv(board), bootMs: 0 };
  let state = initialState(
    device.button,
    device.wifi.map(network => network.ssid),
    readMemory(),
    vitals.batteryMv,
    board.vext === noPin || chip.ESP32.lightSleep !== undefined ? watchS : watchSwitchedS,
  );
  let limit: TimerId | undefined;
  let radio: Radio; // made before the first event

  function show(screen: Screen): void {
    display.show(Object.assign({ batteryMv: vitals.batteryMv }, screen));
    // For a person at the serial console, and for the simulator.
    chip.print(`view ${JSON.stringify(screen)}`);
    vitals.bootMs = vitals.bootMs || msSince(startedAt);
  }

  function wait(ms: number, over: () => void): void {
    if (limit !== undefined) {
      chip.clearTimeout(limit);
      limit = undefined;
    }
    if (ms > 0) {
      limit = chip.setTimeout(over, ms);
    }
  }

  /**
   * As deep a sleep as the nap allows. A picture that should stay needs the display's supply, which a switched
   * one loses in deep sleep: then the chip idles. A deep sleep ends this waking; the memory knows the rest.
   */
  function nap(ms: number, watched: boolean): void {
    const napped = () => handle({ on: 'napped' });
    const light = chip.ESP32.lightSleep;
    if (ms < stayOnlineS * 1000 || (watched && board.vext !== noPin && light === undefined)) {
      wait(ms, napped);
      return;
    }
    if (!watched) {
      display.off();
    }
    // Not from in here: light sleep comes back, and what is under way now has to end first.
    wait(1, () => {
      if (light === undefined) {
        // In the dark a finger ends a nap as a press does, but something that lies on the button must not each time.
        chip.ESP32.deepSleep((watched || !isHeld(board) ? ms : stuckButtonSleepMs) * 1000);
      } else {
        light(ms);
        restartDeadline();
        napped();
      }
    });
  }

  function perform(effect: Effect): void {
    switch (effect[0]) {
      case 'show':
        show(effect[1]);
        break;
      case 'join':
        radio.join(state.ssids[effect[1]] as string);
        break;
      case 'dial':
        radio.dial();
        break;
      case 'press':
        radio.press(effect[1], effect[2], effect[3], effect[4]);
        break;
      case 'remember':
        if (!writeMemory(effect[1])) {
          throw new Error('The flash is full');
        }
        break;
      case 'radioOff':
        radio.off();
        break;
      case 'limit':
        wait(effect[1], () => handle({ on: 'late' }));
        break;
      case 'nap':
        nap(effect[1], effect[2]);
        break;
      case 'sleep':
        wait(1, sleep);
    }
  }

  function handle(event: Event): void {
    const outcome = step(state, event, chip.getTime());
    state = outcome.state;
    try {
      outcome.effects.forEach(perform);
    } catch (error) {
      // The interpreter prints an uncaught exception and goes on: here it ends the waking instead.
      const line = error instanceof Error ? error.message : String(error);
      chip.print(line);
      wait(showErrorMs, sleep);
      radio.off();
      show(explain('DEVICE', line));
    }
  }

  radio = makeRadio(device, vitals, handle);
  return handle;
}
