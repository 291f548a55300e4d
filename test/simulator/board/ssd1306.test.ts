/** The display chip against byte sequences written by hand from the data sheet. */
import { beforeEach, describe, expect, test } from 'vitest';
import { toText } from '../../../simulator/board/frame.ts';
import { Ssd1306 } from '../../../simulator/board/ssd1306.ts';

let chip: Ssd1306;
let unknown: string[];

function make(height: 64 | 32): Ssd1306 {
  unknown = [];
  const made = new Ssd1306({ width: 128, height, seed: 7, unknown: message => unknown.push(message) });
  made.setPower(true);
  return made;
}

beforeEach(() => {
  chip = make(64);
});

/** All bytes are commands: control byte 00. */
function commands(...bytes: number[]): void {
  expect(chip.write(Uint8Array.from([0x00, ...bytes]))).toBe(true);
}

/** All bytes are data: control byte 40. */
function data(...bytes: number[]): void {
  expect(chip.write(Uint8Array.from([0x40, ...bytes]))).toBe(true);
}

/** The data sheet's software flow for a common module (figure 2 of the charge pump's appendix), and a dark RAM. */
function init(height: 64 | 32 = 64): void {
  commands(
    0xa8,
    height - 1,
    0xd3,
    0,
    0x40,
    0xa1,
    0xc8,
    0xda,
    height === 64 ? 0x12 : 0x02,
    0x81,
    0x7f,
    0xa4,
    0xa6,
  );
  commands(0xd5, 0x80, 0x8d, 0x14, 0xaf, 0x20, 0x00, 0x21, 0, 127, 0x22, 0, 7);
  data(...new Array<number>(1024).fill(0));
}

/** Lit pixels as "x,y". */
function lit(): string[] {
  const { width, pixels } = chip.frame();
  return [...pixels.keys()].filter(at => pixels[at]).map(at => `${at % width},${Math.floor(at / width)}`);
}

describe('power', () => {
  test('after power-up the RAM is noise, and nothing is seen of it', () => {
    expect(new Set(chip.ram).size).toBeGreaterThan(50);
    expect(chip.frame().on).toBe(false);
    expect(lit()).toEqual([]);
  });

  test('a driver that forgets to clear shows the noise', () => {
    commands(0x8d, 0x14, 0xaf);
    expect(lit().length).toBeGreaterThan(2000);
  });

  test.each([
    ['display on without the charge pump', [0xaf]],
    ['charge pump without display on', [0x8d, 0x14]],
    ['charge pump switched off again', [0x8d, 0x14, 0xaf, 0x8d, 0x10]],
    ['display switched off again', [0x8d, 0x14, 0xaf, 0xae]],
  ])('the panel stays dark: %s', (_name, bytes) => {
    commands(...bytes);
    expect(chip.frame().on).toBe(false);
    expect(lit()).toEqual([]);
  });

  test('in reset or without supply it does not acknowledge; a reset keeps the RAM and loses the registers', () => {
    init();
    data(0xff);
    chip.setReset(true);
    expect(chip.write(Uint8Array.of(0, 0xaf))).toBe(false);
    chip.setReset(false);
    expect(chip.frame().on).toBe(false);
    expect(chip.registers).toMatchObject({
      addressing: 2,
      contrast: 0x7f,
      multiplex: 64,
      segmentRemap: false,
    });
    expect(chip.ram[127]).toBe(0xff);
    chip.setPower(false);
    expect(chip.write(Uint8Array.of(0, 0xaf))).toBe(false);
    chip.setPower(true);
    expect(chip.ram.filter(byte => byte === 0).length).toBeLessThan(50);
  });
});

describe('the way of bytes (8.1.5.2)', () => {
  test('Co = 1: one byte, then another control byte', () => {
    init();
    // Contrast as two single commands, then data until the end.
    expect(chip.write(Uint8Array.of(0x80, 0x81, 0x80, 0xcf, 0x40, 0x01, 0x03))).toBe(true);
    expect(chip.registers.contrast).toBe(0xcf);
    expect(lit()).toEqual(['0,0', '1,0', '1,1']);
  });

  test('Co = 1 with D/C# = 1: a single byte of data', () => {
    init();
    chip.write(Uint8Array.of(0xc0, 0x01, 0x80, 0xa7));
    expect(chip.registers.inverted).toBe(true);
    expect(chip.frame().pixels[0]).toBe(0);
    expect(chip.frame().pixels[1]).toBe(1);
  });

  test('a command may be split over transactions', () => {
    init();
    commands(0x21);
    commands(5);
    commands(6);
    data(1, 1, 1);
    expect(lit()).toEqual(['5,0', '6,0', '5,8']);
  });

  test.each([
    ['an unknown command', [0x00, 0xfe], 'command 0xFE'],
    ['scrolling, which is left out', [0x00, 0x26], 'command 0x26'],
    ['a bad control byte', [0x01, 0xaf], 'control byte 0x01: the low six bits must be 0'],
    [
      'a range that runs backwards',
      [0x00, 0x20, 0, 0x21, 9, 3],
      'column range 9 to 3: the start must not be above the end',
    ],
    ['a multiplex ratio below 16', [0x00, 0xa8, 5], 'command 0xA8 with multiplex ratio 6'],
    ['the reserved addressing mode', [0x00, 0x20, 3], 'command 0x20 with the reserved mode 3'],
  ])('the sender is told of %s', (_name, bytes, message) => {
    chip.write(Uint8Array.from(bytes));
    expect(unknown).toEqual([message]);
  });

  test.each([0x2e, 0xe3, 0xa4, 0xa6, 0xae, 0xc0])('one-byte command 0x%s leaves the next one whole', code => {
    commands(code, 0x81, 0x33);
    expect(chip.registers.contrast).toBe(0x33);
    expect(unknown).toEqual([]);
  });

  test.each([0xd5, 0xd9, 0xdb])('two-byte command %i takes its parameter', code => {
    commands(code, 0xfe, 0x81, 0x33);
    expect(chip.registers.contrast).toBe(0x33);
    expect(unknown).toEqual([]);
  });
});

