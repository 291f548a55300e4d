import { expect, test } from 'vitest';
import { type Act, nextAct, type Situation } from '../../provisioner/src/builds/plan.ts';

const sight = { id: 'x', description: '' };
const building = { ...sight, kind: 'building' as const, phase: 'x', done: 1, total: 3 };
const base: Situation = {
  step: 'creating',
  observation: { kind: 'absent' },
  create: { state: 'none', words: '', tries: 0 },
  absentForMs: 0,
  settleMs: 1000,
};
const died = { state: 'died' as const, words: 'reset', tries: 1 };

const table: [string, Partial<Situation>, Partial<Act>][] = [
  ['reserved and absent: ask', { step: 'reserved' }, { kind: 'create' }],
  ['reserved, but there already: not ours', { step: 'reserved', observation: building }, { kind: 'fail' }],
  [
    'reserved, but ready already: not ours',
    { step: 'reserved', observation: { ...sight, kind: 'ready' } },
    { kind: 'fail' },
  ],
  ['asked, seen: follow', { observation: building }, { kind: 'follow' }],
  [
    'asked, our call still open: wait',
    { create: { ...died, state: 'flying' }, absentForMs: 9e9 },
    { kind: 'wait' },
  ],
  ['asked by a process that died, not seen yet: wait', {}, { kind: 'wait' }],
  ['asked by a process that died, never seen: ask', { absentForMs: 1000 }, { kind: 'create' }],
  ['our call died, not seen yet: wait', { create: died, absentForMs: 999 }, { kind: 'wait' }],
  ['our call died, never seen: ask again', { create: died, absentForMs: 1000 }, { kind: 'create' }],
  [
    'our call died often: ask again',
    { create: { ...died, tries: 99 }, absentForMs: 1000 },
    { kind: 'create' },
  ],
  [
    'refused: its words, at once',
    { create: { state: 'refused', words: 'full', tries: 1 } },
    { kind: 'fail', words: 'full' },
  ],
  [
    'refused, but it is there (our first call worked): follow',
    { create: { state: 'refused', words: 'name taken', tries: 2 }, observation: building },
    { kind: 'follow' },
  ],
  ['said done, but not there', { create: { ...died, state: 'done' }, absentForMs: 1000 }, { kind: 'fail' }],
  ['seen before, gone: never built again', { step: 'building', absentForMs: 1000 }, { kind: 'fail' }],
  ['seen before, missing for a moment: wait', { step: 'building' }, { kind: 'wait' }],
  ['verifying, gone', { step: 'verifying', absentForMs: 1000 }, { kind: 'fail' }],
  ['ready: verify', { step: 'building', observation: { ...sight, kind: 'ready' } }, { kind: 'verify' }],
  [
    'broken: its words',
    { observation: { ...sight, kind: 'failed', message: 'boom' } },
    { kind: 'fail', words: 'boom' },
  ],
];

test.each(table)('the next act: %s', (_, change, expected) => {
  expect(nextAct({ ...base, ...change })).toMatchObject(expected);
});
