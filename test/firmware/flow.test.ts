import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Effect, type Event, initialState, step } from '../../firmware/src/flow/flow.ts';
import {
  againS,
  darkNapS,
  lastStretchS,
  pressTries,
  showAwakeMs,
  showErrorMs,
  showQrMs,
  showStillS,
  sliceS,
  watchS,
} from '../../firmware/src/limits.ts';
import type { Memory } from '../../firmware/src/memory.ts';
import {
  beaconTime,
  events,
  heldFinger,
  offline,
  online,
  run,
  states,
  status,
  toReading,
  wake,
} from './fixtures/flow-steps.ts';

const late: Event = { on: 'late' };
const up: Event = { on: 'up' };
const closed: Event = { on: 'closed', code: 'RELAY', why: 'Connection lost' };
const building = { cluster: 'house-01-1', percent: 40, upTo: 60, leftS: 100 } as const;

describe('the way of a press', () => {
  test('paints before the radio is touched', () => {
    const { effects } = run([wake]);
    expect(effects.map(effect => effect.do)).toEqual(['show', 'join', 'limit']);
    expect(effects[0]).toMatchObject({ do: 'show', screen: { kind: 'connecting', hop: 'hotspot' } });
  });

  test('presses with the next number and the beacon time, remembered before it is sent', () => {
    const { effects, presses } = run([...toReading, up, status({}), online]);
    expect(presses).toEqual([1]);
    const order = effects.map(effect => effect.do);
    expect(order.indexOf('remember')).toBeLessThan(order.indexOf('press'));
    expect(effects).toContainEqual({ do: 'press', press: 1, action: 'create', beaconTime, repeated: false });
  });

  test('waits with the press until the finger is up: it may become a hold', () => {
    const { state, presses } = run([...toReading, status({}), online]);
    expect(state.step).toBe('holding');
    expect(presses).toEqual([]);
    expect(run([...toReading, status({}), online, up]).presses).toEqual([1]);
    expect(run([...toReading, status({}), online, { on: 'held' }, up]).presses).toEqual([]);
  });

  test('shows each phase and then the address, radio off', () => {
    const { state, shown, effects } = run([
      ...toReading,
      up,
      online,
      status({}),
      status({ ...building, press: 1, seq: 1, state: 'accepted', lookAgainS: 3 }),
      status({ ...building, press: 1, seq: 2, state: 'provisioning', lookAgainS: 3 }),
      status({ press: 1, seq: 3, state: 'ready', cluster: 'house-01-1', address: '10.0.0.1' }),
    ]);
    expect(shown.slice(-3).map(view => view.kind)).toEqual(['building', 'building', 'ready']);
    expect(state).toMatchObject({
      step: 'showing',
      saved: { press: 1, pending: '', cluster: 'house-01-1' },
    });
    expect(effects.slice(-2).map(effect => effect.do)).toEqual(['radioOff', 'limit']);
  });

  test('shows address and QR code in turn at short presses, and orders nothing by them', () => {
    const ready = status({ press: 4, state: 'ready', cluster: 'c', address: 'a', qr: `21:${btoa('bits')}` });
    const { shown, presses } = run(
      [...toReading, up, online, status({ press: 4, state: 'provisioning', lookAgainS: 2 }), ready, up, up],
      { press: 4 },
    );
    expect(shown.slice(-3).map(view => view.kind)).toEqual(['ready', 'qr', 'ready']);
    expect(shown.at(-2)).toMatchObject({ side: 21, bitmap: 'bits' });
    expect(presses).toEqual([]);
  });

  test('ends asleep after the last screen', () => {
    const { state, effects } = run([...toReading, up, offline, late]);
    expect(state.step).toBe('asleep');
    expect(effects.at(-1)).toEqual({ do: 'sleep' });
  });

  test('tries the network first that worked last', () => {
    const { effects } = run([wake, { on: 'notJoined', problem: 'absent' }], { ssid: 'tablet' }, [
      'phone',
      'tablet',
      'office',
    ]);
    const state = initialState(
      'b',
      ['phone', 'tablet', 'office'],
      { press: 0, pending: '', cluster: '', ssid: 'tablet' },
      0,
      180,
    );
    expect(state.ssids).toEqual(['tablet', 'phone', 'office']);
    expect(effects.filter(effect => effect.do === 'join')).toEqual([
      { do: 'join', network: 0 },
      { do: 'join', network: 1 },
    ]);
  });

  test('is refused with BATTERY before the radio is touched when the battery is too low to finish', () => {
    const { shown, effects } = run([wake], {}, ['phone'], 3310);
    expect(shown).toMatchObject([{ kind: 'error', code: 'BATTERY', line: '3.31 V is too low to finish' }]);
    expect(effects.map(effect => effect.do)).not.toContain('join');
    expect(run([wake], {}, ['phone'], 0).effects.map(effect => effect.do)).toContain('join');
  });
});

