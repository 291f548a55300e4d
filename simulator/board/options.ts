/** What a simulated board is made of, and what can be made to go wrong with it. */
import type { Clock } from './clock.ts';

/** A Wi-Fi network within reach of the board. */
export interface Network {
  ssid: string;
  /** Empty for an open network. */
  password: string;
  /** Strength in dBm. Default -60. */
  rssi?: number;
  /** True: a scan does not show it, joining it by its name works all the same. */
  hidden?: boolean;
}

/** Which GPIO is wired to what. Defaults: Heltec WiFi Kit 32. */
export interface BoardPins {
  /** Pressed = low, held high by a resistor. Default 0. */
  button?: number;
  sda?: number;
  scl?: number;
  /** Reset of the display, low = reset, held high by a resistor. Default 16; `null`: not wired. */
  reset?: number | null;
  /** Switch of the display's supply, low = on. Default `null`: the display is always supplied. */
  vext?: number | null;
  /** Middle of the battery's voltage divider. Default `null`: not wired. */
  battery?: number | null;
}

export interface DisplayOptions {
  width?: number;
  height?: 64 | 32;
  /** 7-bit I²C address. Default 0x3C. */
  address?: number;
}

/** Faults to inject. May be changed at any time; each is looked at when it matters. */
export interface Troubles {
  /** Connecting to any host fails: `connect` throws, as the chip's does. */
  connectRefused?: boolean;
  /** No host name is found: `connect` throws. Addresses still work. */
  dnsFails?: boolean;
  /** Every socket is cut once so many bytes (both ways together) have crossed it. */
  cutAfterBytes?: number;
  /** Nobody acknowledges on the I²C bus. */
  i2cFails?: boolean;
  /** Flash is full: the old version of the file is gone, the new one throws (see `storage.ts`). */
  storageFull?: boolean;
  /** A join that fails says nothing, as 2v29 and older do when the network is missing. */
  joinNeverAnswers?: boolean;
}

/** What takes time on a real chip and takes none here, unless it is said. In milliseconds, default 0. */
export interface Costs {
  /** From `connect` to an open socket: the name looked up, TCP. */
  openMs?: number;
  /** To the other side and back. Bytes arrive so long after the last ones were sent, or half of it later. */
  roundTripMs?: number;
  /** The TLS handshake, most of it the chip's own computing. */
  tlsMs?: number;
  /** Each call of the chip. Above 0, loops that wait for `getTime` end on a virtual clock too. */
  callMs?: number;
  /** True: an I²C transaction takes its nine clock cycles per byte. */
  i2c?: boolean;
}

export interface BoardOptions {
  /** The compiled program: the text of the one JavaScript file that would be flashed. */
  bundle: string;
  /** Folder that stands for the flash file system. Made when missing. */
  storageDir: string;
  networks: Network[];
  /** Wake to first line of the program, in milliseconds. Default 0; real chips: about 450 and more. */
  bootMs?: number;
  /** The time it all happens in. Default: the computer's. */
  clock?: Clock;
  costs?: Costs;
  /** Time to join a network, address included, in milliseconds. Default 1200. */
  joinMs?: number;
  /** Time until a join that cannot work gives up (three tries), in milliseconds. Default 3 × joinMs. */
  joinFailMs?: number;
  /** Default 3900. */
  batteryMv?: number;
  /** How many times smaller the battery's voltage is at its pin. Default 3.2 (220 kΩ and 100 kΩ). */
  batteryDivider?: number;
  pins?: BoardPins;
  display?: DisplayOptions;
  /**
   * Host names the chip can look up, and the address each stands for. When given, any other name is not
   * found; when left out, names are looked up for real.
   */
  hosts?: Record<string, string>;
  /** `ESP32.deepSleep` takes this share of its time. Default 1. The trace tells both. */
  sleepScale?: number;
  /**
   * What digital pins do in deep sleep. `held` (default): they keep their level, as if latched.
   * `released`: they float, as the ESP32's do when nobody latches them; a Vext switch then opens.
   */
  pinsInSleep?: 'held' | 'released';
  /** The interpreter is newer than 2v29 and has `ESP32.lightSleep`. Default false. */
  hasLightSleep?: boolean;
  /** `Wifi.getDetails` tells the strength. Default false: 2v29 for the ESP32 does not. */
  detailsHaveRssi?: boolean;
  troubles?: Troubles;
  /** The program's first run must come back within so many milliseconds of computing. Default 5000. */
  firstRunLimitMs?: number;
  /** Entries kept in the trace. Default 20,000; an hour of naps needs more. */
  maxTraceEntries?: number;
  /** Seed of the noise in the display's memory after power-up. */
  seed?: number;
  /** A line of text for a person who debugs. */
  log?: (line: string) => void;
}

/** What a program did that it must not do, or could not do on the chip. */
export interface Fault {
  /**
   * `uncaught`: an exception nobody caught. `not-simulated`: a chip call this board does not have.
   * `after-sleep`: the program went on after deepSleep. `display`: bytes the display chip does not know.
   */
  kind: 'uncaught' | 'not-simulated' | 'after-sleep' | 'display';
  message: string;
  stack?: string;
  atMs: number;
}
