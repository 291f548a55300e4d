/**
 * A simulated dash button board: an ESP32 with Espruino 2v29, a button, an SSD1306 display and a battery. It runs
 * the compiled bundle; everything the program can reach behaves as the sources of the ESP32 build show, an emulated chip
 * and the interpreter's Linux build: docs/chip.md has each fact. No real board has been compared with it: times, currents
 * and radio are simulated.
 */
import { Asleep, type Frozen } from './asleep.ts';
import { Boot } from './boot.ts';
import { installChip } from './chip.ts';
import { type Clock, realClock } from './clock.ts';
import { type Openings, shut, type Telnet } from './console.ts';
import { Emitter } from './emitter.ts';
import { type SleepOrder, wakeCause } from './esp32.ts';
import { Glass } from './glass.ts';
import type { Files, Host, Program } from './host.ts';
import type { BoardOptions, Fault, Network, Troubles } from './options.ts';
import { defaults, makeParts, type Parts, resistorsOf, type Wires, wiresOf } from './parts.ts';
import { Pins } from './pins.ts';
import type { Frame, Ssd1306 } from './ssd1306.ts';
import { FlashLog } from './storage.ts';
import { Trace, type TraceEntry } from './trace.ts';
import type { Radio } from './wifi.ts';

/** Why the board sleeps: until its button is pressed, or for a time (as asked, before scaling). */
export type Sleep = { kind: 'pin'; pin: number; level: 0 | 1 } | { kind: 'timer'; durationMs: number };

export interface BoardEvents {
  frame: [frame: Frame];
  sleep: [sleep: Sleep];
  wake: [cause: number];
  print: [text: string];
  fault: [fault: Fault];
}

const defaultPressMs = 100;

/** Faults kept in {@link Board.faults}. */
const maxFaults = 100;

/** A board for any {@link Host}; on Node.js take `Board`. */
export class BareBoard extends Emitter<BoardEvents> {
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
  readonly #pins: Pins;
  readonly #glass: Glass;
  readonly #host: Host;
  readonly #files: Files;
  readonly #program: Program;
  readonly #asleep: Asleep;
  readonly #wiring: Wires;
  readonly #flash: FlashLog;
  #boot: Boot | undefined;
  #radio: Radio | undefined;
  #telnet: Telnet | undefined;
  #cancelRelease: (() => void) | undefined;
  /** What the last light sleep of this boot left armed. */
  #armedMs: number | undefined;
  #poweredAtMs = 0;

