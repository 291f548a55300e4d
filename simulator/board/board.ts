/**
 * A simulated dash button board: an ESP32 with Espruino 2v29, a button, an SSD1306 display and a battery. It runs
 * the compiled bundle; everything the program can reach behaves as the interpreter's sources and its Linux build
 * show. No real board has been compared with it: times, currents and radio are simulated.
 */
import { EventEmitter } from 'node:events';
import vm from 'node:vm';
import { Boot } from './boot.ts';
import { installChip } from './chip.ts';
import { type Clock, realClock } from './clock.ts';
import { makeEsp32, type SleepOrder, wakeCause } from './esp32.ts';
import { makeI2c } from './i2c.ts';
import type { BoardOptions, Fault, Network, Troubles } from './options.ts';
import { Pins, pinCalls } from './pins.ts';
import { makeRealm } from './realm.ts';
import { makeNet } from './sockets.ts';
import { type Frame, Ssd1306 } from './ssd1306.ts';
import { makeStorage } from './storage.ts';
import { Trace, type TraceEntry } from './trace.ts';
import { Radio } from './wifi.ts';

export type { BoardOptions, Fault, Network, Troubles } from './options.ts';
export type { Frame } from './ssd1306.ts';
export type { TraceEntry } from './trace.ts';

/** Why the board sleeps: until its button is pressed, or for a time (as asked, before scaling). */
export type Sleep = { kind: 'pin'; pin: number; level: 0 | 1 } | { kind: 'timer'; durationMs: number };

interface BoardEvents {
  frame: [frame: Frame];
  sleep: [sleep: Sleep];
  wake: [cause: number];
  print: [text: string];
  fault: [fault: Fault];
}

/** Asleep, and what for. */
interface Waiting {
  order: SleepOrder;
  cancel?: () => void;
}

const defaults = {
  bootMs: 0,
  joinMs: 1200,
  batteryMv: 3900,
  batteryDivider: 3.2,
  sleepScale: 1,
  firstRunLimitMs: 5000,
};
const defaultPressMs = 100;

/** Faults kept in {@link Board.faults}. */
const maxFaults = 100;

export class Board extends EventEmitter<BoardEvents> {
  state: 'off' | 'awake' | 'asleep' = 'off';
  /** May be changed while the board runs. */
  networks: Network[];
  /** May be changed while the board runs. */
  readonly troubles: Troubles;
  batteryMv: number;
  readonly faults: Fault[] = [];
  readonly display: Ssd1306;
  readonly #options: BoardOptions;
  readonly #clock: Clock;
  readonly #trace: Trace;
  readonly #pins = new Pins();
  readonly #script: vm.Script;
  readonly #wiring;
  #boot: Boot | undefined;
  #radio: Radio | undefined;
  #waiting: Waiting | undefined;
  #cancelRelease: (() => void) | undefined;
  #supplied = false;
  #poweredAtMs = 0;
  #shown: Frame;
  #frameDue: NodeJS.Immediate | undefined;

