/** Drawings whose result the interpreter has shown us (fixtures/drawings.json), and what must be refused. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { drawingProgram } from './fixtures/drawing.ts';
import { runToSleep, sleepNow } from './fixtures/harness.ts';

const fixtures = JSON.parse(readFileSync(new URL('fixtures/drawings.json', import.meta.url), 'utf8')) as {
  width: number;
  height: number;
  drawings: { name: string; lines: string[]; picture: string[] }[];
};

const { width, height, drawings } = fixtures;

async function draw(lines: string[]): Promise<string[]> {
  const program = `function tell(t){print(t);}${drawingProgram(lines, width, height)}${sleepNow}`;
  const board = await runToSleep(program);
  expect(board.faults).toEqual([]);
  const bytes = Buffer.from(board.prints.at(-1) ?? '', 'hex');
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) =>
      ((bytes[(y >> 3) * width + x] ?? 0) >> (y & 7)) & 1 ? '#' : '.',
    ).join(''),
  );
}

describe('drawings come out as the interpreter draws them', () => {
  test.each(drawings)('dot for dot: $name', async ({ lines, picture }) => {
    expect((await draw(lines)).join('\n')).toBe(picture.join('\n'));
  });
});

describe('what the simulated Graphics does not have is refused by name', () => {
  test.each([
    ['g.drawLine(0,0,5,5)', 'Graphics.drawLine is not simulated'],
    [
      'g.drawString("a",0,0)',
      "Graphics text in the interpreter's own font (before setFontCustom) is not simulated",
    ],
    ['g.setColor(1,1,1)', 'Graphics.setColor with anything but one number is not simulated'],
    ['g.setColor("#fff")', 'Graphics.setColor with anything but one number is not simulated'],
    ['g.fillRect({x:1,y:1,w:2,h:2})', 'Graphics.fillRect with an object is not simulated'],
    ['g.fillRect("1",1,2,2)', 'A Graphics coordinate that is a string is not simulated'],
    ['g.drawImage("abc",1,1)', 'Graphics.drawImage with anything but an object is not simulated'],
    [
      'g.drawImage({width:2,height:2,buffer:"\\xff"},1,1,{scale:2})',
      'Graphics.drawImage with options is not simulated',
    ],
    [
      'g.drawImage({width:2,height:2,bpp:2,buffer:"\\xff"},1,1)',
      'Graphics.drawImage with 2 bits per pixel is not simulated',
    ],
    [
      'g.drawImage({width:2,height:2,palette:1,buffer:"\\xff"},1,1)',
      'Graphics.drawImage with palette is not simulated',
    ],
    [
      'g.setFontCustom("\\xff",32,4,8|(2<<16))',
      'Graphics.setFontCustom with 2 bits per pixel is not simulated',
    ],
    [
      'g.setFontCustom("\\xff",32,4,8).drawString("a\\0",1,1)',
      'Graphics.drawString with a character 0 is not simulated',
    ],
    [
      'g.setFontCustom("\\xff",32,4,8).clear(true).drawString("a",1,1)',
      "Graphics text in the interpreter's own font (before setFontCustom) is not simulated",
    ],
    ['g.drawString(5,1,1)', 'Graphics.drawString with number for a string is not simulated'],
    ['g.buffer = 1', 'Setting Graphics.buffer is not simulated'],
    [
      'Graphics.createArrayBuffer(8,8,8)',
      'chip.Graphics.createArrayBuffer other than 1 bit, {vertical_byte: true, msb: false} is not simulated',
    ],
    ['Graphics.createImage("x")', 'chip.Graphics.createImage is not simulated'],
  ])('and is a fault: %s', async (line, message) => {
    const board = await runToSleep(
      `var g=Graphics.createArrayBuffer(16,8,1,{vertical_byte:true,msb:false});try{${line}}catch(e){print(e.message)}${sleepNow}`,
    );
    expect(board.prints).toEqual([message]);
    expect(board.faults.map(f => [f.kind, f.message])).toEqual([['not-simulated', `Error: ${message}`]]);
  });

  test.each([
    ['g.setFontCustom(5,32,4,8)', 'Font bitmap must be a String'],
    ['g.setFontCustom("a",256,4,8)', 'First character out of range'],
    ['g.setFontCustom("a",32,4.5,8)', 'Font width must be a String or an integer'],
    ['g.drawImage({width:0,height:2,buffer:"a"},0,0)', 'Expecting valid Image'],
    ['g.drawImage({width:1,height:2},0,0)', 'Expecting valid Image'],
    ['g.setFontCustom("\\u0100",32,4,8)', 'Graphics.setFontCustom: character U+0100 does not fit 8 bits'],
    [
      'g.setFontCustom("a",32,4,8).drawString("5\\u20ac",0,0)',
      'Graphics.drawString: character U+20AC does not fit 8 bits',
    ],
    [
      'Graphics.createArrayBuffer(8,9,1,{vertical_byte:true,msb:false})',
      'height must be a multiple of 8 when using vertical_byte',
    ],
    ['Graphics.createArrayBuffer(0,8,1,{vertical_byte:true,msb:false})', 'Invalid Size'],
  ])("what the chip refuses is in the interpreter's words, or names the wide character: %s", async (line, message) => {
    const board = await runToSleep(
      `var g=Graphics.createArrayBuffer(16,8,1,{vertical_byte:true,msb:false});try{${line}}catch(e){print(e.message)}${sleepNow}`,
    );
    expect(board.prints).toEqual([message]);
    expect(board.faults).toEqual([]);
  });
});

test('a width per glyph: what the font lacks counts 255 pixels, before its first character none', async () => {
  const board = await runToSleep(
    `var g=Graphics.createArrayBuffer(16,8,1,{vertical_byte:true,msb:false}).setFontCustom("a",65,"\\x03\\x02",8);` +
      `print(""+g.stringWidth("AB")+" "+g.stringWidth("@AB")+" "+g.stringWidth("AC")+" "+g.stringWidth("AB\\nA")+" "+g.stringWidth(""));${sleepNow}`,
  );
  expect(board.prints).toEqual(['5 5 258 5 0']);
});