describe('what is under way is followed, not ordered again', () => {
  test.each([
    'accepted',
    'provisioning',
    'verifying',
    'releasing',
  ] as const)('nothing is ordered while it is %s', state => {
    const { presses, last } = run([...toReading, up, online, status({ press: 4, state, cluster: 'c' })], {
      press: 4,
    });
    expect(presses).toEqual([]);
    expect(last).toMatchObject({ kind: 'building', cluster: 'c' });
  });

  test('a press that was never answered is repeated with its number, not with a new one', () => {
    const { presses } = run([...toReading, up, online, status({ press: 4, state: 'ready' })], {
      press: 5,
      pending: 'create',
    });
    expect(presses).toEqual([5]);
  });

  test('an unanswered press that became a cluster shows that cluster', () => {
    const { presses, last } = run(
      [...toReading, up, online, status({ press: 5, state: 'ready', address: '10.0.0.5' })],
      { press: 5, pending: 'create' },
    );
    expect(presses).toEqual([]);
    expect(last).toMatchObject({ kind: 'ready', address: '10.0.0.5' });
  });

  test('an unanswered press that was refused meanwhile is over: the next is a new wish', () => {
    const { presses } = run([...toReading, up, online, status({ press: 5, state: 'rejected' })], {
      press: 5,
      pending: 'create',
    });
    expect(presses).toEqual([6]);
  });

  test('after ready, a press is a new wish', () => {
    expect(
      run([...toReading, up, online, status({ press: 5, state: 'ready' })], { press: 5 }).presses,
    ).toEqual([6]);
  });

  test("a button that forgot its number takes the lab's", () => {
    expect(run([...toReading, up, online, status({ press: 9, state: 'ready' })]).presses).toEqual([10]);
  });

  test('a build that is retained of an older press is not followed: the next number is asked for', () => {
    const old = status({ press: 3, state: 'provisioning', percent: 40 });
    expect(run([...toReading, up, online, old], { press: 5 }).presses).toEqual([6]);
  });

  test('a replayed older status changes nothing', () => {
    const asked = [...toReading, up, online, status({ press: 9, state: 'ready' })];
    const { state, shown } = run([...asked, status({ press: 9, state: 'ready' }), status({ press: 3 })]);
    expect(state.step).toBe('asking');
    expect(shown.at(-1)).toMatchObject({ kind: 'connecting', hop: 'lab' });
    const going = [
      ...asked,
      status({ press: 10, seq: 7, state: 'provisioning', percent: 70, lookAgainS: 2 }),
    ];
    expect(run([...going, status({ press: 10, seq: 3, state: 'ready' })]).state.step).toBe('following');
  });
});

