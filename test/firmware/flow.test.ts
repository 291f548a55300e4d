import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Effect, type Event, initialState, step } from '../../firmware/src/flow/flow.ts';
import { againS, darkNapS, pressTries, sliceS, watchS } from '../../firmware/src/limits.ts';
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
} from './flow-steps.ts';

const late: Event = { on: 'late' };
const up: Event = { on: 'up' };
const closed: Event = { on: 'closed', why: 'Connection lost' };
const building = { cluster: 'house-01-1', percent: 40, upTo: 60, leftS: 100 } as const;

describe('the way of a press', () => {
  it('paints before the radio is touched', () => {
    const { effects } = run([wake]);
    expect(effects.map(([what]) => what)).toEqual(['show', 'join', 'limit']);
    expect(effects[0]).toMatchObject(['show', { kind: 'connecting', hop: 'hotspot' }]);
  });

  it('presses with the next number and the beacon time, remembered before it is sent', () => {
    const { effects, presses } = run([...toReading, up, status({}), online]);
    expect(presses).toEqual([1]);
    const order = effects.map(([what]) => what);
    expect(order.indexOf('remember')).toBeLessThan(order.indexOf('press'));
    expect(effects).toContainEqual(['press', 1, 'create', beaconTime, false]);
  });

  it('waits with the press until the finger is up: it may become a hold', () => {
    const { state, presses } = run([...toReading, status({}), online]);
    expect(state.step).toBe('holding');
    expect(presses).toEqual([]);
    expect(run([...toReading, status({}), online, up]).presses).toEqual([1]);
    expect(run([...toReading, status({}), online, { on: 'held' }, up]).presses).toEqual([]);
  });

  it('shows each phase and then the address, radio off', () => {
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
      memory: { press: 1, pending: '', cluster: 'house-01-1' },
    });
    expect(effects.slice(-2).map(([what]) => what)).toEqual(['radioOff', 'limit']);
  });

  it('shows address and QR code in turn at short presses, and orders nothing by them', () => {
    const ready = status({ press: 4, state: 'ready', cluster: 'c', address: 'a', qr: `21:${btoa('bits')}` });
    const { shown, presses } = run(
      [...toReading, up, online, status({ press: 4, state: 'provisioning', lookAgainS: 2 }), ready, up, up],
      { press: 4 },
    );
    expect(shown.slice(-3).map(view => view.kind)).toEqual(['ready', 'qr', 'ready']);
    expect(shown.at(-2)).toMatchObject({ side: 21, bitmap: 'bits' });
    expect(presses).toEqual([]);
  });

  it('ends asleep after the last screen', () => {
    const { state, effects } = run([...toReading, up, offline, late]);
    expect(state.step).toBe('asleep');
    expect(effects.at(-1)).toEqual(['sleep']);
  });

  it('tries the network first that worked last', () => {
    const { effects } = run([wake, { on: 'notJoined' }], { ssid: 'tablet' }, ['phone', 'tablet', 'office']);
    const state = initialState(
      'b',
      ['phone', 'tablet', 'office'],
      { press: 0, pending: '', cluster: '', ssid: 'tablet' },
      0,
      180,
    );
    expect(state.ssids).toEqual(['tablet', 'phone', 'office']);
    expect(effects.filter(([what]) => what === 'join')).toEqual([
      ['join', 0],
      ['join', 1],
    ]);
  });

  it('is refused with BATTERY before the radio is touched when the battery is too low to finish', () => {
    const { shown, effects } = run([wake], {}, ['phone'], 3310);
    expect(shown).toMatchObject([{ kind: 'error', code: 'BATTERY', line: '3.31 V is too low to finish' }]);
    expect(effects.map(([what]) => what)).not.toContain('join');
    expect(run([wake], {}, ['phone'], 0).effects.map(([what]) => what)).toContain('join');
  });
});