  /**
   * @param frozen what {@link freeze} has kept of the same board, made with the same options; {@link thaw} then goes on.
   * Throws a SyntaxError when the bundle is not JavaScript.
   */
  constructor(options: BoardOptions, host: Host, frozen?: Frozen) {
    super();
    this.#options = options;
    this.#host = host;
    this.#clock = options.clock ?? realClock;
    this.#trace = new Trace(this.#clock, options.maxTraceEntries, frozen?.startMs, entry =>
      options.onTrace?.(entry, this.#trace.startMs),
    );
    this.#poweredAtMs = frozen?.poweredAtMs ?? 0;
    this.networks = options.networks;
    this.troubles = options.troubles ?? {};
    this.batteryMv = options.batteryMv ?? defaults.batteryMv;
    this.#wiring = wiresOf(options.pins);
    this.#pins = new Pins(resistorsOf(options.pins));
    this.#files = host.files(options.storageDir);
    this.#flash = new FlashLog(this.#files, options.bundle.length, frozen?.usedBytes);
    this.#program = host.load(options.bundle);
    this.#asleep = new Asleep(this.#pins, this.#clock, options.sleepScale ?? defaults.sleepScale, cause =>
      this.#start(cause),
    );
    this.#glass = new Glass(
      { ...options.display, seed: options.seed ?? 1306 },
      host.soon,
      this.#trace,
      frame => this.emit('frame', frame),
      message => this.#fault('display', `SSD1306: ${message}`),
    );
    this.display = this.#glass.display;
    if (frozen) {
      this.#pins.thaw(frozen.pins);
      this.#glass.thaw(frozen.display);
    }
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
    this.#pins.pull(this.#wiring.button, 'up');
    this.#sleep({ kind: 'pin', pin: this.#wiring.button, level: 0 });
  }

  /** Pulls the battery: everything stops where it is, the display goes dark. Storage stays. */
  powerOff(): void {
    this.#stop('off');
    this.#asleep.end();
    if (this.state !== 'off') {
      this.#trace.add({ what: 'sleep', kind: 'off' });
    }
    this.state = 'off';
    this.#pins.driven.clear();
    this.#pins.sleepBy(undefined);
    this.#supplyDisplay();
    this.#glass.look();
  }

  /** A finger on the button, by default for a tenth of a second. */
  press(ms = defaultPressMs): void {
    this.hold(ms);
  }

  /** A finger on the button for so long. Wakes the board when it sleeps on this pin. */
  hold(ms: number): void {
    this.down();
    this.#cancelRelease = this.#clock.later(ms, () => this.up());
  }

  /** A finger on the button, until {@link up}. */
  down(): void {
    this.#cancelRelease?.();
    this.#pins.setOutside(this.#wiring.button, 0);
  }

  up(): void {
    this.#cancelRelease?.();
    this.#pins.setOutside(this.#wiring.button, undefined);
  }

  /**
   * All that outlives a boot, beside the files: wires, glass, clocks, what it sleeps for. This board does nothing from now on:
   * whoever has a finger on it lets go of the next one.
   * The result survives JSON. Throws while the board is awake: what its program has in its variables cannot be kept.
   */
  freeze(): Frozen {
    if (this.state === 'awake') throw new Error('A board that is awake cannot be frozen');
    const { usedBytes } = this.#flash;
    const frozen = {
      startMs: this.#trace.startMs,
      poweredAtMs: this.#poweredAtMs,
      pins: this.#pins.freeze(),
      display: this.#glass.freeze(),
      ...(usedBytes === undefined ? {} : { usedBytes }),
      ...this.#asleep.freeze(),
    };
    this.#cancelRelease?.();
    this.#asleep.end();
    return frozen;
  }

  /** Goes on with what was frozen: sleeps on, for the rest of the time, or for the button. */
  thaw({ asleep }: Frozen): void {
    if (asleep === undefined) return;
    this.state = 'asleep';
    this.#asleep.thaw(asleep);
  }

  /** Which consoles a stranger finds open who tries port 23 of both interfaces, and Bluetooth, now. */
  knock(): Openings {
    if (this.state !== 'awake') return shut;
    const telnet = this.#telnet && this.#radio ? this.#telnet.openings(this.#radio) : shut;
    // It is started with the hardware, before the program, and stops with it.
    return { ...telnet, bluetooth: this.#options.bluetooth !== 'shut' };
  }

  /** The joined network goes away under the program, as when the phone leaves. */
  loseWifi(): void {
    this.#radio?.lose();
  }

  #start(cause: number): void {
    const boot = new Boot(this.#host.makeRealm(this.#options.later), cause, {
      trace: detail => this.#trace.add(detail),
      fault: (kind, message, stack) => this.#fault(kind, message, stack),
      clock: this.#clock,
      callMs: this.#options.costs?.callMs ?? 0,
    });
    this.#boot = boot;
    this.state = 'awake';
    this.#armedMs = undefined;
    this.#trace.add({ what: 'boot', cause, program: 'starting' });
    this.#pins.boot();
    this.emit('wake', cause);
    boot.later(this.#options.bootMs ?? defaults.bootMs, () => {
      installChip(boot, this.#parts(boot));
      this.#trace.add({ what: 'boot', cause, program: 'running' });
      // The chip has nothing that would interrupt a program; a test has.
      this.#program.run(boot.realm, this.#options.firstRunLimitMs ?? defaults.firstRunLimitMs);
    });
    // The order of main.c: the program, then Wi-Fi as it was saved, then the main loop with its consoles.
    boot.later(this.#options.bootMs ?? defaults.bootMs, () => {
      this.#radio?.restore();
      this.#telnet?.mainLoop();
    });
  }

  #parts(boot: Boot): Parts['chip'] {
    const parts = makeParts(boot, {
      ...{
        host: this.#host,
        files: this.#files,
        options: this.#options,
        wiring: this.#wiring,
        pins: this.#pins,
        flash: this.#flash,
        glass: this.#glass,
      },
      troubles: this.troubles,
      networks: () => this.networks,
      batteryMv: () => this.batteryMv,
      // The clock of the RTC: runs through deep sleep, starts at 0 with the battery.
      nowS: () => (this.#trace.nowMs() - this.#poweredAtMs) / 1000,
      print: text => {
        this.#options.log?.(text);
        this.emit('print', text);
      },
      sleep: order => this.#sleep(order),
      lightSleep: ms => this.#lightSleep(boot, ms),
      losePower: () => this.powerOff(),
    });
    this.#radio = parts.radio;
    this.#telnet = parts.telnet;
    return parts.chip;
  }

  /** Ends this boot's life and waits for whatever wakes the chip. */
  #sleep(order: SleepOrder): void {
    const sleep: Sleep = order.kind === 'pin' ? order : { kind: 'timer', durationMs: order.us / 1000 };
    this.#stop('asleep');
    this.state = 'asleep';
    this.#pins.sleepBy(order.kind === 'pin' ? order.pin : undefined);
    this.#trace.add({
      what: 'sleep',
      ...(order.kind === 'pin' ? { kind: 'pin' } : { kind: 'timer', durationMs: order.us / 1000 }),
      ...(this.#pins.leaks(this.#wiring.button) ? { leaks: true } : {}),
    });
    if (this.#options.pinsInSleep !== 'held') {
      for (const pin of [...this.#pins.driven.keys()]) {
        this.#pins.drive(pin, undefined);
      }
    }
    const going = this.#asleep.fallAsleep(order, this.#armedMs);
    // The listeners run when the program's last call has unwound.
    this.#host.soon(() => {
      this.#glass.flush();
      this.emit('sleep', sleep);
      this.#asleep.go(going);
    });
  }

  /** Stands still and goes on; a finger meanwhile is noticed afterwards, by a watch that sees the level change. */
  #lightSleep(boot: Boot, ms: number): void {
    if (this.#radio?.isOn) {
      // The chip's radio would lose its network at some moment that nobody has measured.
      boot.notSimulated('chip.ESP32.lightSleep with the radio on');
    }
    this.#glass.flush();
    this.#trace.add({ what: 'lightSleep', durationMs: ms });
    this.#clock.spend(ms * (this.#options.sleepScale ?? defaults.sleepScale));
    this.#trace.add({ what: 'lightWake' });
    this.#armedMs = ms;
  }

  #stop(how: 'asleep' | 'off'): void {
    this.#boot?.die(how);
    this.#boot = undefined;
    this.#radio = undefined;
    this.#telnet = undefined;
  }

  #pinChanged(pin: number, level: 0 | 1, by: 'program' | 'world'): void {
    const { button, reset, vext } = this.#wiring;
    // Pads that nothing is wired to change with every start of the interpreter, and nobody sees it.
    if (by === 'world' || this.#pins.driven.has(pin) || [button, reset, vext].includes(pin)) {
      this.#trace.add({ what: 'pin', pin, level, by });
    }
    if (pin === this.#wiring.reset) {
      this.#glass.reset(level === 0);
    }
    if (pin === this.#wiring.vext) {
      this.#supplyDisplay();
      this.#glass.look();
    }
    this.#asleep.pinChanged(pin, level);
  }

  #supplyDisplay(powered = this.state !== 'off'): void {
    const { vext } = this.#wiring;
    this.#glass.supply(powered && (vext === null || this.#pins.level(vext) === 0));
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