describe('each hop that fails is named, and no press is made up', () => {
  test.each([
    ['HOTSPOT', [wake, late]],
    ['RELAY', [wake, { on: 'joined' }, late]],
    ['RELAY', [wake, { on: 'joined' }, closed]],
    ['RELAY', [wake, { on: 'joined' }, { on: 'refused', returnCode: 3 }]],
    ['KEY', [wake, { on: 'joined' }, { on: 'refused', returnCode: 4 }]],
    ['KEY', [wake, { on: 'joined' }, { on: 'refused', returnCode: 128 }]],
    ['HOTSPOT', [wake, { on: 'joined' }, { on: 'closed', code: 'HOTSPOT', why: 'a sign-in' }]],
    ['RELAY', [...toReading, up, closed]],
    ['LAB', [...toReading, late]],
    ['LAB', [...toReading, offline]],
    ['LAB', [...toReading, status({}), offline]],
    ['KEY', [...toReading, { on: 'forged' }, late]],
  ] as [string, Event[]][])('the display says which: %s', (code, path) => {
    const { last, presses, state, effects } = run(path);
    expect(last).toMatchObject({ kind: 'error', code });
    expect(presses).toEqual([]);
    expect(state.step).toBe('showing');
    expect(effects.at(-1)?.do).toBe('limit');
  });

  test('LAB after a press that nobody answered, sent four times with one number', () => {
    const silent = Array.from({ length: pressTries }, () => late);
    const { presses, last, state } = run([...toReading, up, online, status({}), ...silent]);
    expect(presses).toEqual([1, 1, 1, 1]);
    expect(last).toMatchObject({ kind: 'error', code: 'LAB' });
    expect(state.saved).toMatchObject({ press: 1, pending: 'create' });
  });

  test('a connection lost while the lab is asked is made again, with the same number', () => {
    const again: Event[] = [
      closed,
      { on: 'napped' },
      { on: 'joined' },
      { on: 'connected' },
      online,
      status({}),
    ];
    const { presses, last } = run(
      [...toReading, up, online, status({}), ...again, ...again, ...again, closed],
      {},
      ['p'],
      0,
      5,
    );
    expect(presses).toEqual([1, 1, 1, 1]);
    expect(last).toMatchObject({ kind: 'error', code: 'RELAY' });
  });

  test('… also when a deep sleep was between', () => {
    const again: Event[] = [
      closed,
      { on: 'napped' },
      { on: 'joined' },
      { on: 'connected' },
      online,
      status({}),
    ];
    const { saved: memory } = run(
      [...toReading, up, online, status({}), ...again, ...again, closed],
      {},
      ['p'],
      0,
      5,
    ).state;
    const woken: Event[] = [{ on: 'wake', cause: 'timer' }, ...again.slice(2)];
    expect(memory.poll?.status).toBeUndefined();
    expect(run(woken, memory, ['p'], 0, 0, 100).effects).toContainEqual({
      do: 'press',
      press: 1,
      action: 'create',
      beaconTime,
      repeated: false,
    });
    expect(run([...woken, closed], memory, ['p'], 0, 0, 100).last).toMatchObject({ code: 'RELAY' });
  });

  test("a rejection has the lab's code and words", () => {
    const rejected = status({ press: 1, state: 'rejected', code: 'STALE', line: 'Press came 600 s late' });
    const { last } = run([...toReading, up, online, status({}), rejected]);
    expect(last).toMatchObject({ kind: 'error', code: 'STALE', line: 'Press came 600 s late' });
  });
});

describe('the last screen is shown by a boot without a radio', () => {
  const timer: Event = { on: 'wake', cause: 'timer' };
  const held: Event = { on: 'wake', cause: 'held' };
  const ready = status({ press: 1, state: 'ready', cluster: 'c', address: 'a', qr: `21:${btoa('bits')}` });
  const asked: Event[] = [...toReading, up, online, status({})];
  const shownReady = run([...asked, ready]);
  const failed = run([...toReading, up, offline]);
  const later = (path: Event[], memory: Partial<Memory>, seconds: number) =>
    run(path, memory, ['phone'], 0, 0, seconds);

  test.each([
    ['an address', shownReady, showAwakeMs],
    ['an error', failed, showErrorMs],
  ])('%s: written down, the radio ends in a moment of deep sleep, then it is shown', (_what, before, ms) => {
    const { saved: memory } = before.state;
    expect(before.effects.slice(-5)).toEqual([
      ...[{ do: 'radioOff' }, { do: 'rest', saved: memory }],
      ...[{ do: 'show', screen: before.last }, { do: 'radioOff' }, { do: 'limit', ms }],
    ]);
    expect(later([timer], memory, 2).effects.at(-1)).toEqual({ do: 'limit', ms });
  });

  test('then the address stands, the chip asleep; an error ends in the sleep that a finger ends', () => {
    const stands = later([timer, late], shownReady.state.saved, 2);
    expect(stands.effects.at(-1)).toEqual({ do: 'nap', ms: showStillS * 1000, watched: true });
    expect(later([timer], shownReady.state.saved, 10 + showStillS).effects).toEqual([{ do: 'sleep' }]);
    expect(later([timer, late], failed.state.saved, 2).effects.at(-1)).toEqual({ do: 'sleep' });
  });

  test('a short press shows the QR code, and the address again, without a radio', () => {
    const { shown, effects } = later([timer, up, up], shownReady.state.saved, 2);
    expect(shown.map(view => view.kind)).toEqual(['ready', 'qr', 'ready']);
    expect(effects.map(effect => effect.do)).not.toContain('rest');
    expect(effects.at(-1)).toEqual({ do: 'limit', ms: showQrMs });
  });

  test.each([
    [up],
    [{ on: 'held' } as Event],
  ])('a finger that has not seen it yet means nothing: %o', event => {
    let state = run(asked).state;
    state = step(state, ready, 60).state;
    expect(step(state, event, 60)).toEqual({ state, effects: [] });
    for (const { state: shown } of [shownReady, failed]) {
      expect(later([held, event], shown.saved, 2).shown).toHaveLength(1);
    }
  });

  test('a finger that waits until the standing address is over is felt', () => {
    const { shown } = later([held, up], shownReady.state.saved, 10 + showStillS + 1);
    expect(shown.map(view => view.kind)).toEqual(['ready', 'qr']);
    // What lies on the button half an hour later is none.
    expect(later([held], shownReady.state.saved, 1800).effects).toEqual([{ do: 'sleep' }]);
  });

  test('nothing of it is left for the next press, or for a clock that began anew', () => {
    const { state, shown } = later([wake], shownReady.state.saved, 5);
    expect(shown[0]).toMatchObject({ kind: 'connecting' });
    expect(state.saved.shown).toBeUndefined();
    const old = { ...shownReady.state.saved, shown: { ...shownReady.state.saved.shown, at: 5000 } };
    expect(later([timer], old as Memory, 20).effects).toEqual([{ do: 'sleep' }]);
  });
});

