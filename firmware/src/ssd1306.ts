/**
 * Driver for OLED displays with the Solomon Systech SSD1306 on I²C, 128×64 and 128×32. It takes the bus as an
 * argument and knows nothing else of the program: no pins, no drawing, no fonts. Chip's dialect.
 *
 * ```ts
 * const oled = ssd1306(I2C1, 0x3c, 64);
 * oled.init();                // after the supply is up and the reset pulse (data sheet, section 8.9)
 * oled.show(g.buffer);        // the first time everything, then only what changed
 * oled.command(contrast(40));
 * oled.command(displayOff);   // under 10 µA; the picture is kept as long as there is power
 * oled.command(displayOn);
 * ```
 *
 * The buffer has the chip's own order (section 8.7): pages of eight rows, a byte is a column of eight pixels,
 * lowest bit on top. Espruino's Graphics makes it: `{ vertical_byte: true, msb: false }`.
 *
 * Errors of the bus (nobody acknowledges, the bus is held) are thrown on to the caller. After one, what the
 * glass shows is not known any more, so the next `show` sends everything again; `init` is always allowed.
 *
 * All numbers are from the data sheet, SSD1306 rev 1.1, and its application note on the charge pump.
 */

export interface I2cBus {
  /** One transaction: start, address, all the bytes, stop. Throws when it fails. */
  writeTo(address: number, bytes: Uint8Array | number[]): void;
}

export interface Ssd1306 {
  /** Sets all registers; the display stays dark until the first `show`, since its memory is noise now. */
  init(): void;
  /** Makes the glass equal to the buffer, 16 bytes per row of pixels. Sends only what changed. */
  show(buffer: ArrayBuffer): void;
  /** Sends bytes of commands: those below, or others of the data sheet that leave the addressing alone. */
  command(bytes: number[]): void;
}

/** Display off and charge pump off: sleep mode, under 10 µA (10.1.12, application note). The memory can be written. */
export const displayOff = [0xae, 0x8d, 0x10];

/** Charge pump on, display on (application note); lit after 100 ms (8.9). */
export const displayOn = [0x8d, 0x14, 0xaf];

/** 0 to 255 (10.1.7). The current grows with it; `init` sets 0xCF: bright, without the pump's last milliamps. */
export function contrast(level: number): number[] {
  return [0x81, level];
}

const width = 128;

/**
 * @param address 0x3C with the pin SA0 low, 0x3D with SA0 high (section 8.1.5).
 * @returns a driver for the display on that bus. Nothing is sent yet.
 */
export function ssd1306(bus: I2cBus, address: number, height: 64 | 32): Ssd1306 {
  const glass = new Uint8Array(width * (height / 8)); // what the display's memory holds
  const glassWords = new Int32Array(glass.buffer);
  // Pixels cross in transactions of one page at most: Espruino copies the arguments of `writeTo` to the C stack
  // before it sends, and the bus is taken for as long: 129 bytes are 3 ms at 400 kHz.
  const packet = new Uint8Array(width + 1);
  let isGlassKnown = false;
  let lightAfterShow = false; // after init, until the noise has been replaced

  // Control bytes, section 8.1.5.2: Co = 0, then D/C# = 0 commands or 1 data until the stop.
  packet[0] = 0x40;
  function command(bytes: number[]): void {
    bus.writeTo(address, [0x00].concat(bytes));
  }

  return {
    command,
    init() {
      isGlassKnown = false;
      lightAfterShow = true;
      // The order of the application note's flow chart; where it says nothing, the value after reset.
      command([
        0xae, // 10.1.12: display off
        0xd5, // 10.1.16: clock
        0x80, //   divided by 1, about 370 kHz
        0xa8, // 10.1.11: multiplex ratio
        height - 1,
        0xd3, // 10.1.15: display offset
        0x00,
        0x40, // 10.1.6: start line 0
        0x8d, // application note, 8Dh: charge pump
        0x14, //   on, as there is no 7.5 V supply
        0x20, // 10.1.3: addressing mode
        0x02, //   page addressing
        0xa1, // 10.1.8: column 127 is SEG0 (the modules are mounted upside down)
        0xc8, // 10.1.14: scan from the last COM to COM0, for the same reason
        0xda, // 10.1.18: COM pins
        height > 32 ? 0x12 : 0x02, //   alternative, or sequential on 32 rows
        0x81, // 10.1.7: contrast
        0xcf,
        0xd9, // 10.1.17: pre-charge
        0xf1, //   15 clocks, discharge 1: the charge pump's voltage is reached on bright rows too
        0xdb, // 10.1.19: VCOMH deselect level
        0x20, //   0.77 × VCC
        0xa4, // 10.1.9: show the memory
        0xa6, // 10.1.10: 1 is lit
        0x2e, // 10.2.3: no scrolling
      ]);
    },
    show(buffer) {
      const next = new Uint8Array(buffer);
      const nextWords = new Int32Array(buffer);
      const compare = isGlassKnown;
      isGlassKnown = false; // until all of it has been acknowledged
      for (let start = 0; start < next.length; start += width) {
        let first = start;
        let last = start + width - 1;
        if (compare) {
          // Four columns at a time: the interpreter takes tens of microseconds per comparison.
          while (first < last && nextWords[first >> 2] === glassWords[first >> 2]) first += 4;
          if (first > last) continue;
          while (nextWords[last >> 2] === glassWords[last >> 2]) last -= 4;
          while (next[first] === glass[first]) first++;
          while (next[last] === glass[last]) last--;
        }
        // Columns of a page, by page addressing (section 10.1.3): understood by all relatives.
        const column = first - start;
        command([
          0xb0 + start / width, // 10.1.13: page
          column & 15, // 10.1.1: lower half of the column
          0x10 + (column >> 4), // 10.1.2: its higher half
        ]);
        const span = new Uint8Array(buffer, first, last - first + 1);
        packet.set(span, 1);
        bus.writeTo(address, new Uint8Array(packet.buffer, 0, span.length + 1));
        glass.set(span, first);
      }
      isGlassKnown = true;
      if (lightAfterShow) command(displayOn);
      lightAfterShow = false;
    },
  };
}
