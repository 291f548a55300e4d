/** Two clocks: nothing irreversible happens because the wall's one jumped. */
import pino from 'pino';
import { expect, test } from 'vitest';
import { Life } from '../../provisioner/src/builds/life.ts';
import { ClockWatch, makeRan } from '../../provisioner/src/common/clock.ts';
import { decide } from '../../provisioner/src/presses/policy.ts';
import { rulesOf } from '../../provisioner/src/settings/rules.ts';
import { jumpThrough } from './fixtures/jumps.ts';
import { pressBody } from './fixtures/lab.ts';
import { pressRecord } from './fixtures/records.ts';
import { roomTest } from './fixtures/room.ts';

const inRoom = roomTest({ ccp: { speed: 400 } });
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

inRoom.for([2 * dayMs, -2 * dayMs])('a clock that jumps by %d ms costs nobody a cluster', (byMs, { room }) =>
  jumpThrough(room, byMs),
);

test('a process that was held has run for ten seconds of that at most', () => {
  let steadyMs = 5;
  const ran = makeRan(() => steadyMs);
  steadyMs += 3_000;
  expect(ran()).toBe(3_000);
  steadyMs += dayMs;
  expect(ran()).toBe(13_000);
  steadyMs -= 50;
  expect(ran()).toBe(13_000);
});

test('a jump is noticed once, said once, and what time it would be without it is known for a while', () => {
  let [nowMs, ranMs] = [1_000_000_000, 0];
  const lines: string[] = [];
  const jumps: number[] = [];
  const log = pino({}, { write: line => void lines.push(line) });
  const watch = new ClockWatch({ now: () => nowMs, ran: () => ranMs }, log, ({ byMs }) => jumps.push(byMs));
  nowMs += 1_900;
  expect(watch.readingsS()).toEqual([1_000_001]);
  nowMs += dayMs;
  expect(watch.readingsS()).toEqual([1_086_401, 1_000_001]);
  [nowMs, ranMs] = [nowMs + 60_000, ranMs + 60_000];
  expect(watch.readingsS()).toEqual([1_086_461, 1_000_061]);
  nowMs -= 2 * dayMs;
  expect(watch.readingsS()).toEqual([913_661, 1_000_061, 1_086_461]);
  [nowMs, ranMs] = [nowMs + 300_000, ranMs + 300_000];
  expect(watch.readingsS()).toEqual([913_961]);
  expect(jumps).toEqual([dayMs, -2 * dayMs]);
  expect(lines).toHaveLength(2);
  expect(watch.jumps).toMatchObject({ count: 2, last: { byMs: -2 * dayMs } });
  watch.stop();
});

const known = { lastPress: 0, heard: false, standing: 0, standingOfAll: 0, rules: rulesOf() };

test('a press that carries the time from before a jump is fresh; one from another time is not', () => {
  const press = pressBody(1);
  const readings = [press.time + 86_400, press.time + 60];
  expect(decide(known, press, ...readings)).toEqual({ kind: 'accept' });
  expect(decide(known, { ...press, time: press.time - 3_600 }, ...readings)).toMatchObject({
    code: 'STALE',
    line: 'Press is 3660 s old',
  });
});

test.each([
  ['in the past', 59, 'Too soon: press again in 1 s'],
  ['long ago', 9_999, undefined],
  ['this moment', 0, 'Too soon: press again in 60 s'],
  ['in the future, as a clock that was set back has it', -3_600, undefined],
] as const)('a cool-down is never longer than itself: an order %s', (_what, sinceOrderS, line) => {
  const decision = decide(
    { ...known, sinceOrderS, rules: rulesOf({ coolDownS: 60 }) },
    pressBody(1),
    pressBody(1).time,
  );
  expect(decision).toMatchObject(line === undefined ? { kind: 'accept' } : { kind: 'reject', line });
});

/** A cluster with two hours to live, of which one is left. */
const life = (nowMs: number) =>
  new Life(pressRecord(1, { step: 'ready', expiresAt: 10 * hourMs }), 7_200, nowMs, 0);

test('what is left is measured: a jump long after the start changes nothing', () => {
  const one = life(9 * hourMs);
  one.live(hourMs / 2, undefined);
  one.jumped(99 * hourMs, hourMs / 2);
  expect(one.leftMs).toBe(hourMs / 2);
  one.jumped(0, hourMs / 2);
  expect(one.leftMs).toBe(hourMs / 2);
});

test('over at the first look, because the clock was wrong or nobody ran: as soon as that is mended it lives on', () => {
  const one = life(12 * hourMs);
  expect(one.leftMs).toBe(0);
  one.jumped(9 * hourMs, hourMs);
  expect(one.leftMs).toBe(hourMs);
});

test('the end comes only when the whole warning was served while somebody ran', () => {
  const one = life(12 * hourMs);
  one.live(0, undefined);
  one.atLeast(600_000);
  one.live(1_000, 600_000);
  expect([one.leftMs, one.warnedForMs]).toEqual([599_000, 1_000]);
  const next = new Life(
    pressRecord(1, { step: 'ready', expiresAt: 1, warnedAt: 1, warnedForMs: 1_000 }),
    7_200,
    dayMs,
    0,
  );
  next.live(0, 600_000);
  expect(next.leftMs).toBe(599_000);
});

test('never longer than its own time to live, whatever the clock says', () => {
  expect(life(-99 * hourMs).leftMs).toBe(2 * hourMs);
});