describe('between looks', () => {
  const accepted = status({ ...building, press: 1, state: 'accepted', lookAgainS: 50 });
  const asked: Event[] = [...toReading, up, online, status({}), accepted];

  test('the radio is off as soon as the press is accepted, and what must survive a sleep is in flash', () => {
    const { state, effects } = run(asked);
    expect(effects.slice(-5).map(effect => effect.do)).toEqual([
      'radioOff',
      'limit',
      'remember',
      'show',
      'nap',
    ]);
    expect(effects.at(-1)).toEqual({ do: 'nap', ms: sliceS * 1000, watched: true });
    expect(state.saved.poll).toMatchObject({ due: 50, status: { press: 1 } });
  });

  test('the bar moves on by the estimate, but never past what the lab has said', () => {
    const { saved: memory } = run(asked).state;
    const percents = [0, 20, 30, 49].map(at => {
      const { last } = run([{ on: 'wake', cause: 'timer' }], memory, ['phone'], 0, 0, at);
      return last?.kind === 'building' ? [last.percent, last.leftS] : last;
    });
    expect(percents).toEqual([
      [40, 100],
      [52, 80],
      [58, 70],
      [60, 51],
    ]);
  });

  test('the look joins without a word, presses nothing, and shows the news', () => {
    const { saved: memory } = run(asked).state;
    const look: Event[] = [{ on: 'wake', cause: 'timer' }, { on: 'joined' }, { on: 'connected' }];
    const ready = status({ press: 1, seq: 9, state: 'ready', cluster: 'house-01-1', address: 'a' });
    const { presses, shown, effects } = run([...look, online, ready], memory, ['phone'], 0, 0, 50);
    expect(shown.map(view => view.kind)).toEqual(['ready']);
    expect(presses).toEqual([]);
    expect(effects).toContainEqual({
      do: 'rest',
      saved: expect.objectContaining({ poll: undefined, cluster: 'house-01-1' }),
    });
  });

  test('naps of a watched picture are equal, so that none is left over before the look', () => {
    const { saved: memory } = run(asked).state;
    const due = { ...memory, poll: { ...memory.poll, due: sliceS * 2 + 1 } } as Memory;
    const { effects } = run([{ on: 'wake', cause: 'timer' }], due);
    expect(effects.at(-1)).toEqual({ do: 'nap', ms: ((sliceS * 2 + 1) / 3) * 1000, watched: true });
  });

  test.each([
    ['provisioning', lastStretchS, lastStretchS + 1],
    ['provisioning', lastStretchS + 1, 10],
    ['verifying', lastStretchS, 10],
    ['releasing', lastStretchS, 10],
  ] as const)('the last stretch of a build is slept through in one: %s, %i s left', (state, leftS, dueS) => {
    const told = status({ ...building, press: 1, state, leftS, lookAgainS: 10 });
    expect(run([...toReading, up, online, status({}), told]).state.saved.poll?.due).toBe(dueS);
  });

  test('after a while nobody watches: the picture may go, and the naps are longer', () => {
    const { saved: memory } = run(asked).state;
    const far = { ...memory, poll: { ...memory.poll, due: 5000 } } as typeof memory;
    const { effects } = run([{ on: 'wake', cause: 'timer' }], far, ['phone'], 0, 0, watchS + 1);
    expect(effects).toEqual([{ do: 'nap', ms: darkNapS * 1000, watched: false }]);
  });

  test('a look that comes to nothing is tried again later and later, and given up in the end', () => {
    let { state } = run(asked);
    let now = 50;
    const naps: number[] = [];
    for (let turns = 0; turns < 200 && state.step !== 'showing'; turns++) {
      const event: Event = state.step === 'napping' ? { on: 'napped' } : { on: 'late' };
      const outcome = step(state, event, now);
      state = outcome.state;
      for (const effect of outcome.effects) {
        if (effect.do === 'nap') {
          naps.push(effect.ms / 1000);
          now += effect.ms / 1000;
        }
      }
    }
    expect(naps.reduce((sum, nap) => sum + nap, 0)).toBe(againS.reduce((sum, s) => sum + s, 0));
    expect(state.step).toBe('showing');
    expect(state.saved.poll).toBeUndefined();
  });

  test('a short press during a light nap looks at once', () => {
    const { effects } = run([...asked, up]);
    expect(effects.slice(-2).map(effect => effect.do)).toEqual(['join', 'limit']);
  });

  test('an offline lab is named on the picture that stands still', () => {
    const soon = status({ ...building, press: 1, state: 'provisioning', lookAgainS: 3 });
    const { last, state } = run([...toReading, up, online, status({}), soon, offline]);
    expect(last).toMatchObject({ kind: 'building', phase: 'lab is offline, waiting' });
    expect(state.step).toBe('following');
  });
});

