/** What the program sees of a chip object: the calls that are simulated, and a clear error for all others. */
import type { Boot } from './boot.ts';

/**
 * Names of the chip's API that 2v29 lacks: the program may look for them (`typeof`) and must find nothing.
 * ESP32.lightSleep and getWakeupPin came later; `then` is asked of anything given to a Promise.
 */
const absent = new Set(['chip.ESP32.lightSleep', 'chip.ESP32.getWakeupPin']);

/** Asked by JavaScript itself (a Promise, JSON, a template literal), never by a program for its own sake. */
const askedByLanguage = new Set<PropertyKey>(['then', 'toJSON', 'toString', 'valueOf', 'constructor']);

/**
 * Wraps `calls` so that each use is checked against the life of the program, and anything that is not
 * there throws "`path`.name is not simulated".
 */
export function surface<T extends object>(boot: Boot, path: string, calls: T): T {
  const wrapped = new Map<PropertyKey, unknown>();
  return new Proxy(calls, {
    get(target, key) {
      if (typeof key === 'symbol') {
        return undefined;
      }
      const name = `${path}.${key}`;
      if (!Object.hasOwn(target, key)) {
        if (absent.has(name) || askedByLanguage.has(key)) {
          return undefined;
        }
        boot.touch(name);
        boot.notSimulated(name);
      }
      const value = Reflect.get(target, key) as unknown;
      if (typeof value !== 'function') {
        boot.touch(name);
        return value;
      }
      let call = wrapped.get(key);
      if (!call) {
        call = (...args: unknown[]) => {
          boot.touch(name);
          return value(...args);
        };
        wrapped.set(key, call);
      }
      return call;
    },
    set(_target, key) {
      return boot.notSimulated(`Setting ${path}.${String(key)}`);
    },
  });
}

/** The text, if it is one that fits the chip's 8-bit strings; anything else stops the program. */
export function chipString(boot: Boot, call: string, value: unknown): string {
  if (typeof value !== 'string') {
    return boot.notSimulated(`${call} with ${value === null ? 'null' : typeof value} for a string`);
  }
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code > 0xff) {
      boot.raise(
        `${call}: character U+${code.toString(16).toUpperCase().padStart(4, '0')} does not fit 8 bits`,
      );
    }
  }
  return value;
}

/** A callback of the program. */
export type Callback = (...args: unknown[]) => void;

/** The value, if it can be called. The interpreter's own words otherwise. */
export function chipFunction(boot: Boot, value: unknown): Callback {
  if (typeof value !== 'function') {
    return boot.raise(`Expecting callback function but got ${typeof value}`);
  }
  return value as Callback;
}
