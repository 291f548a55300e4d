/** `ESP32`: sleep, and why the chip woke. */
import type { Boot } from './boot.ts';
import { neverReturns } from './boot.ts';
import type { Later } from './options.ts';
import { rtcPads } from './rtc-pads.ts';
import { surface } from './surface.ts';

/** A later interpreter's own list of pins that can wake the chip has all RTC pads but this one. */
const forgottenPin = 38;

/** `deepSleep` takes a signed 32-bit number of microseconds. */
const maxSleepUs = 2 ** 31 - 1;

/** `lightSleep` takes a signed 32-bit number of milliseconds. */
const maxLightSleepMs = 2 ** 31 - 1;

/** `ESP.getWakeupCause` values (esp_sleep_wakeup_cause_t). */
export const wakeCause = { powerOn: 0, pin: 2, timer: 4 } as const;

export type SleepOrder = { kind: 'pin'; pin: number; level: 0 | 1 } | { kind: 'timer'; us: number };

/** @param lightSleep blocks for so many milliseconds; there only when the interpreter has such a call. */
export function makeEsp32(
  boot: Boot,
  later: Later,
  sleep: (order: SleepOrder) => void,
  lightSleep: (ms: number) => void,
): object {
  function sleepNow(order: SleepOrder): never {
    sleep(order);
    throw neverReturns;
  }
  return surface(boot, 'chip.ESP32', {
    getWakeupCause: () => boot.cause,
    deepSleepExt0(pin: unknown, level: unknown) {
      if (typeof pin !== 'number' || !rtcPads.has(pin) || (later.pin38Invalid && pin === forgottenPin)) {
        boot.raise('Invalid pin');
      }
      sleepNow({ kind: 'pin', pin: pin as number, level: level ? 1 : 0 });
    },
    deepSleep(us: unknown) {
      if (typeof us !== 'number' || !(us >= 0 && us <= maxSleepUs)) {
        // The chip would take some other number, and sleep for a moment or for ever.
        boot.raise(`ESP32.deepSleep(${String(us)}): not a number of microseconds from 0 to ${maxSleepUs}`);
      }
      sleepNow({ kind: 'timer', us: Math.trunc(us as number) });
    },
    ...(later.lightSleep && {
      lightSleep(ms: unknown) {
        if (typeof ms !== 'number' || !(ms <= maxLightSleepMs)) {
          boot.raise(
            `ESP32.lightSleep(${String(ms)}): not a number of milliseconds up to ${maxLightSleepMs}`,
          );
        }
        // jswrap_esp32.c: returns at once for 0 and less.
        if (ms >= 1) {
          lightSleep(Math.trunc(ms));
        }
      },
    }),
  });
}