  /** Throws a SyntaxError when the bundle is not JavaScript. */
  constructor(options: BoardOptions) {
    super();
    this.#options = options;
    this.#clock = options.clock ?? realClock;
    this.#trace = new Trace(this.#clock, options.maxTraceEntries);
    this.networks = options.networks;
    this.troubles = options.troubles ?? {};
    this.batteryMv = options.batteryMv ?? defaults.batteryMv;
    this.#wiring = {
      button: options.pins?.button ?? 0,
      sda: options.pins?.sda ?? 4,
      scl: options.pins?.scl ?? 15,
      reset: options.pins?.reset === undefined ? 16 : options.pins.reset,
      vext: options.pins?.vext ?? null,
      battery: options.pins?.battery ?? null,
    };
    this.#script = new vm.Script(options.bundle, { filename: 'bundle.js' });
    const display = options.display ?? {};
    this.display = new Ssd1306({
      width: display.width ?? 128,
      height: display.height ?? 64,
      seed: options.seed ?? 1306,
      unknown: message => this.#fault('display', `SSD1306: ${message}`),
    });
    this.#shown = this.display.frame();
    this.#pins.onChange = (pin, level, by) => this.#pinChanged(pin, level, by);
  }

  /** What happened, oldest first; times in milliseconds since the board was made. */
  get trace(): readonly TraceEntry[] {
    return this.#trace.entries;
  }

  /** True when entries had to be dropped from {@link trace}. */
  get traceTruncated(): boolean {
    return this.#trace.truncated;
  }

  /** What an eye sees on the display right now. */
  frame(): Frame {
    return this.display.frame();
  }

  /** Connects the battery: the program starts with wake cause 0. */
  powerOn(): void {
    if (this.state !== 'off') {
      throw new Error('The board is powered already');
    }
    this.#poweredAtMs = this.#trace.nowMs();
    this.#supplyDisplay(true);
    this.#start(wakeCause.powerOn);
  }

  /** As it comes from a drawer: battery connected, nobody pressed, asleep until its button goes down. */
  shelve(): void {
    if (this.state !== 'off') {
      throw new Error('The board is powered already');
    }
    this.#poweredAtMs = this.#trace.nowMs();
    this.#supplyDisplay(true);
    this.#sleep({ kind: 'pin', pin: this.#wiring.button, level: 0 });
  }

  /** Pulls the battery: everything stops where it is, the display goes dark. Storage stays. */
  powerOff(): void {
    this.#stop('off');
    this.#waiting?.cancel?.();
    this.#waiting = undefined;
    if (this.state !== 'off') {
      this.#trace.add({ what: 'sleep', kind: 'off' });
    }
    this.state = 'off';
    this.#pins.driven.clear();
    this.#supplyDisplay();
    this.#lookAtDisplay();
  }

  /** A finger on the button, by default for a tenth of a second. */
  press(ms = defaultPressMs): void {
    this.hold(ms);
  }

  /** A finger on the button for so long. Wakes the board when it sleeps on this pin. */
  hold(ms: number): void {
    this.#cancelRelease?.();
    this.#pins.setOutside(this.#wiring.button, 0);
    this.#cancelRelease = this.#clock.later(ms, () => this.#pins.setOutside(this.#wiring.button, 1));
  }

  /** The joined network goes away under the program, as when the phone leaves. */
  loseWifi(): void {
    this.#radio?.lose();
  }

  #start(cause: number): void {
    const boot = new Boot(makeRealm(), cause, {
      trace: detail => this.#trace.add(detail),
      fault: (kind, message, stack) => this.#fault(kind, message, stack),
      clock: this.#clock,
      callMs: this.#options.costs?.callMs ?? 0,
    });
    this.#boot = boot;
    this.state = 'awake';
    this.#trace.add({ what: 'boot', cause, program: 'starting' });
    this.emit('wake', cause);
    boot.later(this.#options.bootMs ?? defaults.bootMs, () => {
      installChip(boot, this.#parts(boot));
      this.#trace.add({ what: 'boot', cause, program: 'running' });
      this.#script.runInContext(boot.realm.context, {
        // The chip has nothing that would interrupt a program; a test has.
        timeout: this.#options.firstRunLimitMs ?? defaults.firstRunLimitMs,
      });
    });
  }

  #parts(boot: Boot): Parameters<typeof installChip>[1] {
    const { storageDir, hosts, display, joinMs = defaults.joinMs, joinFailMs = 3 * joinMs } = this.#options;
    const detailsHaveRssi = this.#options.detailsHaveRssi ?? false;
    const networks = () => this.networks;
    const radio = new Radio(boot, { networks, joinMs, joinFailMs, detailsHaveRssi, troubles: this.troubles });
    this.#radio = radio;
    const net = { radio, hosts, troubles: this.troubles, costs: this.#options.costs ?? {} };
    // The clock of the RTC: runs through deep sleep, starts at 0 with the battery.
    const nowS = () => (this.#trace.nowMs() - this.#poweredAtMs) / 1000;
    return {
      wifi: radio.surface(),
      net: makeNet(boot, 'net', net),
      tls: makeNet(boot, 'tls', net),
      storage: makeStorage(boot, storageDir, this.troubles),
      esp32: makeEsp32(
        boot,
        order => this.#sleep(order),
        this.#options.hasLightSleep ? ms => this.#lightSleep(boot, radio, ms) : undefined,
      ),
      pins: pinCalls(boot, this.#pins, nowS, pin => this.#millivolts(pin)),
      nowS,
      i2c: makeI2c(boot, {
        sda: this.#wiring.sda,
        scl: this.#wiring.scl,
        address: display?.address ?? 0x3c,
        takesTime: this.#options.costs?.i2c ?? false,
        write: bytes => !this.troubles.i2cFails && this.display.write(bytes),
        written: () => this.#lookAtDisplay(),
      }),
      print: text => {
        this.#options.log?.(text);
        this.emit('print', text);
      },
    };
  }

  /** Ends this boot's life and waits for whatever wakes the chip. */
  #sleep(order: SleepOrder): void {
    const sleep: Sleep = order.kind === 'pin' ? order : { kind: 'timer', durationMs: order.us / 1000 };
    this.#stop('asleep');
    this.state = 'asleep';
    this.#trace.add({
      what: 'sleep',
      ...(order.kind === 'pin' ? { kind: 'pin' } : { kind: 'timer', durationMs: order.us / 1000 }),
    });
    if (this.#options.pinsInSleep === 'released') {
      for (const pin of [...this.#pins.driven.keys()]) {
        this.#pins.drive(pin, undefined);
      }
    }
    const waiting: Waiting = { order };
    this.#waiting = waiting;
    // The listeners run when the program's last call has unwound.
    setImmediate(() => {
      this.#flushFrame();
      this.emit('sleep', sleep);
      if (this.#waiting !== waiting) {
        return;
      }
      if (order.kind === 'timer') {
        const ms = (order.us / 1000) * (this.#options.sleepScale ?? defaults.sleepScale);
        waiting.cancel = this.#clock.later(ms, () => this.#wake(wakeCause.timer));
      } else if (this.#pins.level(order.pin) === order.level) {
        // ext0 looks at the level, not at an edge: a button still held wakes the chip at once.
        this.#wake(wakeCause.pin);
      }
    });
  }

  /** Stands still and goes on; a finger meanwhile is noticed afterwards, by a watch that sees the level change. */
  #lightSleep(boot: Boot, radio: Radio, ms: number): void {
    if (radio.isOn) {
      // The chip's radio would lose its network at some moment that nobody has measured.
      boot.notSimulated('chip.ESP32.lightSleep with the radio on');
    }
    this.#flushFrame();
    this.#trace.add({ what: 'lightSleep', durationMs: ms });
    this.#clock.spend(ms * (this.#options.sleepScale ?? defaults.sleepScale));
    this.#trace.add({ what: 'lightWake' });
  }

  #wake(cause: number): void {
    this.#waiting = undefined;
    this.#start(cause);
  }

  #stop(how: 'asleep' | 'off'): void {
    this.#boot?.die(how);
    this.#boot = undefined;
    this.#radio = undefined;
  }

  #pinChanged(pin: number, level: 0 | 1, by: 'program' | 'world'): void {
    this.#trace.add({ what: 'pin', pin, level, by });
    if (pin === this.#wiring.reset) {
      this.display.setReset(level === 0);
      this.#lookAtDisplay();
    }
    if (pin === this.#wiring.vext) {
      this.#supplyDisplay();
      this.#lookAtDisplay();
    }
    const order = this.#waiting?.order;
    if (order?.kind === 'pin' && order.pin === pin && order.level === level) {
      this.#wake(wakeCause.pin);
    }
  }

  #supplyDisplay(powered = this.state !== 'off'): void {
    const { vext } = this.#wiring;
    const on = powered && (vext === null || this.#pins.level(vext) === 0);
    if (on !== this.#supplied) {
      this.#supplied = on;
      this.#trace.add({ what: 'supply', on });
    }
    this.display.setPower(on);
  }

  /** Notes a changed picture at once in the trace, and tells it when the burst of traffic is over. */
  #lookAtDisplay(): void {
    const frame = this.display.frame();
    if (frame.on === this.#shown.on && Buffer.compare(frame.pixels, this.#shown.pixels) === 0) {
      return;
    }
    this.#shown = frame;
    const lit = frame.pixels.reduce((sum, pixel) => sum + pixel, 0);
    this.#trace.add({ what: 'pixels', lit, on: frame.on, contrast: this.display.registers.contrast });
    this.#frameDue ??= setImmediate(() => this.#flushFrame());
  }

  #flushFrame(): void {
    if (this.#frameDue) {
      clearImmediate(this.#frameDue);
      this.#frameDue = undefined;
      this.emit('frame', this.#shown);
    }
  }

  #millivolts(pin: number): number {
    const divider = this.#options.batteryDivider ?? defaults.batteryDivider;
    return pin === this.#wiring.battery ? this.batteryMv / divider : 0;
  }

  #fault(kind: Fault['kind'], message: string, stack?: string): void {
    const fault: Fault = {
      kind,
      message,
      atMs: this.#trace.nowMs(),
      ...(stack === undefined ? {} : { stack }),
    };
    if (this.faults.length < maxFaults) {
      this.faults.push(fault);
    }
    this.#options.log?.(`fault: ${message}`);
    this.emit('fault', fault);
  }
}
