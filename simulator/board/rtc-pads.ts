/**
 * The ESP32's RTC pads: where the bit is that gives a pad to the RTC, which is what waking by ext0 does. While it is
 * set, the digital side reads 0. From ESP-IDF's tables of RTC_IO (soc/esp32: rtc_io_periph.c, rtc_io_reg.h).
 */

/** A pad's register, and the bit of MUX_SEL in it. */
export interface RtcPad {
  register: number;
  muxBit: number;
}

const base = 0x3ff48400;
const at = (offset: number, muxBit: number): RtcPad => ({ register: base + offset, muxBit });

export const rtcPads: ReadonlyMap<number, RtcPad> = new Map([
  [36, at(0x7c, 27)],
  [37, at(0x7c, 26)],
  [38, at(0x7c, 25)],
  [39, at(0x7c, 24)],
  [34, at(0x80, 29)],
  [35, at(0x80, 28)],
  [25, at(0x84, 17)],
  [26, at(0x88, 17)],
  [33, at(0x8c, 18)],
  [32, at(0x8c, 17)],
  [4, at(0x94, 19)],
  [0, at(0x98, 19)],
  [2, at(0x9c, 19)],
  [15, at(0xa0, 19)],
  [13, at(0xa4, 19)],
  [12, at(0xa8, 19)],
  [14, at(0xac, 19)],
  [27, at(0xb0, 19)],
]);

/** The pads of one register. */
export function padsAt(address: number): number[] {
  return [...rtcPads].filter(([, { register }]) => register === address).map(([pin]) => pin);
}

/** The registers as a program reads and writes them: bits other than MUX_SEL are kept, and mean nothing here. */
export class RtcRegisters {
  readonly #values = new Map<number, number>();
  readonly #muxed: Set<number>;

  /** @param muxed the pads that belong to the RTC; changed by writes. */
  constructor(muxed: Set<number>) {
    this.#muxed = muxed;
  }

  read(address: number): number {
    let value = this.#values.get(address) ?? 0;
    for (const pin of padsAt(address)) {
      const bit = 1 << (rtcPads.get(pin)?.muxBit ?? 0);
      value = this.#muxed.has(pin) ? value | bit : value & ~bit;
    }
    return value >>> 0;
  }

  /** What was written, by address. */
  all(): [number, number][] {
    return [...this.#values];
  }

  write(address: number, value: number): void {
    this.#values.set(address, value);
    for (const pin of padsAt(address)) {
      if ((value >>> (rtcPads.get(pin)?.muxBit ?? 0)) & 1) this.#muxed.add(pin);
      else this.#muxed.delete(pin);
    }
  }
}
