/**
 * The board's wires and the chip's pads on them, at the levels of the wire: what the program drives and pulls, what the
 * world drives, who watches. The pad that woke the chip by ext0 belongs to the RTC afterwards: the digital side reads 0
 * until its bit is cleared or a timer sleep comes (espressif/esp-idf#245, micropython/micropython#3835).
 */

import { padsAt, RtcRegisters, rtcPads } from './rtc-pads.ts';

export type Level = 0 | 1;
export type Pull = 'up' | 'down';

/**
 * Pulls at every boot (targets/esp32/jshardware.c, jshPinDefaultPullup): "input_pullup" for these, which on the negated
 * GPIO 0 is the pull-down. 34 to 39 are in its list too, and have no pulls.
 */
const pulledAtBoot = new Map<number, Pull>([
  [0, 'down'],
  ...[12, 13, 14, 15, 18, 19, 21, 22, 25, 26, 27].map(pin => [pin, 'up'] as const),
]);

/** All of it, as lists of a pin (a register) and what it has. */
export interface FrozenPins {
  driven: [number, Level][];
  muxed: number[];
  registers: [number, number][];
  outside: [number, Level][];
  pulls: [number, Pull][];
}

/** They outlive a boot. */
export class Pins {
  /** Pins the program drives. */
  readonly driven = new Map<number, Level>();
  /** Pads that belong to the RTC: the digital side reads 0. */
  readonly muxed = new Set<number>();
  readonly #rtc = new RtcRegisters(this.muxed);
  readonly #outside = new Map<number, Level>();
  /** Resistors of the board, far stronger than the chip's own. */
  readonly #resistors = new Map<number, Level>();
  readonly #pulls = new Map<number, Pull>();
  readonly #watchers = new Set<(pin: number, level: Level) => void>();
  /** Called when the level of a pin changed. */
  onChange: ((pin: number, level: Level, by: 'program' | 'world') => void) | undefined;

  /** @param pulledUp pins with a resistor to the supply. */
  constructor(pulledUp: readonly number[] = []) {
    for (const pin of pulledUp) this.#resistors.set(pin, 1);
  }

  /** The level on the wire. A pin that nobody holds floats, and whoever counts on it loses: it is low. */
  level(pin: number): Level {
    return (
      this.driven.get(pin) ??
      this.#outside.get(pin) ??
      this.#resistors.get(pin) ??
      (this.#pulls.get(pin) === 'up' ? 1 : 0)
    );
  }

  /** What the chip's digital side sees. */
  digital(pin: number): Level {
    return this.muxed.has(pin) ? 0 : this.level(pin);
  }

  /** True while the chip's pull-down works against a resistor of the board: some 60 µA through 10 and 45 kΩ. */
  leaks(pin: number): boolean {
    return this.#resistors.get(pin) === 1 && this.#pulls.get(pin) === 'down';
  }

  /** A finger, or anything else outside of the chip; undefined: it lets go. */
  setOutside(pin: number, level: Level | undefined): void {
    this.#change(pin, 'world', () =>
      level === undefined ? this.#outside.delete(pin) : this.#outside.set(pin, level),
    );
  }

  drive(pin: number, level: Level | undefined): void {
    this.#change(pin, 'program', () =>
      level === undefined ? this.driven.delete(pin) : this.driven.set(pin, level),
    );
  }

  pull(pin: number, pull: Pull | undefined): void {
    this.#change(pin, 'program', () =>
      pull === undefined ? this.#pulls.delete(pin) : this.#pulls.set(pin, pull),
    );
  }

  /** What the interpreter's own start does to the pads. */
  boot(): void {
    for (const [pin, pull] of pulledAtBoot) this.pull(pin, pull);
  }

  /**
   * Sleep by this pin gives its pad to the RTC, and RTC pads keep their pulls, also over the waking. Undefined: any other
   * sleep, or no battery: the RTC's own supply goes, and with it all pulls and what the RTC had.
   */
  sleepBy(pin: number | undefined): void {
    for (const pulled of [...this.#pulls.keys()]) {
      if (pin === undefined || !rtcPads.has(pulled)) this.pull(pulled, undefined);
    }
    if (pin === undefined) this.muxed.clear();
    else this.muxed.add(pin);
  }

  /** Undefined: no register of RTC_IO. */
  peekRtc(address: number): number | undefined {
    return padsAt(address).length > 0 ? this.#rtc.read(address) : undefined;
  }

  /** False: no register of RTC_IO. */
  pokeRtc(address: number, value: number): boolean {
    const before = padsAt(address).map(pin => [pin, this.digital(pin)] as const);
    if (before.length === 0) return false;
    this.#rtc.write(address, value);
    for (const [pin, digital] of before) this.#tell(pin, digital);
    return true;
  }

  watch(watcher: (pin: number, level: Level) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  freeze(): FrozenPins {
    return {
      driven: [...this.driven],
      muxed: [...this.muxed],
      registers: this.#rtc.all(),
      outside: [...this.#outside],
      pulls: [...this.#pulls],
    };
  }

  /** Nobody is told: it is as it was. */
  thaw({ driven, muxed, registers, outside, pulls }: FrozenPins): void {
    for (const [address, value] of registers) this.#rtc.write(address, value);
    this.muxed.clear();
    for (const pin of muxed) this.muxed.add(pin);
    for (const [pin, level] of driven) this.driven.set(pin, level);
    for (const [pin, level] of outside) this.#outside.set(pin, level);
    for (const [pin, pull] of pulls) this.#pulls.set(pin, pull);
  }

  #change(pin: number, by: 'program' | 'world', change: () => void): void {
    const level = this.level(pin);
    const digital = this.digital(pin);
    const wasDriven = this.driven.has(pin);
    change();
    if (level !== this.level(pin) || wasDriven !== this.driven.has(pin)) {
      this.onChange?.(pin, this.level(pin), by);
    }
    this.#tell(pin, digital);
  }

  #tell(pin: number, before: Level): void {
    const now = this.digital(pin);
    if (now === before) return;
    for (const watcher of [...this.#watchers]) watcher(pin, now);
  }
}
