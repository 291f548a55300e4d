import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Effect, type Event, initialState, type State, step } from '../../firmware/src/flow.ts';
import { followTries, pressTries } from '../../firmware/src/limits.ts';
import type { Memory } from '../../firmware/src/memory.ts';
import type { Status } from '../../protocol/src/messages.ts';

const beaconTime = 1_800_000_000;
const online: Event = { on: 'beacon', beacon: { state: 'online', time: beaconTime } };
const offline: Event = { on: 'beacon', beacon: { state: 'offline', time: beaconTime } };
const late: Event = { on: 'late' };
const closed: Event = { on: 'closed', why: 'Connection lost' };
const wake: Event = { on: 'wake', cause: 'button' };
const toReading: Event[] = [wake, { on: 'joined' }, { on: 'connected' }];

function status(changes: Partial<Status>): Event {
  const base: Status = {
    press: 0,
    seq: 1,
    state: 'idle',
    cluster: '',
    phase: '',
    percent: 0,
    leftS: 0,
    lookAgainS: 0,
  };
  return { on: 'status', status: { ...base, ...changes } };
}

function run(events: Event[], memory: Memory = { press: 0, pending: false }, ssids = ['phone']) {
  let state: State = initialState('house-01', ssids, memory);
  const effects: Effect[] = [];
  for (const event of events) {
    const outcome = step(state, event);
    state = outcome.state;
    effects.push(...outcome.effects);
  }
  const shown = effects.flatMap(effect => (effect.do === 'show' ? [effect.view] : []));
  const presses = effects.flatMap(effect => (effect.do === 'press' ? [effect.press] : []));
  return { state, effects, shown, presses, last: shown.at(-1) };
}

describe('the way of a press', () => {
  it('paints before the radio is touched', () => {
    const { effects } = run([wake]);
    expect(effects.map(effect => effect.do)).toEqual(['show', 'join', 'limit']);
    expect(effects[0]).toMatchObject({ view: { kind: 'connecting', hop: 'hotspot' } });
  });

  it('presses with the next number and the beacon time, remembered before it is sent', () => {
    const { effects, presses } = run([...toReading, status({}), online]);
    expect(presses).toEqual([1]);
    const order = effects.map(effect => effect.do);
    expect(order.indexOf('remember')).toBeLessThan(order.indexOf('press'));
    expect(effects).toContainEqual({ do: 'press', press: 1, time: beaconTime, repeated: false });
  });

  it('shows each phase and then the address, radio off', () => {
    const { state, shown, effects } = run([
      ...toReading,
      online,
      status({}),
      status({ press: 1, seq: 1, state: 'accepted', cluster: 'house-01-1' }),
      status({ press: 1, seq: 2, state: 'provisioning', cluster: 'house-01-1', percent: 40 }),
      status({ press: 1, seq: 3, state: 'ready', cluster: 'house-01-1', address: '10.0.0.1', percent: 100 }),
    ]);
    expect(shown.slice(-3).map(view => view.kind)).toEqual(['building', 'building', 'ready']);
    expect(state).toMatchObject({ step: 'showing', memory: { press: 1, pending: false } });
    expect(effects.slice(-2).map(effect => effect.do)).toEqual(['radioOff', 'limit']);
    expect(run([...toReading, online, status({}), late]).state.step).toBe('asking');
  });

  it('ends asleep after the last screen', () => {
    const { state, effects } = run([...toReading, offline, late]);
    expect(state.step).toBe('asleep');
    expect(effects.at(-1)).toEqual({ do: 'sleep' });
  });
});

describe('what is under way is followed, not ordered again', () => {
  it.each(['accepted', 'provisioning', 'verifying'] as const)('%s', state => {
    const { presses, last } = run([...toReading, online, status({ press: 4, state, cluster: 'c' })], {
      press: 4,
      pending: false,
    });
    expect(presses).toEqual([]);
    expect(last).toMatchObject({ kind: 'building', cluster: 'c' });
  });

  it('a press that was never answered is repeated with its number, not with a new one', () => {
    const { presses } = run([...toReading, online, status({ press: 4, state: 'ready' })], {
      press: 5,
      pending: true,
    });
    expect(presses).toEqual([5]);
  });

  it('an unanswered press that became a cluster shows that cluster', () => {
    const { presses, last } = run(
      [...toReading, online, status({ press: 5, state: 'ready', address: '10.0.0.5' })],
      { press: 5, pending: true },
    );
    expect(presses).toEqual([]);
    expect(last).toMatchObject({ kind: 'ready', address: '10.0.0.5' });
  });

  it('after ready, a press is a new wish', () => {
    const { presses } = run([...toReading, online, status({ press: 5, state: 'ready' })], {
      press: 5,
      pending: false,
    });
    expect(presses).toEqual([6]);
  });

  it("a button that forgot its number takes the lab's", () => {
    expect(run([...toReading, online, status({ press: 9, state: 'ready' })]).presses).toEqual([10]);
  });

  it('a replayed older status changes nothing', () => {
    const asked = [...toReading, online, status({ press: 9, state: 'ready' })];
    const { state, shown } = run([...asked, status({ press: 9, state: 'ready' }), status({ press: 3 })]);
    expect(state.step).toBe('asking');
    expect(shown.at(-1)).toMatchObject({ kind: 'connecting', hop: 'lab' });
  });
});

