/** A lab that says nothing new of a build while the relay lives: looked at more and more rarely, then given up. */
import { afterAll, describe, expect, test } from 'vitest';
import { button } from '../../bench/energy/button-and-relay.ts';
import { type Event, type Outcome, type State, step } from '../../firmware/src/flow/flow.ts';
import { againS, darkNapS, noNewsParts, noNewsS } from '../../firmware/src/limits.ts';
import type { Memory } from '../../firmware/src/memory.ts';
import { expectSound, Rigs } from '../e2e/fixtures/faults-check.ts';
import { type Chapter, idle } from '../e2e/fixtures/faults-lab.ts';
import { online, run, status, stepOn, toReading } from './fixtures/flow-steps.ts';

const notJoined: Event = { on: 'late' };
const up: Event = { on: 'up' };
const going = { press: 1, seq: 1, cluster: 'house-01-1', percent: 40 } as const;
const said = (lookAgainS: number, seq = 1, state: 'provisioning' | 'releasing' = 'provisioning') =>
  status({ ...going, seq, state, lookAgainS });
const end = { kind: 'error', code: 'LAB', line: `No news for ${noNewsS / 3600} h` };

interface Followed {
  /** The last state, when that was, and all that was shown. */
  state: State;
  now: number;
  shown: unknown[];
  /** When the lab was read, in seconds. */
  looks: number[];
}

/**
 * Follows from an accepted press until the last screen: each nap is slept through, and each connection reads what
 * `lab` says at that time, or comes to nothing where it says so.
 */
function follow(first: Event, lab: (now: number, connection: number) => Event): Followed {
  let { state, effects }: Outcome = run([...toReading, up, online, status({}), first]);
  const shown: unknown[] = [];
  const looks: number[] = [];
  let now = 0;
  let connections = 0;
  for (let turn = 0; state.step !== 'showing'; turn++) {
    if (turn > 10_000) throw new Error('It follows for ever');
    let event: Event = { on: 'joined' };
    if (state.step === 'napping') {
      const nap = effects.find(effect => effect.do === 'nap');
      now += Number(nap?.ms) / 1000;
      event = { on: 'napped' };
    } else if (state.step === 'joining' && lab(now, connections) === notJoined) {
      connections++;
      event = notJoined;
    } else if (state.step === 'dialing') event = { on: 'connected' };
    else if (state.step === 'reading') {
      event = lab(now, connections++);
      looks.push(now);
    }
    ({ state, effects } = stepOn(state, event, now));
    for (const effect of effects) if (effect.do === 'show') shown.push(effect.screen);
  }
  return { state, now, shown, looks };
}

describe('a lab without news', () => {
  // As often as the provisioner asks for it: while the API server is called, early, and in a long build.
  test.each([
    [4, 35],
    [60, 25],
    [600, 15],
  ])('asked to look every %i s: is given up in the end, after no more than %i looks', (everyS, most) => {
    const { state, now, shown, looks } = follow(said(everyS), () => said(everyS));
    expect(shown.at(-1)).toMatchObject(end);
    expect(now).toBeGreaterThanOrEqual(noNewsS);
    expect(now).toBeLessThanOrEqual(noNewsS * (1 + 1 / noNewsParts));
    expect(looks.length).toBeLessThanOrEqual(most);
    const { state: last, effects } = step(state, { on: 'late' }, now + 30);
    expect([last.step, effects.at(-1)]).toEqual(['asleep', { do: 'sleep' }]);
    expect(last.saved).toMatchObject({ press: 1, pending: 'create' });
    expect(last.saved.poll).toBeUndefined();
  });

  test('of a release is given up too, and the release stays pending', () => {
    const releasing = said(10, 1, 'releasing');
    const { state, shown } = follow(releasing, () => releasing);
    expect(shown.at(-1)).toMatchObject(end);
    expect(state.saved).toMatchObject({ press: 1, pending: 'release' });
  });

  test('is looked at as it asked at first, then at longer and longer distances', () => {
    const { looks } = follow(said(50), () => said(50));
    expect(looks.slice(0, 4)).toEqual([50, 100, 150, 200]);
    const distances = looks.map((at, i) => at - (looks[i - 1] ?? 0));
    expect(distances).toEqual([...distances].sort((a, b) => a - b));
    for (const [i, distance] of distances.entries()) {
      expect(distance).toBeLessThanOrEqual(Math.max(50, (looks[i - 1] ?? 0) / noNewsParts) + 1);
    }
  });

  test('the picture stands still instead of beginning again with each look', () => {
    const slow = status({ ...going, state: 'provisioning', upTo: 60, leftS: 80, lookAgainS: 40 });
    const { shown } = follow(slow, () => slow);
    const percents = shown.flatMap(view => (view as { percent?: number }).percent ?? []);
    expect(percents).toEqual([...percents].sort((a, b) => a - b));
    expect(percents.at(-1)).toBe(60);
  });

  test('news begins the time anew', () => {
    const newsAt = 10_000;
    const { now } = follow(said(60), at => said(60, at < newsAt ? 1 : 2));
    expect(now).toBeGreaterThanOrEqual(newsAt + noNewsS);
  });

  test('a build that is late for two hours is seen to its end, late by a quarter of the silence at most', () => {
    const readyAt = 7200;
    const ready = status({ ...going, seq: 2, state: 'ready', address: '10.0.0.1' });
    const { now, shown } = follow(said(4), at => (at < readyAt ? said(4) : ready));
    expect(shown.at(-1)).toMatchObject({ kind: 'ready', address: '10.0.0.1' });
    expect(now).toBeLessThanOrEqual(readyAt * (1 + 1 / noNewsParts));
  });
});