describe('what is under way is followed, not ordered again', () => {
  it.each(['accepted', 'provisioning', 'verifying', 'releasing'] as const)('%s', state => {
    const { presses, last } = run([...toReading, up, online, status({ press: 4, state, cluster: 'c' })], {
      press: 4,
    });
    expect(presses).toEqual([]);
    expect(last).toMatchObject({ kind: 'building', cluster: 'c' });
  });

  it('a press that was never answered is repeated with its number, not with a new one', () => {
    const { presses } = run([...toReading, up, online, status({ press: 4, state: 'ready' })], {
      press: 5,
      pending: 'create',
    });
    expect(presses).toEqual([5]);
  });

  it('an unanswered press that became a cluster shows that cluster', () => {
    const { presses, last } = run(
      [...toReading, up, online, status({ press: 5, state: 'ready', address: '10.0.0.5' })],
      { press: 5, pending: 'create' },
    );
    expect(presses).toEqual([]);
    expect(last).toMatchObject({ kind: 'ready', address: '10.0.0.5' });
  });

  it('an unanswered press that was refused meanwhile is over: the next is a new wish', () => {
    const { presses } = run([...toReading, up, online, status({ press: 5, state: 'rejected' })], {
      press: 5,
      pending: 'create',
    });
    expect(presses).toEqual([6]);
  });

  it('after ready, a press is a new wish', () => {
    expect(
      run([...toReading, up, online, status({ press: 5, state: 'ready' })], { press: 5 }).presses,
    ).toEqual([6]);
  });

  it("a button that forgot its number takes the lab's", () => {
    expect(run([...toReading, up, online, status({ press: 9, state: 'ready' })]).presses).toEqual([10]);
  });

  it('a replayed older status changes nothing', () => {
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
  it.each([
    ['HOTSPOT', [wake, { on: 'notJoined' }]],
    ['HOTSPOT', [wake, late]],
    ['RELAY', [wake, { on: 'joined' }, late]],
    ['RELAY', [wake, { on: 'joined' }, closed]],
    ['RELAY', [wake, { on: 'joined' }, { on: 'refused', returnCode: 4 }]],
    ['RELAY', [wake, { on: 'joined' }, { on: 'refused', returnCode: 128 }]],
    ['RELAY', [...toReading, up, closed]],
    ['LAB', [...toReading, late]],
    ['LAB', [...toReading, offline]],
    ['LAB', [...toReading, status({}), offline]],
    ['KEY', [...toReading, { on: 'forged' }, late]],
  ] as [string, Event[]][])('%s', (code, path) => {
    const { last, presses, state, effects } = run(path);
    expect(last).toMatchObject({ kind: 'error', code });
    expect(presses).toEqual([]);
    expect(state.step).toBe('showing');
    expect(effects.at(-1)?.[0]).toBe('limit');
  });

  it('LAB after a press that nobody answered, sent four times with one number', () => {
    const silent = Array.from({ length: pressTries }, () => late);
    const { presses, last, state } = run([...toReading, up, online, status({}), ...silent]);
    expect(presses).toEqual([1, 1, 1, 1]);
    expect(last).toMatchObject({ kind: 'error', code: 'LAB' });
    expect(state.memory).toMatchObject({ press: 1, pending: 'create' });
  });

  it('a connection lost while the lab is asked is made again, with the same number', () => {
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

  it("a rejection has the lab's code and words", () => {
    const rejected = status({ press: 1, state: 'rejected', code: 'STALE', line: 'Press came 600 s late' });
    const { last } = run([...toReading, up, online, status({}), rejected]);
    expect(last).toMatchObject({ kind: 'error', code: 'STALE', line: 'Press came 600 s late' });
  });
});

describe('between looks', () => {
  const accepted = status({ ...building, press: 1, state: 'accepted', lookAgainS: 50 });
  const asked: Event[] = [...toReading, up, online, status({}), accepted];

  it('the radio is off as soon as the press is accepted, and what must survive a sleep is in flash', () => {
    const { state, effects } = run(asked);
    expect(effects.slice(-5).map(([what]) => what)).toEqual(['radioOff', 'limit', 'remember', 'show', 'nap']);
    expect(effects.at(-1)).toEqual(['nap', sliceS * 1000, true]);
    expect(state.memory.look).toMatchObject({ due: 50, status: { press: 1 } });
  });

  it('the bar moves on by the estimate, but never past what the lab has said', () => {
    const { memory } = run(asked).state;
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

  it('the look joins without a word, presses nothing, and shows the news', () => {
    const { memory } = run(asked).state;
    const look: Event[] = [{ on: 'wake', cause: 'timer' }, { on: 'joined' }, { on: 'connected' }];
    const ready = status({ press: 1, seq: 9, state: 'ready', cluster: 'house-01-1', address: 'a' });
    const { presses, shown, effects } = run([...look, online, ready], memory, ['phone'], 0, 0, 50);
    expect(shown.map(view => view.kind)).toEqual(['ready']);
    expect(presses).toEqual([]);
    expect(effects).toContainEqual([
      'remember',
      expect.objectContaining({ look: undefined, cluster: 'house-01-1' }),
    ]);
  });

  it('after a while nobody watches: the picture may go, and the naps are longer', () => {
    const { memory } = run(asked).state;
    const far = { ...memory, look: { ...memory.look, due: 5000 } } as typeof memory;
    const { effects } = run([{ on: 'wake', cause: 'timer' }], far, ['phone'], 0, 0, watchS + 1);
    expect(effects).toEqual([['nap', darkNapS * 1000, false]]);
  });

  it('a look that comes to nothing is tried again later and later, and given up in the end', () => {
    let { state } = run(asked);
    let now = 50;
    const naps: number[] = [];
    for (let turns = 0; turns < 200 && state.step !== 'showing'; turns++) {
      const event: Event = state.step === 'napping' ? { on: 'napped' } : { on: 'notJoined' };
      const outcome = step(state, event, now);
      state = outcome.state;
      for (const effect of outcome.effects) {
        if (effect[0] === 'nap') {
          naps.push(effect[1] / 1000);
          now += effect[1] / 1000;
        }
      }
    }
    expect(naps.reduce((sum, nap) => sum + nap, 0)).toBe(againS.reduce((sum, s) => sum + s, 0));
    expect(state.step).toBe('showing');
    expect(state.memory.look).toBeUndefined();
  });

  it('a short press during a light nap looks at once', () => {
    const { effects } = run([...asked, up]);
    expect(effects.slice(-2).map(([what]) => what)).toEqual(['join', 'limit']);
  });

  it('an offline lab is named on the picture that stands still', () => {
    const soon = status({ ...building, press: 1, state: 'provisioning', lookAgainS: 3 });
    const { last, state } = run([...toReading, up, online, status({}), soon, offline]);
    expect(last).toMatchObject({ kind: 'building', phase: 'lab is offline, waiting' });
    expect(state.step).toBe('following');
  });
});

describe('holding the button', () => {
  const ready = { press: 3, cluster: 'house-01-3' };

  it('offers to give the cluster back; a short press confirms, with a press number of its own', () => {
    const confirmed: Event[] = [...heldFinger, up, { on: 'joined' }, { on: 'connected' }, online];
    const { presses, effects, shown } = run([...confirmed, status({ press: 3, state: 'ready' })], ready);
    expect(shown).toContainEqual(
      expect.objectContaining({ title: 'RELEASE?', detail: 'press to give house-01-3 back' }),
    );
    expect(presses).toEqual([4]);
    expect(effects).toContainEqual(['press', 4, 'release', beaconTime, false]);
  });

  it.each([
    ['waiting', late],
    ['holding again', { on: 'held' }],
  ] as [string, Event][])('%s cancels', (_, event) => {
    const { last, presses, state } = run([...heldFinger, event, up, late], ready);
    expect(last).toMatchObject({ title: 'KEPT' });
    expect(presses).toEqual([]);
    expect(state.step).toBe('asleep');
  });

  it('says so when there is nothing to give back', () => {
    expect(run(heldFinger).last).toMatchObject({ kind: 'idle', title: 'NOTHING' });
  });

  it('ends with RELEASED, and forgets the cluster', () => {
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
    expect(state.memory.cluster).toBe('');
  });
});

describe('no finger, no wish', () => {
  it('power-on orders nothing and leaves the radio alone', () => {
    const { effects } = run([{ on: 'wake', cause: 'power' }, late]);
    expect(effects.map(([what]) => what)).toEqual(['show', 'limit', 'radioOff', 'sleep']);
  });

  it('a timer without a build to look at sleeps on', () => {
    expect(run([{ on: 'wake', cause: 'timer' }]).effects).toEqual([['sleep']]);
  });
});

it('every step and event together do what the table says', async () => {
  const rows: string[] = [];
  for (const [name, state] of Object.entries(states)) {
    for (const [what, event] of Object.entries(events)) {
      const outcome = step(state, event, 60);
      const effects = outcome.effects.map(effect => effect.map(short).join(' ')).join(', ');
      rows.push(
        `${name.padEnd(16)} ${what.padEnd(18)} → ${outcome.state.step.padEnd(10)} ${effects}`.trimEnd(),
      );
    }
    rows.push('');
  }
  await expect(rows.join('\n')).toMatchFileSnapshot('flow-table.txt');
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

  it('no step waits without a limit, and no wish uses two numbers', () => {
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
          if (next.wish !== before.wish && next.wish !== 'look') wishes++;
          if (event.on === 'up' || (event.on === 'wake' && before.step === 'asleep')) wishes++;
          for (const effect of effects) {
            if (effect[0] !== 'press') continue;
            expect([effect[1], effect[2]]).toEqual([state.memory.press, state.memory.pending]);
            if (effect[1] > before.memory.press) numbers++;
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
    if (effect[0] === 'limit') return effect[1] > 0;
    return effect[0] === 'nap' || before;
  }
});
