/** Puts together everything the program can reach: the globals that `firmware/src/hal.ts` declares. */
import { chipAtob } from './base64.ts';
import { toBytes } from './binary.ts';
import type { Boot } from './boot.ts';
import { unsimulatedGlobals } from './dialect.ts';
import { makeGraphics } from './graphics.ts';
import type { Host } from './host.ts';
import { type Callback, chipFunction, chipString, surface } from './surface.ts';

export interface ChipParts {
  i2c: object;
  esp32: object;
  wifi: object;
  telnet: object;
  net: object;
  tls: object;
  storage: object;
  pins: object;
  memory: { process: object; E: object };
  sha256: Host['sha256'];
  nowS: () => number;
  print: (text: string) => void;
}

/** Node's timers fire at once above this; the chip's would wait. */
const maxTimeoutMs = 2 ** 31 - 1;

/** Defines the chip's globals in the program's world. */
export function installChip(boot: Boot, parts: ChipParts): void {
  const modules: Record<string, object> = {
    Wifi: parts.wifi,
    TelnetServer: parts.telnet,
    net: parts.net,
    tls: parts.tls,
    Storage: parts.storage,
    crypto: makeCrypto(boot, parts.sha256),
  };
  const functions: Record<string, unknown> = {
    ...parts.pins,
    ...makeTimers(boot),
    getTime: parts.nowS,
    print(text: unknown, ...more: unknown[]) {
      if (more.length > 0) {
        boot.notSimulated('chip.print with more than one text');
      }
      parts.print(chipString(boot, 'print', text));
    },
    btoa: (bytes: unknown) => btoa(chipString(boot, 'btoa', bytes)),
    atob: (base64: unknown) => chipAtob(boot, chipString(boot, 'atob', base64)),
    require(name: unknown) {
      const module = typeof name === 'string' && Object.hasOwn(modules, name) ? modules[name] : undefined;
      return module ?? boot.notSimulated(`chip.require("${String(name)}")`);
    },
  };
  const globals = boot.realm.globals;
  for (const [name, call] of Object.entries(functions)) {
    globals[name] = (...args: unknown[]) => {
      boot.touch(`chip.${name}`);
      return (call as Callback)(...args);
    };
  }
  globals.I2C1 = parts.i2c;
  globals.ESP32 = parts.esp32;
  globals.Graphics = makeGraphics(boot);
  Object.assign(globals, parts.memory);
  for (const name of unsimulatedGlobals.split(' ')) {
    Object.defineProperty(globals, name, {
      get: () => boot.notSimulated(`chip.${name}`),
      configurable: true,
    });
  }
}

function makeTimers(boot: Boot): object {
  const cancels = new Map<number, () => void>();
  let last = 0;
  return {
    setTimeout(callback: unknown, ms: unknown, ...more: unknown[]) {
      const call = chipFunction(boot, callback);
      if (more.length > 0) {
        boot.notSimulated('chip.setTimeout with arguments for its callback');
      }
      if (typeof ms !== 'number' || !(ms <= maxTimeoutMs)) {
        boot.notSimulated(`chip.setTimeout of ${String(ms)} ms`);
      }
      const id = ++last;
      const cancel = boot.later(Math.max(0, ms as number), () => {
        cancels.delete(id);
        call();
      });
      cancels.set(id, cancel);
      return id;
    },
    clearTimeout(...ids: unknown[]) {
      if (ids.length !== 1 || typeof ids[0] !== 'number') {
        // In the interpreter's words; without any argument it would clear them all.
        boot.raise('clearTimeout(undefined) not allowed. Use clearTimeout() instead');
      }
      cancels.get(ids[0] as number)?.();
      cancels.delete(ids[0] as number);
    },
  };
}

function makeCrypto(boot: Boot, sha256: Host['sha256']): object {
  return surface(boot, 'chip.crypto', {
    /**
     * The interpreter returns an ArrayBuffer, and lets a program index it as if it were an array, with a
     * length. `new Uint8Array(…)` of it works too; `instanceof Uint8Array` is false.
     */
    SHA256(data: unknown) {
      const hash = sha256(toBytes(chipString(boot, 'crypto.SHA256', data)));
      const buffer = boot.realm.arrayBuffer(hash);
      return Object.assign(buffer, Array.from(hash), { length: hash.length });
    },
  });
}
