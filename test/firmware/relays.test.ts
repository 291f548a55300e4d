/** Up to three relays: begins with the one that worked last, and an error only when none of them helped. */
import { describe, expect, test } from 'vitest';
import { type Effect, type Event, initialState, type State, step } from '../../firmware/src/flow/flow.ts';
import { watchS } from '../../firmware/src/limits.ts';
import type { Memory } from '../../firmware/src/memory.ts';
import { offline, online, status, toReading, wake } from './fixtures/flow-steps.ts';

const up: Event = { on: 'up' };
const late: Event = { on: 'late' };
const connected: Event = { on: 'connected' };
const closed: Event = { on: 'closed', code: 'RELAY', why: 'The relay is not there' };
const portal: Event = { on: 'closed', code: 'HOTSPOT', why: 'This network wants a sign-in' };
const accepted = status({ press: 1, state: 'accepted', cluster: 'house-01-1', lookAgainS: 3, leftS: 100 });

/** Runs a path with so many relays; the relays that were dialled, the presses, and where it ended. */
function run(path: Event[], relays = 3, memory: Partial<Memory> = {}) {
  const known = { press: 0, pending: '', cluster: '', ssid: '', ...memory } as const;
  let state: State = { ...initialState('house-01', ['phone'], known, 0, watchS), relays };
  const effects: Effect[] = [];
  for (const event of path) {
    const outcome = step(state, event, 0);
    state = outcome.state;
    effects.push(...outcome.effects);
  }
  const dialled = effects.flatMap(effect => (effect.do === 'dial' ? [effect.relay] : []));
  const presses = effects.flatMap(effect => (effect.do === 'press' ? [effect.press] : []));
  return { state, effects, dialled, presses, told: state.saved.shown };
}

const toDial = toReading.slice(0, 2);

describe('a relay that does not help', () => {
  test.each<[string, Event[]]>([
    ['is not there', [closed]],
    ['is silent', [late]],
    ['refuses', [{ on: 'refused', returnCode: 5 }]],
    ['hangs up', [connected, closed]],
    ['hands nothing out', [connected, late]],
    ['says that the lab is offline', [connected, up, offline]],
    ['takes the press and answers nothing', [connected, up, online, status({}), late, late, late, late]],
    ['hangs up on the press', [connected, up, online, status({}), closed]],
  ])('it %s: the next relay brings the same press', (_, events) => {
    const { dialled, presses, state } = run([
      ...[...toDial, ...events],
      ...[connected, up, online, status({}), accepted],
    ]);
    expect(dialled).toEqual([0, 1]);
    expect(new Set(presses)).toEqual(new Set([1]));
    expect(state).toMatchObject({ step: 'following', saved: { press: 1, relay: 1 } });
  });

  test('a beacon of one relay is not believed on another', () => {
    const { presses } = run([...toDial, connected, online, closed, connected, up, status({})]);
    expect(presses).toEqual([]);
  });

  test('following, the lab goes offline at one and not at the other: followed on there', () => {
    const begun = [...toDial, connected, up, online, status({}), accepted];
    const { dialled, state } = run([...begun, offline, connected, online, accepted]);
    expect(dialled).toEqual([0, 1]);
    expect(state.step).toBe('following');
    expect(state.poll.status).toMatchObject({ press: 1, state: 'accepted' });
  });
});

describe('the order', () => {
  test('begins with the one that worked last, whatever that was', () => {
    expect(run([...toDial, closed, closed], 3, { relay: 2 }).dialled).toEqual([2, 0, 1]);
    // device.json has fewer since.
    expect(run(toDial, 2, { relay: 2 }).dialled).toEqual([0]);
  });

  test('only one that brought a word of the lab is remembered', () => {
    expect(run([...toDial, closed, connected]).state.saved.relay).toBeUndefined();
    expect(run([...toDial, closed, connected, online]).state.saved.relay).toBe(1);
    expect(run([...toDial, connected, online]).state.saved.relay).toBe(0);
  });
});

describe('the error, when none helped', () => {
  test.each<[string, Event[], object]>([
    ['all are away', [closed, closed, closed], { code: 'RELAY', line: 'The relay is not there' }],
    [
      'one was reached, and its word says more than two that are away',
      [connected, up, offline, closed, closed],
      { code: 'LAB', line: 'The lab is offline' },
    ],
    [
      'the last one that was reached decides',
      [{ on: 'refused', returnCode: 4 }, closed, connected, up, offline],
      { code: 'LAB', line: 'The lab is offline' },
    ],
    ['one refuses the button', [{ on: 'refused', returnCode: 4 }, closed, closed], { code: 'KEY' }],
  ])('it is told what says most: %s', (_, events, told) => {
    const outcome = run([...toDial, ...events]);
    expect(outcome.dialled).toEqual([0, 1, 2]);
    expect(outcome.told).toMatchObject(told);
  });

  test('a network that wants a sign-in is not asked for the other relays', () => {
    const { dialled, told } = run([...toDial, portal]);
    expect(dialled).toEqual([0]);
    expect(told).toMatchObject({ code: 'HOTSPOT' });
  });

  test('one relay alone is dialled once, as before', () => {
    expect(run([wake, { on: 'joined' }, closed], 1)).toMatchObject({ dialled: [0], told: { code: 'RELAY' } });
  });
});
