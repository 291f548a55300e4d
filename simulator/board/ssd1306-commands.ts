/** The SSD1306's command table (data sheet section 9, table 9-1, and the charge pump's appendix). */
import type { Registers } from './ssd1306.ts';

export interface CommandHost {
  registers: Registers;
  column: number;
  page: number;
  unknown: (message: string) => void;
}

/** Commands followed by parameter bytes → length with them. All others below are one byte long. */
const lengths: Record<number, number> = {
  32: 2,
  33: 3,
  34: 3,
  129: 2,
  141: 2,
  168: 2,
  211: 2,
  213: 2,
  217: 2,
  218: 2,
  219: 2,
};

/** 2Eh scroll off, A0/A1 segment remap, A4/A5 all on, A6/A7 inverse, AE/AF off and on, C0/C8 scan, E3 no operation. */
const single = new Set([0x2e, 0xa0, 0xa1, 0xa4, 0xa5, 0xa6, 0xa7, 0xae, 0xaf, 0xc0, 0xc8, 0xe3]);

/** Bytes in the command that starts with `code`; 0 when there is no such command (scrolling is left out). */
export function commandLength(code: number): number {
  const oneByte =
    code <= 0x1f || (code >= 0x40 && code <= 0x7f) || (code >= 0xb0 && code <= 0xb7) || single.has(code);
  return lengths[code] ?? (oneByte ? 1 : 0);
}

/** Carries out one complete command. */
export function runCommand(chip: CommandHost, command: number[]): void {
  const r = chip.registers;
  const [code = 0, a = 0, b = 0] = command;
  // 10.1.1, 10.1.2, 10.1.13: "only for page addressing mode".
  const pageMode = r.addressing === 2;
  if (code <= 0x0f) {
    chip.column = pageMode ? (chip.column & 0xf0) | code : chip.column;
  } else if (code <= 0x1f) {
    chip.column = pageMode ? (chip.column & 0x0f) | ((code & 0x07) << 4) : chip.column;
  } else if (code >= 0xb0 && code <= 0xb7) {
    chip.page = pageMode ? code & 7 : chip.page;
  } else if (code >= 0x40 && code <= 0x7f) {
    r.startLine = code & 0x3f;
  } else {
    longCommand(chip, code, a, b);
  }
}

function longCommand(chip: CommandHost, code: number, a: number, b: number): void {
  const r = chip.registers;
  switch (code) {
    case 0x20:
      if ((a & 3) === 3) {
        chip.unknown('command 0x20 with the reserved mode 3');
      } else {
        r.addressing = (a & 3) as 0 | 1 | 2;
      }
      break;
    case 0x21: // 10.1.4: only for horizontal and vertical addressing
      range(chip, 'column', a & 0x7f, b & 0x7f);
      break;
    case 0x22: // 10.1.5: the same for pages
      range(chip, 'page', a & 7, b & 7);
      break;
    case 0x81:
      r.contrast = a;
      break;
    case 0x8d: // charge pump: 14h on, 10h off
      r.chargePump = (a & 4) !== 0;
      break;
    case 0xa0:
    case 0xa1:
      r.segmentRemap = code === 0xa1;
      break;
    case 0xa4:
    case 0xa5:
      r.allOn = code === 0xa5;
      break;
    case 0xa6:
    case 0xa7:
      r.inverted = code === 0xa7;
      break;
    case 0xa8: // 10.1.11: 0 to 14 are invalid
      if ((a & 0x3f) < 15) {
        chip.unknown(`command 0xA8 with multiplex ratio ${(a & 0x3f) + 1}`);
      } else {
        r.multiplex = (a & 0x3f) + 1;
      }
      break;
    case 0xae:
    case 0xaf:
      r.on = code === 0xaf;
      break;
    case 0xc0:
    case 0xc8:
      r.scanRemap = code === 0xc8;
      break;
    case 0xd3:
      r.offset = a & 0x3f;
      break;
    case 0xda:
      r.comAlternative = (a & 0x10) !== 0;
      r.comLeftRight = (a & 0x20) !== 0;
      break;
    default: // D5 clock, D9 precharge, DB VCOMH, 2E, E3: nothing to see
      break;
  }
}

/** Sets an address range and puts the pointer at its start. */
function range(chip: CommandHost, which: 'column' | 'page', start: number, end: number): void {
  if (start > end) {
    chip.unknown(`${which} range ${start} to ${end}: the start must not be above the end`);
    return;
  }
  if (chip.registers.addressing === 2) {
    return;
  }
  if (which === 'column') {
    chip.registers.columnStart = start;
    chip.registers.columnEnd = end;
    chip.column = start;
  } else {
    chip.registers.pageStart = start;
    chip.registers.pageEnd = end;
    chip.page = start;
  }
}