describe('each hop that fails is named, and no press is made up', () => {
  const noPress = { presses: [] as number[] };
  it.each([
    ['HOTSPOT', [wake, { on: 'notJoined' }]],
    ['HOTSPOT', [wake, late]],
    ['RELAY', [wake, { on: 'joined' }, late]],
    ['RELAY', [wake, { on: 'joined' }, closed]],
    ['RELAY', [wake, { on: 'joined' }, { on: 'refused', returnCode: 4 }]],
    ['RELAY', [wake, { on: 'joined' }, { on: 'refused', returnCode: 128 }]],
    ['LAB', [...toReading, late]],
    ['LAB', [...toReading, offline]],
    ['LAB', [...toReading, status({}), offline]],
    ['KEY', [...toReading, { on: 'forged' }, late]],
  ] as [string, Event[]][])('%s', (code, events) => {
    const result = run(events);
    expect(result.last).toMatchObject({ kind: 'error', code });
    expect(result).toMatchObject({ ...noPress, state: { step: 'showing' } });
    expect(result.effects.at(-1)).toMatchObject({ do: 'limit' });
  });

  it('the second known network is tried when the first is not there', () => {
    const { effects } = run([wake, { on: 'notJoined' }, late], undefined, ['phone', 'tablet']);
    expect(effects.filter(effect => effect.do === 'join')).toEqual([
      { do: 'join', network: 0 },
      { do: 'join', network: 1 },
    ]);
  });

  it('LAB after a press that nobody answered, sent four times with one number', () => {
    const silent = Array.from({ length: pressTries }, () => late);
    const { presses, last, state } = run([...toReading, online, status({}), ...silent]);
    expect(presses).toEqual([1, 1, 1, 1]);
    expect(last).toMatchObject({ kind: 'error', code: 'LAB' });
    expect(state.memory).toEqual({ press: 1, pending: true });
  });

  it("a rejection has the lab's code and words", () => {
    const { last } = run([
      ...toReading,
      online,
      status({}),
      status({ press: 1, state: 'rejected', code: 'STALE', line: 'Press came 600 s late' }),
    ]);
    expect(last).toMatchObject({ kind: 'error', code: 'STALE', line: 'Press came 600 s late' });
  });
});

describe('a connection lost while a build is followed', () => {
  const following = [
    ...toReading,
    online,
    status({}),
    status({ press: 1, state: 'provisioning', cluster: 'c' }),
  ];

  it('is dialled again, and the build ends on the display', () => {
    const again: Event[] = [closed, late, { on: 'joined' }, { on: 'connected' }];
    const { presses, last } = run([
      ...following,
      ...again,
      status({ press: 1, seq: 5, state: 'ready', address: 'a' }),
    ]);
    expect(presses).toEqual([1]);
    expect(last).toMatchObject({ kind: 'ready' });
  });

  it('is given up after a limited number of tries', () => {
    const tries = Array.from({ length: followTries + 1 }, () => [closed, late, { on: 'joined' } as Event]);
    const { last } = run([...following, ...tries.flat()]);
    expect(last).toMatchObject({ kind: 'error', code: 'RELAY' });
  });

  it('says so when it is the lab that went away', () => {
    const { last, state } = run([...following, offline]);
    expect(last).toMatchObject({ kind: 'building', phase: 'lab is offline, waiting' });
    expect(state.step).toBe('following');
  });
});

it('power-on without a finger orders nothing and leaves the radio alone', () => {
  const { effects } = run([{ on: 'wake', cause: 'power' }, late]);
  expect(effects.map(effect => effect.do)).toEqual(['show', 'limit', 'radioOff', 'sleep']);
});

describe('whatever happens, in any order', () => {
  const anyStatus = fc
    .record({
      press: fc.integer({ min: 0, max: 4 }),
      seq: fc.integer({ min: 0, max: 5 }),
      state: fc.constantFrom(
        ...(['idle', 'accepted', 'provisioning', 'ready', 'rejected', 'failed', 'released'] as const),
      ),
    })
    .map(status);
  const anyEvent: fc.Arbitrary<Event> = fc.oneof(
    anyStatus,
    fc.constantFrom<Event>(
      wake,
      { on: 'joined' },
      { on: 'notJoined' },
      { on: 'connected' },
      { on: 'refused', returnCode: 5 },
      closed,
      online,
      offline,
      { on: 'forged' },
      late,
      { on: 'pressed' },
    ),
  );

  it('no step waits without a limit, and no wish uses two numbers', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 60 }), events => {
        let state = initialState('house-01', ['a', 'b'], { press: 2, pending: false });
        let limitMs = 0;
        for (const event of [wake, ...events]) {
          const before = state.memory;
          const { state: next, effects } = step(state, event);
          for (const effect of effects) if (effect.do === 'limit') limitMs = effect.ms;
          if (event.on === 'late' && effects.length === 0) limitMs = 0;
          state = next;
          for (const effect of effects) {
            if (effect.do !== 'press') continue;
            expect(effect.press).toBe(state.memory.press);
            expect(state.memory.pending).toBe(true);
            // A number goes up only when the one before it has been answered.
            if (effect.press > before.press) expect(before.pending && state.status === undefined).toBe(false);
          }
          if (state.step !== 'asleep' && state.step !== 'following') expect(limitMs).toBeGreaterThan(0);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
