/** What a board is put together from, for one boot of its program: radio, consoles, sockets, flash, pins, display. */
import type { Boot } from './boot.ts';
import type { installChip } from './chip.ts';
import { Telnet } from './console.ts';
import { makeEsp32, type SleepOrder } from './esp32.ts';
import type { Glass } from './glass.ts';
import type { Files, Host } from './host.ts';
import { makeI2c } from './i2c.ts';
import { makeMemory, usualFreeVariables } from './memory.ts';
import type { BoardOptions, BoardPins, Network, Troubles } from './options.ts';
import { pinCalls, usualConverter } from './pin-calls.ts';
import type { Pins } from './pins.ts';
import { makeNet } from './sockets.ts';
import { type FlashLog, makeStorage } from './storage.ts';
import { Radio } from './wifi.ts';

/** What {@link BoardOptions} says of each. Times in milliseconds. */
export const defaults = {
  bootMs: 0,
  joinMs: 1200,
  absentMs: 1000,
  refusedMs: 2500,
  batteryMv: 3900,
  batteryDivider: 3.2,
  sleepScale: 1,
  firstRunLimitMs: 5000,
};

export type Wires = Required<Omit<BoardPins, 'buttonResistor'>>;

/** Which pin is wired to what, defaults filled in. */
export function wiresOf(pins: BoardPins = {}): Wires {
  const { button = 0, sda = 4, scl = 15, reset = 16, vext = null, battery = null } = pins;
  return { button, sda, scl, reset, vext, battery };
}

/** The pins that a resistor of the board holds high. */
export function resistorsOf(pins: BoardPins = {}): number[] {
  const { button, reset, vext } = wiresOf(pins);
  const held = [(pins.buttonResistor ?? button === 0) ? button : null, reset, vext];
  return held.filter(pin => pin !== null);
}

/** What outlives a boot, and what the parts tell the board. */
export interface Around {
  host: Host;
  files: Files;
  options: BoardOptions;
  wiring: Wires;
  pins: Pins;
  flash: FlashLog;
  glass: Glass;
  troubles: Troubles;
  networks: () => Network[];
  batteryMv: () => number;
  /** The chip's own time, in seconds. */
  nowS: () => number;
  print: (text: string) => void;
  sleep: (order: SleepOrder) => void;
  lightSleep: (ms: number) => void;
  losePower: () => void;
}

export interface Parts {
  chip: Parameters<typeof installChip>[1];
  radio: Radio;
  telnet: Telnet;
}

export function makeParts(boot: Boot, around: Around): Parts {
  const { host, options, wiring, pins, glass, troubles, nowS, print } = around;
  const { hosts, display, costs = {}, joinMs = defaults.joinMs, later = {} } = options;
  const { absentMs = defaults.absentMs, refusedMs = joinMs + defaults.refusedMs } = options;
  const { converter = usualConverter, batteryDivider = defaults.batteryDivider } = options;
  const radio = new Radio(boot, { networks: around.networks, joinMs, absentMs, refusedMs, later, troubles });
  const telnet = new Telnet();
  const net = { connect: host.connect, radio, hosts, troubles, costs };
  const readMv = (pin: number) => (pin === wiring.battery ? around.batteryMv() / batteryDivider : 0);
  const chip = {
    wifi: radio.surface(),
    telnet: telnet.surface(boot),
    memory: makeMemory(boot, options.freeVariables ?? usualFreeVariables, troubles),
    net: makeNet(boot, 'net', net),
    tls: makeNet(boot, 'tls', net),
    storage: makeStorage(boot, {
      files: around.files,
      log: around.flash,
      troubles,
      losePower: around.losePower,
    }),
    esp32: makeEsp32(boot, later, around.sleep, around.lightSleep),
    pins: pinCalls(boot, { pins, nowS, readMv, converter, later, print }),
    sha256: host.sha256,
    nowS,
    i2c: makeI2c(boot, {
      sda: wiring.sda,
      scl: wiring.scl,
      address: display?.address ?? 0x3c,
      takesTime: costs.i2c ?? false,
      write: bytes => !troubles.i2cFails && glass.display.write(bytes),
      written: () => glass.look(),
    }),
    print,
  };
  return { chip, radio, telnet };
}
