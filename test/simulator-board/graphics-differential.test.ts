/** Random drawings must come out of the simulated board bit for bit as out of the real interpreter. */
import { expect, test } from 'vitest';
import { dice, drawing, drawingProgram } from './drawing.ts';
import { runToSleep, sleepNow } from './harness.ts';
import { interpreter, runOnInterpreter } from './interpreter.ts';

const drawingsPerSize = 120;
/** The same drawings each time; another number finds others. */
const seed = Number(process.env.DRAWING_SEED ?? 20_260_801);

test.skipIf(!interpreter).each([
  [128, 64],
  [128, 32],
])('drawings of %i×%i equal the interpreter (needs ESPRUINO)', async (w, h) => {
  const d = dice(seed + h);
  const drawings = Array.from({ length: drawingsPerSize }, () => drawing(d, w, h));
  const program = drawings.map(lines => drawingProgram(lines, w, h)).join('\n');
  const theirs = await runOnInterpreter(`${program}\nquit();`);
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
