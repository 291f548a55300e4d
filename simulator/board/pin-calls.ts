/**
 * The pin functions that the program sees, as the ESP32 build of 2v29 has them (src/jswrap_io.c, src/jspin.c,
 * targets/esp32/jshardware.c). GPIO 0 is negated: reads, the watch's `state`, writes and pulls are all the other way round
 * (boards/ESP32.py). A pin that `pinMode` has not set is set by `digitalRead` and `digitalWrite`, each its own way.
 */
import { toInt32 } from './binary.ts';
import type { Boot } from './boot.ts';
import type { Later } from './options.ts';
import type { Level, Pins, Pull } from './pins.ts';
import { chipFunction } from './surface.ts';

/** GPIOs of the ESP32. 20, 24 and 28 to 31 do not exist, 6 to 11 belong to the flash chip. */
const existing = new Set([
  0, 1, 2, 3, 4, 5, 12, 13, 14, 15, 16, 17, 18, 19, 21, 22, 23, 25, 26, 27, 32, 33, 34, 35, 36, 37, 38, 39,
]);

/** Input only, no pulls (data sheet of the ESP32, section 2.2). */
const firstInputOnly = 34;

/** From here on the pins have the analogue converter that Espruino uses (boards/ESP32.py, ADC1). */
const firstAnalog = 32;

/** boards/ESP32.py: PD0 is NEGATED, since 2v26. It is BTN1 too, whose watch has a debounce of its own. */
const negated = new Set([0]);
const buttonPin = 0;
const buttonDebounceMs = 25;

const modes = ['input', 'input_pullup', 'input_pulldown', 'output', 'analog'];

/** JSHPINSTATE_ADC_IN has no case in 2v29's jshPinSetState. */
const noAnalogMode = 'ERROR: jshPinSetState: Unexpected state: 7';

const other = (level: Level): Level => (level === 1 ? 0 : 1);
const seenAs = (pin: number, level: Level): Level => (negated.has(pin) ? other(level) : level);

/** What the program's pin functions stand on. */
export interface PinWorld {
  pins: Pins;
  /** The program's clock, in seconds. */
  nowS: () => number;
  readMv: (pin: number) => number;
  converter: Converter;
  later: Later;
  print: (text: string) => void;
}

/** The analogue converter: millivolts at the pin = offset + step × raw (ESP-IDF's own calibration; chips vary). */
export interface Converter {
  offsetMv: number;
  stepMv: number;
}

/** The 11 dB range as ESP-IDF's tables have it for a chip in the middle. */
export const usualConverter: Converter = { offsetMv: 142, stepMv: 0.8057 };

const converterSteps = 4096;

/** The functions, for {@link Boot}. */
export function pinCalls(boot: Boot, { pins, nowS, readMv, converter, later, print }: PinWorld): object {
  /** Pins that `pinMode` has set: reading and writing leaves their mode alone. */
  const manual = new Set<number>();
  /** The level that the pin gets, or would get, as an output: on the wire. */
  const latches = new Map<number, Level>();
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

  /** What the mode asks for, the other way round on a negated pin; pads without pulls have none. */
  function pullOf(pin: number, mode: string): Pull | undefined {
    if (pin >= firstInputOnly || (mode !== 'input_pullup' && mode !== 'input_pulldown')) return undefined;
    return (mode === 'input_pullup') === negated.has(pin) ? 'down' : 'up';
  }

  function setMode(pin: number, mode: string): void {
    if (mode === 'analog' && !later.analogMode) {
      print(noAnalogMode);
      return;
    }
    pins.drive(pin, mode === 'output' ? (latches.get(pin) ?? 0) : undefined);
    pins.pull(pin, pullOf(pin, mode));
  }

  function read(pin: number): Level {
    if (!manual.has(pin)) setMode(pin, 'input');
    return seenAs(pin, pins.digital(pin));
  }

  return {
    pinMode(pin: unknown, asked: unknown) {
      const mode = String(asked);
      if (!modes.includes(mode)) {
        boot.notSimulated(`chip.pinMode with mode ${mode}`);
      }
      const number = mode === 'output' ? checkedOutput('pinMode', pin) : checked('pinMode', pin);
      manual.add(number);
      setMode(number, mode);
    },
    digitalWrite(pin: unknown, level: unknown) {
      const number = checkedOutput('digitalWrite', pin);
      latches.set(number, seenAs(number, level ? 1 : 0));
      if (!manual.has(number)) setMode(number, 'output');
      else if (pins.driven.has(number)) pins.drive(number, latches.get(number));
    },
    digitalRead: (pin: unknown) => read(checked('digitalRead', pin)),
    analogRead(pin: unknown) {
      const number = checked('analogRead', pin);
      if (number < firstAnalog) return Number.NaN;
      const millivolts = readMv(number);
      boot.trace({ what: 'analog', pin: number, millivolts });
      const raw = Math.round((millivolts - converter.offsetMv) / converter.stepMv);
      return Math.min(converterSteps - 1, Math.max(0, raw)) / converterSteps;
    },
    peek32(address: unknown) {
      return pins.peekRtc(Number(address)) ?? boot.notSimulated(`chip.peek32(${String(address)})`);
    },
    poke32(address: unknown, value: unknown) {
      if (!pins.pokeRtc(Number(address), Number(value))) {
        boot.notSimulated(`chip.poke32(${String(address)})`);
      }
    },
    setWatch(callback: unknown, pin: unknown, options: unknown) {
      const number = checked('setWatch', pin);
      const o = options as { edge?: unknown; repeat?: unknown; debounce?: unknown } | undefined;
      const edge = o?.edge ?? 'both';
      if (typeof o !== 'object' || !['rising', 'falling', 'both'].includes(String(edge))) {
        boot.notSimulated('chip.setWatch without {edge: "rising", "falling" or "both"}');
      }
      const usualDebounce = number === buttonPin ? buttonDebounceMs : 0;
      const call = chipFunction(boot, callback);
      const settled = read(number);
      // jshPinWatch makes it an input with the real pull-up, on a negated pin too.
      pins.drive(number, undefined);
      if (number < firstInputOnly) pins.pull(number, 'up');
      watch(boot, pins, number, {
        call,
        edge: String(edge),
        repeat: Boolean(o?.repeat),
        debounceMs: o?.debounce === undefined ? usualDebounce : Math.max(0, toInt32(o.debounce)),
        settled,
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
  /** What the program saw of the pin when it asked for the watch. */
  settled: Level;
  nowS: () => number;
}

/**
 * Without debounce every edge counts. With it, the pin must be quiet for so long and end at another level
 * than before; the event's time is that of its last edge.
 */
function watch(boot: Boot, pins: Pins, pin: number, w: Watch): void {
  let { settled } = w;
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

  const stop = pins.watch((changed, wire) => {
    if (changed !== pin) {
      return;
    }
    const level = seenAs(pin, wire);
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
