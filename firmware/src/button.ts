/** Runs the flow: its effects become calls of the chip, and what the chip says becomes its events. Chip's dialect. */
import type { Device } from './device.ts';
import type { Display } from './display.ts';
import { explain } from './explain.ts';
import { type Effect, type Event, initialState, step } from './flow/flow.ts';
import { chip, noPin, type TimerId } from './hal.ts';
import {
  brightLevel,
  dimLevel,
  restMs,
  roomToPress,
  showErrorMs,
  stayOnlineS,
  stuckButtonSleepMs,
  watchS,
  watchSwitchedS,
} from './limits.ts';
import { type Memory, readMemory, writeMemory } from './memory.ts';
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
    device.ssids,
    readMemory(),
    vitals.batteryMv,
    board.vext === noPin || chip.ESP32.lightSleep !== undefined ? watchS : watchSwitchedS,
  );
  state.relays = device.relays;
  let limit: TimerId | undefined;
  let radio: Radio; // made before the first event
  /** A finger was felt in this waking. */
  let touched = false;
  /** Nothing is done any more but to say why, and to sleep. */
  let over = false;

  function show(screen: Screen): void {
    display.light(screen.kind === 'building' && !touched ? dimLevel : brightLevel);
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

  /** The interpreter prints an uncaught exception and goes on: here it ends the waking instead. */
  function broken(error: unknown): void {
    const line = error instanceof Error ? error.message : String(error);
    over = true;
    chip.print(line);
    wait(showErrorMs, sleep);
    radio.off();
    show(explain('DEVICE', line));
  }

  /**
   * The interpreter has found no variable, has swept up in vain, and has ended what was under way without an exception: anything may be
   * missing now. A boot of its own says so, since it has them all again. The press keeps its number.
   */
  function exhausted(): void {
    over = true;
    chip.setTimeout(sleep, showErrorMs); // whatever becomes of the rest
    radio.off();
    chip.process.memory();
    const shown = { at: chip.getTime(), code: 'DEVICE' as const, line: 'Out of memory' };
    rest(restMs, Object.assign({}, state.saved, { poll: undefined, shown } satisfies Partial<Memory>));
  }

  function remember(saved: Memory): void {
    if (!writeMemory(saved)) {
      throw new Error('The flash is full');
    }
  }

  /**
   * Deep sleep, out of the radio if there was one. Ends this waking; the memory knows the rest. It is written last: the
   * interpreter has swept its variables by then.
   */
  function rest(ms: number, saved?: Memory): void {
    wait(1, () =>
      radio.leave(() => {
        if (saved !== undefined) {
          try {
            remember(saved);
          } catch (error) {
            broken(error);
            return;
          }
        }
        chip.ESP32.deepSleep(ms * 1000);
      }),
    );
  }

  /**
   * As deep a sleep as the nap allows. A picture that should stay needs the display's supply, which a switched one
   * loses in deep sleep: then the chip idles, or sleeps lightly, in a boot without a radio. A radio that was started
   * ends with a deep sleep only, and a second join in one waking may fail: so there is no light sleep after it.
   */
  function nap(ms: number, watched: boolean): void {
    const napped = () => handle({ on: 'napped' });
    const light = chip.ESP32.lightSleep;
    const costly = watched && board.vext !== noPin;
    // A build has a picture that the next boot can draw, a press that was not answered yet has none.
    const afresh = state.radio && state.poll.status !== undefined;
    if (ms < stayOnlineS * 1000 || (costly && !afresh && (state.radio || light === undefined))) {
      wait(ms, napped);
      return;
    }
    touched = false;
    if (!watched) {
      display.off();
    } else if (costly && afresh) {
      rest(restMs);
      return;
    } else {
      display.light(dimLevel);
    }
    if (light === undefined || state.radio) {
      // In the dark a finger ends a nap as a press does, but something that lies on the button must not each time.
      rest(watched || !isHeld(board) ? ms : stuckButtonSleepMs);
      return;
    }
    // Not from in here: light sleep comes back, and what is under way now has to end first.
    wait(1, () => {
      light(ms);
      restartDeadline();
      napped();
    });
  }

  /**
   * Before each connection. Nothing of the one before is needed now, and few calls are open: a good time to sweep, which the
   * interpreter does by itself only when there is no variable left.
   */
  function checkRoom(): void {
    const free = chip.process.memory().free;
    if (free < roomToPress) {
      throw new Error(`Only ${free} variables are free`);
    }
  }

  function perform(effect: Effect): void {
    switch (effect.do) {
      case 'show':
        show(effect.screen);
        break;
      case 'join':
        checkRoom();
        radio.join(state.ssids[effect.network] as string);
        break;
      case 'dial':
        radio.dial(effect.relay);
        break;
      case 'press':
        radio.press(effect.press, effect.action, effect.beaconTime, effect.repeated);
        break;
      case 'remember':
        remember(effect.saved);
        break;
      case 'radioOff':
        radio.off();
        break;
      case 'limit':
        wait(effect.ms, () => handle({ on: 'late' }));
        break;
      case 'nap':
        nap(effect.ms, effect.watched);
        break;
      case 'rest':
        rest(restMs, effect.saved);
        break;
      case 'sleep':
        wait(1, () => radio.leave(sleep));
    }
  }

  function handle(event: Event): void {
    if (over) {
      return;
    }
    // Whoever pressed looks at the display.
    touched =
      touched || ['up', 'held'].includes(event.on) || (event.on === 'wake' && event.cause !== 'timer');
    const outcome = step(state, event, chip.getTime());
    state = outcome.state;
    try {
      outcome.effects.forEach(perform);
    } catch (error) {
      broken(error);
    }
  }

  radio = makeRadio(device, vitals, handle);
  chip.E.on('errorFlag', flags => {
    if (flags.includes('MEMORY')) {
      exhausted();
    }
  });
  return handle;
}
