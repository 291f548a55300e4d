/**
 * The SSD1306 display controller, from its bytes on the I²C bus to lit pixels. Section numbers are those of
 * Solomon Systech's data sheet, revision 1.1.
 */
import { type CommandHost, commandLength, runCommand } from './ssd1306-commands.ts';

export const ramColumns = 128;
export const ramPages = 8;
const ramRows = 64;

/** Registers as a reset leaves them (8.9 and the command table in 9). The RAM is not among them. */
export function resetRegisters() {
  return {
    contrast: 0x7f,
    allOn: false,
    inverted: false,
    on: false,
    /** 20h: 0 horizontal, 1 vertical, 2 page. */
    addressing: 2 as 0 | 1 | 2,
    columnStart: 0,
    columnEnd: ramColumns - 1,
    pageStart: 0,
    pageEnd: ramPages - 1,
    startLine: 0,
    segmentRemap: false,
    /** A8h: rows driven, 16 to 64. */
    multiplex: ramRows,
    scanRemap: false,
    /** D3h: vertical shift by COM. */
    offset: 0,
    /** DAh: COM pins in two interleaved halves; halves exchanged. */
    comAlternative: true,
    comLeftRight: false,
    chargePump: false,
  };
}

export type Registers = ReturnType<typeof resetRegisters>;

export interface Frame {
  width: number;
  height: number;
  /** The panel is lit: display on (AFh) and the charge pump runs. */
  on: boolean;
  /** Row by row, 1 lit, 0 dark. All dark when not `on`. */
  pixels: Uint8Array;
}

/** All that it remembers. */
export interface FrozenDisplay {
  registers: Registers;
  ram: number[];
  column: number;
  page: number;
  powered: boolean;
  inReset: boolean;
  noise: number;
  command: number[];
}

/**
 * A module with this controller. The glass is mounted as on the common modules: segment remap (A1h) and
 * remapped scan (C8h) show the picture upright. 128×64 glass is wired to the alternative COM pins, 128×32
 * glass to the sequential ones.
 */
export class Ssd1306 implements CommandHost {
  readonly width: number;
  readonly height: number;
  readonly registers: Registers = resetRegisters();
  /** What is stored per segment output: [page][segment], lowest bit on top (8.7). */
  readonly ram = new Uint8Array(ramColumns * ramPages);
  column = 0;
  page = 0;
  readonly unknown: (message: string) => void;
  #powered = false;
  #inReset = false;
  /** Small and repeatable; noise needs no more (xorshift, Marsaglia 2003). */
  #noise: number;
  /** A command whose parameters have not all come yet; they may come in later transactions. */
  #command: number[] = [];

  constructor(options: { width: number; height: number; seed: number; unknown: (message: string) => void }) {
    this.width = options.width;
    this.height = options.height;
    this.unknown = options.unknown;
    this.#noise = options.seed | 0 || 1;
  }

  /** Supply switched. After power-up the RAM holds whatever it fell into. */
  setPower(powered: boolean): void {
    if (powered && !this.#powered) {
      for (let i = 0; i < this.ram.length; i++) {
        this.ram[i] = this.#nextNoise();
      }
      this.#reset();
    }
    this.#powered = powered;
  }

  /** The RES# pin. Low initialises the registers (8.9); the RAM keeps its content. */
  setReset(low: boolean): void {
    if (low) {
      this.#reset();
    }
    this.#inReset = low;
  }

  /** One I²C write transaction after the address byte. False: not acknowledged. */
  write(bytes: Uint8Array): boolean {
    if (!this.#powered || this.#inReset) {
      return false;
    }
    // 8.1.5.2: a control byte is Co, D/C#, six zeros. Co = 0: only bytes of that kind follow.
    // Co = 1: one byte follows, then another control byte.
    let at = 0;
    while (at < bytes.length) {
      const control = bytes[at++] ?? 0;
      if (control & 0x3f) {
        this.unknown(`control byte 0x${hex(control)}: the low six bits must be 0`);
      }
      const end = control & 0x80 ? Math.min(at + 1, bytes.length) : bytes.length;
      for (; at < end; at++) {
        if (control & 0x40) {
          this.#data(bytes[at] ?? 0);
        } else {
          this.#commandByte(bytes[at] ?? 0);
        }
      }
    }
    return true;
  }