describe('holding the button', () => {
  const ready = { press: 3, cluster: 'house-01-3' };

  test('offers to give the cluster back; a short press confirms, with a press number of its own', () => {
    const confirmed: Event[] = [...heldFinger, up, { on: 'joined' }, { on: 'connected' }, online];
    const { presses, effects, shown } = run([...confirmed, status({ press: 3, state: 'ready' })], ready);
    expect(shown).toContainEqual(
      expect.objectContaining({ title: 'RELEASE?', detail: 'press to give house-01-3 back' }),
    );
    expect(presses).toEqual([4]);
    expect(effects).toContainEqual({ do: 'press', press: 4, action: 'release', beaconTime, repeated: false });
  });

  test.each([
    ['waiting', late],
    ['holding again', { on: 'held' }],
  ] as [string, Event][])('%s cancels the offer', (_, event) => {
    const { last, presses, state } = run([...heldFinger, event, up, late], ready);
    expect(last).toMatchObject({ title: 'KEPT' });
    expect(presses).toEqual([]);
    expect(state.step).toBe('asleep');
  });

  const underWay = status({
    ...{ press: 3, seq: 2, state: 'provisioning', cluster: 'house-01-3', phase: 'nodes 1/3' },
    ...{ percent: 40, upTo: 60, leftS: 100, lookAgainS: 50 },
  });
  const offered: Event[] = [...toReading, online, underWay, late];

  test('while a cluster is being built: offers to call it off; a short press confirms with a number of its own', () => {
    const confirmed: Event[] = [...offered, up, up, { on: 'joined' }, { on: 'connected' }, online, underWay];
    const { presses, effects, shown } = run(confirmed, { press: 3, pending: 'create' });
    expect(shown).toContainEqual(
      expect.objectContaining({ title: 'CALL OFF?', detail: 'press to stop house-01-3' }),
    );
    expect(presses).toEqual([4]);
    expect(effects).toContainEqual({ do: 'press', press: 4, action: 'release', beaconTime, repeated: false });
  });

  test('while a cluster is being built: a finger that is lifted in time only looks', () => {
    const { presses, last } = run([...toReading, online, underWay, up], { press: 3, pending: 'create' });
    expect(presses).toEqual([]);
    expect(last).toMatchObject({ kind: 'building' });
  });

  test('called off: RELEASED says that it is gone', () => {
    const asked: Event[] = [...offered, up, up, { on: 'joined' }, { on: 'connected' }, online, underWay];
    const { last, state } = run(
      [
        ...asked,
        status({ press: 4, seq: 1, state: 'releasing', cluster: 'house-01-3', lookAgainS: 2 }),
        status({ press: 4, seq: 2, state: 'released', cluster: 'house-01-3' }),
      ],
      { press: 3, pending: 'create' },
    );
    expect(last).toMatchObject({ title: 'RELEASED', detail: 'house-01-3 is gone' });
    expect(state.saved.pending).toBe('');
  });

  test('says so when there is nothing to give back', () => {
    expect(run(heldFinger).last).toMatchObject({ kind: 'idle', title: 'NOTHING' });
  });

  test('ends with RELEASED, and forgets the cluster', () => {
    const asked: Event[] = [...heldFinger, up, { on: 'joined' }, { on: 'connected' }, online, status({})];
    const { last, state } = run(
      [
        ...asked,
        status({ press: 4, seq: 1, state: 'releasing', cluster: 'house-01-3', lookAgainS: 2 }),
        status({ press: 4, seq: 2, state: 'released', cluster: 'house-01-3' }),
      ],
      ready,
    );
    expect(last).toMatchObject({ title: 'RELEASED', detail: 'house-01-3 is gone' });
    expect(state.saved.cluster).toBe('');
  });
});

