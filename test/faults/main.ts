/**
 * `npm run test:faults`: the long form. SEED=<number> repeats a plan, FAULTS=short|long chooses the size, PLAN=1 only
 * prints the plan. Ends with 1 when a promise was broken.
 */
import { randomInt } from 'node:crypto';
import { makePlan, type Size, sizes } from './plan.ts';
import { runFaults } from './run.ts';

const seed = Number(process.env.SEED ?? randomInt(1_000_000));
const wanted = process.env.FAULTS ?? 'long';
const size = sizes.find((each): each is Size => each === wanted);
if (!Number.isSafeInteger(seed) || size === undefined) {
  process.stderr.write('SEED is a whole number, FAULTS is short or long\n');
  process.exit(2);
}
const print = (lines: readonly string[]) => process.stdout.write(`${lines.join('\n')}\n`);
if (process.env.PLAN !== undefined) {
  print([JSON.stringify(makePlan(seed, size), undefined, 1)]);
} else {
  print([`faults ${size}, SEED=${seed}`]);
  const { lines, violations } = await runFaults(seed, size, ['127.243', '127.244']);
  print([...violations.map(line => `VIOLATION ${line}`), ...lines]);
  process.exitCode = violations.length === 0 ? 0 : 1;
}