describe('addressing (10.1.3)', () => {
  test('horizontal: column, then page, then back to the start of both', () => {
    init();
    commands(0x21, 126, 127, 0x22, 6, 7);
    data(0x01, 0x02, 0x04, 0x08, 0x80);
    // The fifth byte lands on the first again.
    expect(lit()).toEqual(['127,49', '126,55', '126,58', '127,59']);
  });

  test('vertical: page, then column', () => {
    init();
    commands(0x20, 0x01, 0x21, 10, 11, 0x22, 0, 1);
    data(1, 1, 1, 1, 2);
    expect(lit()).toEqual(['11,0', '10,1', '10,8', '11,8']);
  });

  test('page: B0h, 00h and 10h set the pointer; the end of the line goes back to its start', () => {
    init();
    commands(0x20, 0x02, 0xb3, 0x0e, 0x17);
    data(1, 1, 1);
    expect(lit()).toEqual(['0,24', '126,24', '127,24']);
  });

  test('ranges are for the other modes, page pointers for page mode only', () => {
    init();
    commands(0x21, 4, 5, 0x22, 2, 3, 0xb7, 0x00, 0x10);
    data(1);
    expect(lit()).toEqual(['4,16']);
    commands(0x20, 0x02, 0x21, 90, 91);
    data(1);
    expect(lit()).toEqual(['4,16', '5,16']);
  });
});

describe('from RAM to glass', () => {
  beforeEach(() => {
    init();
    data(0x01); // column 0, line 0
  });

  test('A1h and C8h show a module upright; A0h and C0h turn the picture round', () => {
    expect(lit()).toEqual(['0,0']);
    commands(0xc0);
    expect(lit()).toEqual(['0,63']);
    commands(0xa0);
    // The RAM keeps what was written under A1h; only what comes now is mirrored.
    expect(lit()).toEqual(['0,63']);
    commands(0x21, 0, 127, 0x22, 0, 7);
    data(0x01);
    expect(lit()).toEqual(['0,63', '127,63']);
  });

  test('the start line scrolls the RAM up', () => {
    commands(0x40 + 60);
    expect(lit()).toEqual(['0,4']);
  });

  test('the offset moves rows against the glass, round the edge', () => {
    commands(0xd3, 8);
    expect(lit()).toEqual(['0,56']);
  });

  test('a lower multiplex leaves lines dark, and C8h counts from it', () => {
    commands(0xa8, 31);
    expect(lit()).toEqual(['0,32']);
    commands(0xa5);
    expect(lit().length).toBe(32 * 128);
  });

  test('A5h lights all whatever the RAM holds, A4h goes back to it; A7h inverts', () => {
    commands(0xa5);
    expect(lit().length).toBe(64 * 128);
    commands(0xa4, 0xa7);
    expect(lit().length).toBe(64 * 128 - 1);
  });

  test('the wrong COM pins (DAh 02h on 128×64) interleave the picture', () => {
    commands(0x21, 0, 127, 0x22, 0, 7);
    data(0x05); // lines 0 and 2
    expect(lit()).toEqual(['0,0', '0,2']);
    commands(0xda, 0x02);
    expect(lit()).toEqual(['0,0', '0,4']);
    // Halves exchanged: each pair of lines changes places.
    commands(0xda, 0x32);
    expect(lit()).toEqual(['0,1', '0,3']);
  });
});

describe('128×32 glass', () => {
  beforeEach(() => {
    chip = make(32);
    init(32);
    data(0x03);
  });

  test('shows the first 32 lines', () => {
    expect(lit()).toEqual(['0,0', '0,1']);
    expect(toText(chip.frame()).split('\n').length).toBe(33);
  });

  test('with the 128×64 settings it shows the wrong half, or every second line', () => {
    commands(0xa8, 63);
    expect(lit()).toEqual([]);
    commands(0xa8, 31, 0xda, 0x12);
    expect(lit()).not.toEqual(['0,0', '0,1']);
  });
});