  /** What an eye sees on the glass. */
  frame(): Frame {
    const { width, height, registers: r } = this;
    const pixels = new Uint8Array(width * height);
    const on = this.#powered && !this.#inReset && r.on && r.chargePump;
    if (on) {
      for (let y = 0; y < height; y++) {
        const row = this.#rowOnGlass(y);
        for (let x = 0; row >= 0 && x < width; x++) {
          const segment = ramColumns - 1 - x;
          const line = (row + r.startLine) % ramRows;
          const bit = ((this.ram[(line >> 3) * ramColumns + segment] ?? 0) >> (line & 7)) & 1;
          pixels[y * width + x] = r.allOn ? 1 : bit ^ Number(r.inverted);
        }
      }
    }
    return { width, height, on, pixels };
  }

  freeze(): FrozenDisplay {
    return {
      registers: { ...this.registers },
      ram: [...this.ram],
      column: this.column,
      page: this.page,
      powered: this.#powered,
      inReset: this.#inReset,
      noise: this.#noise,
      command: this.#command,
    };
  }

  thaw({ registers, ram, column, page, powered, inReset, noise, command }: FrozenDisplay): void {
    Object.assign(this.registers, registers);
    this.ram.set(ram);
    this.column = column;
    this.page = page;
    this.#powered = powered;
    this.#inReset = inReset;
    this.#noise = noise;
    this.#command = [...command];
  }

  #nextNoise(): number {
    this.#noise ^= this.#noise << 13;
    this.#noise ^= this.#noise >>> 17;
    this.#noise ^= this.#noise << 5;
    return this.#noise & 0xff;
  }

  #reset(): void {
    Object.assign(this.registers, resetRegisters());
    this.column = 0;
    this.page = 0;
    this.#command = [];
  }

  #commandByte(byte: number): void {
    this.#command.push(byte);
    const [code = 0] = this.#command;
    const length = commandLength(code);
    if (length === 0) {
      this.unknown(`command 0x${hex(code)}`);
      this.#command = [];
    } else if (this.#command.length === length) {
      const command = this.#command;
      this.#command = [];
      runCommand(this, command);
    }
  }

  /** Stores a byte and moves on (10.1.3). A1h acts here, on what is written from now on, not on the RAM. */
  #data(byte: number): void {
    const r = this.registers;
    this.ram[this.page * ramColumns + (r.segmentRemap ? ramColumns - 1 - this.column : this.column)] = byte;
    if (r.addressing === 2) {
      this.column = this.column === ramColumns - 1 ? 0 : this.column + 1;
    } else if (r.addressing === 0) {
      if (this.#stepColumn()) {
        this.#stepPage();
      }
    } else if (this.#stepPage()) {
      this.#stepColumn();
    }
  }

  /** True when the column went round. */
  #stepColumn(): boolean {
    const { columnStart, columnEnd } = this.registers;
    const wrapped = this.column === columnEnd;
    this.column = wrapped ? columnStart : (this.column + 1) % ramColumns;
    return wrapped;
  }

  #stepPage(): boolean {
    const { pageStart, pageEnd } = this.registers;
    const wrapped = this.page === pageEnd;
    this.page = wrapped ? pageStart : (this.page + 1) % ramPages;
    return wrapped;
  }

  /** Which row of the controller drives line `y` of the glass, or -1 (tables 10-1 to 10-3). */
  #rowOnGlass(y: number): number {
    const r = this.registers;
    // Upright modules have COM pins counting from the bottom line to the top one.
    const pin = this.height === ramRows ? interleave(this.height - 1 - y) : this.height - 1 - y;
    const com = comOfPin(pin, r.comAlternative, r.comLeftRight);
    const n = r.scanRemap ? r.multiplex - 1 - com : com;
    const row = (((n + r.offset) % ramRows) + ramRows) % ramRows;
    return row < r.multiplex ? row : -1;
  }
}

/** Lines of 64-row glass come alternately from the lower and the upper half of the COM pins (table 10-3). */
function interleave(line: number): number {
  return line & 1 ? 32 + (line >> 1) : line >> 1;
}

/** The COM signal that DAh puts on a pin. */
function comOfPin(pin: number, alternative: boolean, leftRight: boolean): number {
  const swapped = leftRight ? (pin + 32) % 64 : pin;
  if (!alternative) {
    return swapped;
  }
  return swapped >= 32 ? (swapped - 32) * 2 + 1 : swapped * 2;
}

function hex(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, '0');
}
