/** What a simulated board is made of, and what can be made to go wrong with it. */
import type { Clock } from './clock.ts';
import type { Converter } from './pin-calls.ts';
import type { TraceEntry } from './trace.ts';

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
  /** Pressed = low. Default 0. */
  button?: number;
  /**
   * True: a resistor of the board holds the button's pin high; false: only the chip's own pull-up can. Default: true for
   * GPIO 0, which has one on every board, because the chip would not start without.
   */
  buttonResistor?: boolean;
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
  /** So many joins that would work are refused first. Counts down. */
  joinsRefused?: number;
  /** What the chip says of a wrong password, by esp_wifi_types.h: it depends on the access point. Default: 15. */
  wrongKeyReason?: '4WAY_HANDSHAKE_TIMEOUT' | 'AUTH_FAIL' | 'HANDSHAKE_TIMEOUT';
  /** The second address in one boot is told as the first one is: three of ten presses have that luck. */
  mdnsIsFree?: boolean;
  /** Nobody answers SYNs: `connect` blocks for so many milliseconds (`deadHostMs`), then throws (see `sockets.ts`). */
  connectBlocksMs?: number;
  /** No name server answers: a look-up blocks for so many milliseconds (`deadNameServerMs`), then throws. */
  dnsBlocksMs?: number;
  /** So many milliseconds after the program has asked to hear of it, no variable is left (`errorFlag` with `MEMORY`). Once. */
  variablesRunOutMs?: number;
  /** The power goes in the middle of the next compaction of the flash: one file is lost, or all. */
  cutInCompaction?: 'one' | 'all';
}

/** What interpreters after 2v29 do otherwise, with the commit that did it. All of it default false. */
export interface Later {
  /** `ESP32.lightSleep` is there (1f2254c89). It leaves its timer armed: the next `deepSleepExt0` also wakes by time. */
  lightSleep?: boolean;
  /** No access point at boot (0fa4d7ec6). */
  noAccessPoint?: boolean;
  /** `Wifi.connect` tries three times, and calls back when it fails, too (8e3811704). */
  joinAnswers?: boolean;
  /** The radio stops when it has neither a network nor anything to do (93444e385). */
  radioStops?: boolean;
  /** `pinMode(pin, 'analog')` is known, and makes an input of the pin (f59af788b). */
  analogMode?: boolean;
  /** GPIO 38 cannot end a deep sleep (55b501360). */
  pin38Invalid?: boolean;
  /** `Date.prototype.getUTC…` is there. */
  utcDates?: boolean;
}

/** An interpreter of today (c5ff787b1, August 2026): all that came after 2v29. */
export const newest: Readonly<Required<Later>> = {
  lightSleep: true,
  noAccessPoint: true,
  joinAnswers: true,
  radioStops: true,
  analogMode: true,
  pin38Invalid: true,
  utcDates: true,
};

/** What `dashbutton flash` leaves behind in a chip, beside the program and its files: to be spread into a board's options. */
export const flashed = { bluetooth: 'shut' } as const;

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
  /** What `process.memory()` says is free. Default: that of a chip. */
  freeVariables?: number;
  /** The time it all happens in. Default: the computer's. */
  clock?: Clock;
  costs?: Costs;
  /** Time to join a network, address included, in milliseconds. Default 1200. */
  joinMs?: number;
  /** Time until it is told that there is no such network, in milliseconds. Default 1000, as seen. */
  absentMs?: number;
  /** Time until it is told that a network refuses us, in milliseconds. Default: that of a join, and 2500 more. */
  refusedMs?: number;
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
   * What digital pins do in deep sleep. `released` (default): they float, as the ESP32's do when nobody latches them; a
   * Vext switch then opens. `held`: they keep their level, as if latched.
   */
  pinsInSleep?: 'held' | 'released';
  /** The interpreter is newer than 2v29. */
  later?: Later;
  /** The chip's Bluetooth console: open as in a new chip, or shut as {@link flashed} has it. Default open. */
  bluetooth?: 'open' | 'shut';
  /** The analogue converter of this very chip. Default: one in the middle. */
  converter?: Converter;
  troubles?: Troubles;
  /** The program's first run must come back within so many milliseconds of computing. Default 5000. */
  firstRunLimitMs?: number;
  /** Entries kept in the trace. Default 20,000; an hour of naps needs more. */
  maxTraceEntries?: number;
  /** Gets each entry as it comes; `startMs`: when the board was made, by its clock. */
  onTrace?: (entry: TraceEntry, startMs: number) => void;
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
