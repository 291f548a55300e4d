/** Random drawings must come out of the simulated board bit for bit as out of the real interpreter. */
import { expect, test } from 'vitest';
import { dice, drawing, drawingProgram } from './fixtures/drawing.ts';
import { runToSleep, sleepNow } from './fixtures/harness.ts';
import { interpreter, runOnInterpreter } from './fixtures/interpreter.ts';

const drawingsPerSize = 120;
const drawingsAtOnce = 6;
/** The same drawings each time; another number finds others. */
const seed = Number(process.env.DRAWING_SEED ?? 20_260_801);

test.skipIf(!interpreter).each([
  [128, 64],
  [128, 32],
])('drawings of %i×%i equal the interpreter (needs ESPRUINO)', async (w, h) => {
  const d = dice(seed + h);
  const drawings = Array.from({ length: drawingsPerSize }, () => drawing(d, w, h));
  const programs = drawings.map(lines => drawingProgram(lines, w, h));
  const program = programs.join('\n');
  const theirs: string[] = [];
  // Some at a time: all of them are more than a build with the chip's stack takes at once.
  for (let at = 0; at < programs.length; at += drawingsAtOnce) {
    const some = programs.slice(at, at + drawingsAtOnce).join('\n');
    theirs.push(...(await runOnInterpreter(`${some}\nquit();`)));
  }
  const board = await runToSleep(`function tell(t){print(t);}\n${program}\n${sleepNow}`);
  expect(board.faults).toEqual([]);
  const ours = board.prints;
  expect(ours.length).toBe(theirs.length);
  let told = 0;
  for (const lines of drawings) {
    const tells = 1 + lines.filter(line => line.startsWith('tell')).length;
    for (let i = 0; i < tells; i++, told++) {
      expect(ours[told], lines.join('\n')).toBe(theirs[told]);
    }
  }
});