describe('no finger, no wish', () => {
  test('power-on orders nothing and leaves the radio alone', () => {
    const { effects } = run([{ on: 'wake', cause: 'power' }, late]);
    expect(effects.map(effect => effect.do)).toEqual(['show', 'limit', 'radioOff', 'sleep']);
  });

  test('a timer without a build to look at sleeps on', () => {
    expect(run([{ on: 'wake', cause: 'timer' }]).effects).toEqual([{ do: 'sleep' }]);
  });
});

test('every step and event together do what the table says', async () => {
  const rows: string[] = [];
  for (const [name, state] of Object.entries(states)) {
    for (const [what, event] of Object.entries(events)) {
      const outcome = step(state, event, 60);
      const effects = outcome.effects.map(effect => Object.values(effect).map(short).join(' ')).join(', ');
      rows.push(
        `${name.padEnd(16)} ${what.padEnd(18)} → ${outcome.state.step.padEnd(10)} ${effects}`.trimEnd(),
      );
    }
    rows.push('');
  }
  await expect(rows.join('\n')).toMatchFileSnapshot('fixtures/flow-table.txt');
});

function short(part: unknown): string {
  return typeof part === 'object' ? JSON.stringify(part) : String(part);
}

describe('whatever happens, in any order', () => {
  const anyStatus = fc
    .record({
      press: fc.integer({ min: 0, max: 4 }),
      seq: fc.integer({ min: 0, max: 5 }),
      lookAgainS: fc.constantFrom(0, 3, 30, 900),
      state: fc.constantFrom(
        ...([
          'idle',
          'accepted',
          'provisioning',
          'ready',
          'rejected',
          'failed',
          'releasing',
          'released',
        ] as const),
      ),
    })
    .map(status);
  const anyEvent = fc.oneof(anyStatus, fc.constantFrom(...Object.values(events)));

  test('no step waits without a limit, and no wish uses two numbers', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyEvent, fc.integer({ min: 0, max: 400 })), { maxLength: 60 }), path => {
        let state = initialState(
          'house-01',
          ['a', 'b'],
          { press: 2, pending: '', cluster: '', ssid: '' },
          0,
          180,
        );
        let limited = false;
        let now = 0;
        let numbers = 0;
        let wishes = 0;
        for (const [event, passed] of [[wake, 0] as [Event, number], ...path]) {
          now += passed;
          const before = state;
          const { state: next, effects } = step(state, event, now);
          if (event.on === 'late' || (event.on === 'napped' && before.step === 'napping')) limited = false;
          for (const effect of effects) limited = limitedBy(effect, limited);
          state = next;
          if (next.request !== before.request && next.request !== 'poll') wishes++;
          if (event.on === 'up' || (event.on === 'wake' && before.step === 'asleep')) wishes++;
          for (const effect of effects) {
            if (effect.do !== 'press') continue;
            expect([effect.press, effect.action]).toEqual([state.saved.press, state.saved.pending]);
            if (effect.press > before.saved.press) numbers++;
          }
          if (state.step !== 'asleep')
            expect(limited, `${before.step} ${event.on} → ${state.step}`).toBe(true);
        }
        expect(numbers).toBeLessThanOrEqual(wishes);
      }),
      { numRuns: 2000 },
    );
  });

  function limitedBy(effect: Effect, before: boolean): boolean {
    if (effect.do === 'limit') return effect.ms > 0;
    return effect.do === 'nap' || effect.do === 'rest' || before;
  }
});