describe('connections that come to nothing are counted by themselves', () => {
  const spoilt = againS.length;

  test('as many as are allowed between any two looks: the lab is given up, not the hotspot', () => {
    const { shown, now } = follow(said(60), (_, i) => (i % (spoilt + 1) < spoilt ? notJoined : said(60)));
    expect(shown.at(-1)).toMatchObject(end);
    expect(now).toBeGreaterThanOrEqual(noNewsS);
  });

  test('one more in a row: the hotspot, however many looks without news there were before', () => {
    const { shown, looks } = follow(said(60), (_, i) => (i < 10 ? said(60) : notJoined));
    expect(shown.at(-1)).toMatchObject({ kind: 'error', code: 'HOTSPOT' });
    expect(looks).toHaveLength(10);
  });
});

describe('the press after that', () => {
  const { saved: memory } = follow(said(60), () => said(60)).state;
  const press = (told: Event, from: Memory = memory) =>
    run([...toReading, up, online, told], from, ['phone'], 0, 0, 20_000);

  test('tells what became of the last one, and orders nothing', () => {
    const ready = status({ ...going, seq: 2, state: 'ready', address: '10.0.0.1' });
    expect(press(ready)).toMatchObject({ presses: [], last: { kind: 'ready', address: '10.0.0.1' } });
  });

  test('follows what is still under way, for as long again', () => {
    const { presses, state, last } = press(said(60));
    expect(presses).toEqual([]);
    expect(last).toMatchObject({ kind: 'building' });
    expect(state.saved.poll).toMatchObject({ heard: 20_000, due: 20_060, fails: 0 });
    expect(darkNapS).toBeGreaterThan(60); // so it is one nap
  });
});

const rigs = new Rigs();
afterAll(() => rigs.close());

describe('on the simulated board, its provisioner dead for good', () => {
  const accepted = (lookAgainS: number): Chapter[] => [[0, { state: 'accepted', percent: 0, lookAgainS }]];

  test.concurrent.each([
    ['esp32-ssd1306', 5],
    ['esp32-ssd1306', 600],
    ['heltec-wifi-kit-32', 60],
  ])('%s, asked to look every %i s: LAB, deep sleep, and the next press shows that cluster', async (boardName, everyS) => {
    const ending = await rigs.run({
      story: accepted(everyS),
      boardName,
      mends: ({ lab }) =>
        lab.sayStatus({ ...idle, press: 1, seq: 9, state: 'ready', cluster: `${button}-1`, percent: 100 }),
    });
    expectSound(ending, 'LAB');
    expect(ending.views).toContainEqual(expect.objectContaining(end));
    const opened = ending.trace.filter(entry => entry.what === 'socket' && entry.event === 'open');
    // The press and the one after it are two.
    expect(opened.length).toBeGreaterThan(10);
    expect(opened.length).toBeLessThanOrEqual(35 + 2);
  });
});
