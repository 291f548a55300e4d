/**
 * The chip's consoles, as a stranger nearby meets them. Telnet is switched on at every boot, without a password, on every
 * interface that is up (libs/network/telnet/jswrap_telnet.c); Bluetooth's is on in every chip where nobody has switched
 * it off (targets/esp32/BLE). Over either, all of `device.json` can be read.
 */
import type { Boot } from './boot.ts';
import { surface } from './surface.ts';
import type { Radio } from './wifi.ts';

/** Which of its consoles answer a stranger now. */
export interface Openings {
  /** Port 23 of the chip's own access point. */
  accessPoint: boolean;
  /** Port 23 of its address in the network that it has joined. */
  station: boolean;
  bluetooth: boolean;
}

export const shut: Openings = { accessPoint: false, station: false, bluetooth: false };

export class Telnet {
  #on = true;
  #inMainLoop = false;

  /** The program's first run is over: from now on the idle loop opens and closes the socket as the mode says. */
  mainLoop(): void {
    this.#inMainLoop = true;
  }

  /** On which interfaces it listens. */
  openings({ hasAccessPoint, joined }: Radio): Pick<Openings, 'accessPoint' | 'station'> {
    const listens = this.#on && this.#inMainLoop;
    return { accessPoint: listens && hasAccessPoint, station: listens && joined !== undefined };
  }

  surface(boot: Boot): object {
    return surface(boot, 'chip.TelnetServer', {
      setOptions: (options: unknown) => {
        if (typeof options !== 'object' || options === null) {
          boot.raise(`Expecting Object, got ${typeof options}`);
        }
        const { mode } = options as { mode?: unknown };
        if (typeof mode !== 'string') return;
        if (mode !== 'on' && mode !== 'off') boot.raise('Unknown mode value');
        this.#on = mode === 'on';
      },
    });
  }
}
