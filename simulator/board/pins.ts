/** GPIO: what the program drives, what the world drives, and who watches. */

import { toInt32 } from './binary.ts';
import type { Boot } from './boot.ts';
import { chipFunction } from './surface.ts';

type Level = 0 | 1;

/** GPIOs of the ESP32. 20, 24 and 28 to 31 do not exist, 6 to 11 belong to the flash chip. */
const existing = new Set([
  0, 1, 2, 3, 4, 5, 12, 13, 14, 15, 16, 17, 18, 19, 21, 22, 23, 25, 26, 27, 32, 33, 34, 35, 36, 37, 38, 39,
]);

/** Input only, no pull-up (data sheet of the ESP32, section 2.2). */
const firstInputOnly = 34;

const modes = ['input', 'input_pullup', 'output', 'analog'];

/** The board's wires: they outlive a boot. */
export class Pins {
  /** Pins the program drives. */
  readonly driven = new Map<number, Level>();
  readonly #outside = new Map<number, Level>();
  readonly #watchers = new Set<(pin: number, level: Level) => void>();
  /** Called when the level of a pin changed. */
  onChange: ((pin: number, level: Level, by: 'program' | 'world') => void) | undefined;

  /** A pin nobody drives is high: button and reset have resistors to the supply. */
  level(pin: number): Level {
    return this.driven.get(pin) ?? this.#outside.get(pin) ?? 1;
  }

  /** A finger, or anything else outside of the chip. */
  setOutside(pin: number, level: Level): void {
    this.#change(pin, 'world', () => this.#outside.set(pin, level));
  }

  drive(pin: number, level: Level | undefined): void {
    this.#change(pin, 'program', () => {
      if (level === undefined) {
        this.driven.delete(pin);
      } else {
        this.driven.set(pin, level);
      }
    });
  }

  watch(watcher: (pin: number, level: Level) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  #change(pin: number, by: 'program' | 'world', change: () => void): void {
    const before = this.level(pin);
    const wasDriven = this.driven.has(pin);
    change();
    const after = this.level(pin);
    if (before !== after || wasDriven !== this.driven.has(pin)) {
      this.onChange?.(pin, after, by);
    }
    if (before !== after) {
      for (const watcher of [...this.#watchers]) {
        watcher(pin, after);
      }
    }
  }
}

/** The pin functions that the program sees. `nowS` is its clock. */
export function pinCalls(
  boot: Boot,
  pins: Pins,
  nowS: () => number,
  readMv: (pin: number) => number,
): object {
  let lastWatch = 0;

  function checked(call: string, pin: unknown): number {
    if (typeof pin !== 'number' || !existing.has(pin)) {
      return boot.notSimulated(`chip.${call} on pin ${String(pin)}`);
    }
    return pin;
  }

  function checkedOutput(call: string, pin: unknown): number {
    const number = checked(call, pin);
    return number >= firstInputOnly ? boot.notSimulated(`chip.${call} on input-only pin ${number}`) : number;
  }

  return {
    pinMode(pin: unknown, mode: unknown) {
      if (!modes.includes(String(mode))) {
        boot.notSimulated(`chip.pinMode with mode ${String(mode)}`);
      }
      const number = mode === 'output' ? checkedOutput('pinMode', pin) : checked('pinMode', pin);
      if (mode !== 'output') {
        pins.drive(number, undefined);
      } else if (!pins.driven.has(number)) {
        pins.drive(number, 0);
      }
    },
    digitalWrite(pin: unknown, level: unknown) {
      pins.drive(checkedOutput('digitalWrite', pin), level ? 1 : 0);
    },
    digitalRead: (pin: unknown) => pins.level(checked('digitalRead', pin)),
    analogRead(pin: unknown) {
      const number = checked('analogRead', pin);
      const millivolts = readMv(number);
      boot.trace({ what: 'analog', pin: number, millivolts });
      // 12 bits over the supply's 3.3 V.
      return Math.min(4095, Math.round((millivolts / 3300) * 4095)) / 4095;
    },
    setWatch(callback: unknown, pin: unknown, options: unknown) {
      const number = checked('setWatch', pin);
      const o = options as { edge?: unknown; repeat?: unknown; debounce?: unknown } | undefined;
      const edge = o?.edge ?? 'both';
      if (typeof o !== 'object' || !['rising', 'falling', 'both'].includes(String(edge))) {
        boot.notSimulated('chip.setWatch without {edge: "rising", "falling" or "both"}');
      }
      watch(boot, pins, number, {
        call: chipFunction(boot, callback),
        edge: String(edge),
        repeat: Boolean(o?.repeat),
        debounceMs: Math.max(0, toInt32(o?.debounce)),
        nowS,
      });
      return ++lastWatch;
    },
  };
}

interface Watch {
  call: (event: { state: boolean; time: number; lastTime: number | undefined; pin: number }) => void;
  edge: string;
  repeat: boolean;
  debounceMs: number;
  nowS: () => number;
}

/**
 * Without debounce every edge counts. With it, the pin must be quiet for so long and end at another level
 * than before; the event's time is that of its last edge.
 */
function watch(boot: Boot, pins: Pins, pin: number, w: Watch): void {
  let settled = pins.level(pin);
  let lastTime: number | undefined;
  let cancel: (() => void) | undefined;

  function tell(level: Level, time: number): void {
    settled = level;
    const previous = lastTime;
    lastTime = time;
    if (w.edge === 'both' || (w.edge === 'rising') === (level === 1)) {
      if (!w.repeat) {
        stop();
      }
      boot.run(() => w.call({ state: level === 1, time, lastTime: previous, pin }));
    }
  }

  const stop = pins.watch((changed, level) => {
    if (changed !== pin) {
      return;
    }
    const time = w.nowS();
    if (w.debounceMs === 0) {
      boot.later(0, () => tell(level, time));
      return;
    }
    cancel?.();
    cancel = boot.later(w.debounceMs, () => {
      cancel = undefined;
      if (level !== settled) {
        tell(level, time);
      }
    });
  });
  boot.onDeath(stop);
}
