/**
 * The interpreter's variables, as far as the program asks for them. The simulated board runs the program in V8 and counts none: it says
 * what it is told to say. How many a press takes is measured on the interpreter itself
 * (test/firmware/interpreter/memory.long.test.ts).
 */
import type { Boot } from './boot.ts';
import type { Troubles } from './options.ts';
import { chipFunction, surface } from './surface.ts';

/** Free while the firmware waits for its first network: 5,886 in the ESP32 build without Bluetooth, and what it takes itself. */
export const usualFreeVariables = 5000;

export function makeMemory(boot: Boot, free: number, troubles: Troubles): { process: object; E: object } {
  return {
    process: surface(boot, 'chip.process', { memory: () => boot.realm.parse(JSON.stringify({ free })) }),
    E: surface(boot, 'chip.E', {
      on(event: unknown, listener: unknown) {
        if (event !== 'errorFlag') boot.notSimulated(`chip.E.on of ${String(event)}`);
        // Only when it is told to, and never in the middle of something.
        const tell = chipFunction(boot, listener);
        if (troubles.variablesRunOutMs === undefined) return;
        boot.later(troubles.variablesRunOutMs, () => {
          delete troubles.variablesRunOutMs;
          tell(boot.realm.parse(JSON.stringify(['MEMORY'])));
        });
      },
    }),
  };
}
