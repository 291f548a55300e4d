/** A cluster that is given back in time: the button looks by itself, warns, and comes to rest again. */
import { describe, expect, test } from 'vitest';
import { type Event, step } from '../../firmware/src/flow/flow.ts';
import { againS, showStillS, warningNapS, warningPolls, warningSkips } from '../../firmware/src/limits.ts';
import type { Memory } from '../../firmware/src/memory.ts';
import { heldFinger, offline, online, run, status, toReading, wake } from './fixtures/flow-steps.ts';

const late: Event = { on: 'late' };
const timer: Event = { on: 'wake', cause: 'timer' };
const look: Event[] = [timer, { on: 'joined' }, { on: 'connected' }];
const ready = { press: 1, seq: 3, state: 'ready', cluster: 'house-01-1', address: '10.0.0.1' } as const;
const warnInS = 27_000;
const fresh = status({ ...ready, phase: 'control plane', lookAgainS: warnInS });
const warning = (seq: number, lookAgainS: number) =>
  status({ ...ready, seq, phase: 'given back in 25 min', lookAgainS });

const pressed = run([...toReading, { on: 'up' }, online, status({}), fresh]);
const { saved: memory } = pressed.state;
const at = (path: Event[], seconds: number, from: Partial<Memory> = memory) =>
  run(path, from, ['phone'], 0, 0, seconds);

describe('a cluster with a time to live', () => {
  test('has the line of the lab under its address, and the look in flash', () => {
    expect(pressed.last).toMatchObject({ kind: 'ready', note: 'control plane' });
    expect(memory).toMatchObject({ press: 1, pending: '', cluster: 'house-01-1' });
    expect(memory.poll).toMatchObject({ due: warnInS, fails: 0 });
  });

  test('without one nothing is looked at: the display goes dark, and only a finger ends the sleep', () => {
    const plain = run([...toReading, { on: 'up' }, online, status({}), status(ready), late]);
    expect(plain.state.saved.poll).toBeUndefined();
    expect(plain.effects.at(-1)).toEqual({ do: 'nap', ms: showStillS * 1000, watched: true });
    expect(at([timer], 200, plain.state.saved).effects).toEqual([{ do: 'sleep' }]);
  });

  test('the way to the warning is dark naps without a radio, none longer than the limit', () => {
    for (const seconds of [120, 5000, warnInS - 100]) {
      expect(at([timer], seconds).effects).toEqual([{ do: 'nap', ms: warningNapS * 1000, watched: false }]);
    }
    expect(at([timer], warnInS - 20).effects).toEqual([{ do: 'nap', ms: 20_000, watched: false }]);
    // Seven days are far beyond what the chip's timer takes at once.
    const week = { ...memory, poll: { ...(memory.poll as object), due: 604_800 } } as Memory;
    expect(at([timer], 200, week).effects).toEqual([{ do: 'nap', ms: warningNapS * 1000, watched: false }]);
  });

  test('it looks without a word, shows the warning as long as a fresh address, and presses nothing', () => {
    const warned = at([...look, online, warning(4, 1200)], warnInS);
    expect(warned.shown).toEqual([
      { kind: 'ready', cluster: 'house-01-1', address: '10.0.0.1', note: 'given back in 25 min' },
    ]);
    expect(warned.effects.slice(-2)).toEqual(pressed.effects.slice(-2));
    expect(warned.presses).toEqual([]);
    expect(warned.state.saved.poll).toMatchObject({ due: warnInS + 1200, fails: 1 });
  });

  test('ends with RELEASED, and forgets the cluster', () => {
    const { saved: then } = at([...look, online, warning(4, 1200)], warnInS).state;
    const gone = status({ press: 1, seq: 6, state: 'released', cluster: 'house-01-1' });
    const { last, state, effects } = at([...look, online, gone, late], warnInS + 1200, then);
    expect(last).toMatchObject({ title: 'RELEASED', detail: 'house-01-1 is gone' });
    expect(state.saved).toMatchObject({ press: 1, cluster: '' });
    expect(state.saved.poll).toBeUndefined();
    expect(effects.at(-1)).toEqual({ do: 'sleep' });
  });

  test('looks so many times and no more, whatever the lab asks for', () => {
    let remembered = memory;
    let seconds = warnInS;
    for (let seq = 4; remembered.poll !== undefined && seq < 100; seq++) {
      const { state, last } = at([...look, online, warning(seq, 60)], seconds, remembered);
      expect(last).toMatchObject({ kind: 'ready' });
      remembered = state.saved;
      seconds += 60;
    }
    expect(seconds).toBe(warnInS + 60 * warningPolls);
    expect(at([timer], seconds, remembered).effects).toEqual([{ do: 'sleep' }]);
  });
});

describe('a warning that is not to be had', () => {
  const nothings: [string, Event[]][] = [
    ['no hotspot', [timer, late]],
    ['no relay', [timer, { on: 'joined' }, { on: 'closed', code: 'RELAY', why: 'The relay is not there' }]],
    ['a silent relay', [timer, { on: 'joined' }, late]],
    ['no sign of the lab', [...look, late]],
    ['a lab that is offline, and what it said before', [...look, offline, fresh]],
    ['what is known already', [...look, online, fresh]],
    ["somebody else's status", [...look, online, status({ press: 9, state: 'ready' }), late]],
  ];

  test.each(nothings)('%s: not a word, longer and longer naps, then rest', (_what, path) => {
    let remembered = memory;
    let seconds = warnInS;
    let looks = 0;
    for (let turn = 0; remembered.poll !== undefined && turn < 100; turn++) {
      const { state, effects, shown } = at(path, seconds, remembered);
      expect(shown).toEqual([]);
      looks++;
      if (state.saved.poll === undefined) {
        expect(effects.at(-1)).toEqual({ do: 'sleep' });
      } else {
        expect(effects.at(-1)).toEqual({ do: 'nap', ms: warningNapS * 1000, watched: false });
        expect(state.saved.poll.due - seconds).toBe(againS[warningSkips + looks - 1]);
        seconds = state.saved.poll.due;
      }
      remembered = state.saved;
    }
    expect(looks).toBe(warningPolls);
  });
});

describe('a finger while the button waits to warn', () => {
  test.each(['button', 'held'] as const)('wakes by %s: a press as always, with the next number', cause => {
    const press: Event[] = [
      { on: 'wake', cause },
      { on: 'up' },
      { on: 'joined' },
      { on: 'connected' },
      online,
      fresh,
    ];
    // From the first moment: a finger that stays would become a hold.
    expect(at(press.slice(0, 1), 5000).state).toMatchObject({ step: 'joining', buttonDown: true });
    const { presses, shown } = at(press, 5000);
    expect(presses).toEqual([2]);
    expect(shown[0]).toMatchObject({ kind: 'connecting', hop: 'hotspot' });
  });

  test('after which the new cluster is looked after, and the old look is forgotten', () => {
    const again = [...toReading, { on: 'up' }, online, fresh] as Event[];
    const second = { ...ready, press: 2, seq: 1, cluster: 'house-01-2' };
    expect(at([...again, status(second)], 5000).state.saved.poll).toBeUndefined();
    const { poll: next } = at([...again, status({ ...second, lookAgainS: 100 })], 5000).state.saved;
    expect(next).toMatchObject({ due: 5100, fails: 0 });
    expect(next?.status?.press).toBe(2);
  });

  test.each([
    ['HOTSPOT', [wake, late]],
    ['KEY', [wake, { on: 'joined' }, { on: 'refused', returnCode: 5 }]],
    ['LAB', [...toReading, offline]],
  ] as [string, Event[]][])('a press that fails with %s loses nothing: the naps go on', (code, path) => {
    const { shown, effects, state } = at([...path, late], 5000);
    expect(shown.at(-1)).toMatchObject({ kind: 'error', code });
    expect(effects.at(-1)).toEqual({ do: 'nap', ms: warningNapS * 1000, watched: false });
    expect(state.saved.poll).toEqual(memory.poll);
  });

  test('a hold offers to give it back; when nobody confirms, it says so and the naps go on', () => {
    const { shown, effects, state } = at([...heldFinger, late, late], 5000);
    expect(shown.slice(-2)).toMatchObject([{ title: 'RELEASE?' }, { title: 'KEPT' }]);
    expect(effects.at(-1)).toEqual({ do: 'nap', ms: warningNapS * 1000, watched: false });
    expect(state.saved.poll).toEqual(memory.poll);
  });

  test('after a light nap a press is a new wish too, not the address of before', () => {
    const { state } = at([timer], 5000);
    const { effects } = step(state, { on: 'up' }, 5001);
    expect(effects[0]).toMatchObject({ do: 'show', screen: { kind: 'connecting' } });
  });

  test('a finger at a nap that nobody waits for is no press', () => {
    expect(run([{ on: 'wake', cause: 'held' }]).effects).toEqual([{ do: 'sleep' }]);
  });

  test('new power forgets the look: the clock began anew', () => {
    const { state, effects } = at([{ on: 'wake', cause: 'power' }, late], 1);
    expect(state.saved.poll).toBeUndefined();
    expect(effects.map(effect => effect.do)).toEqual(['remember', 'show', 'limit', 'radioOff', 'sleep']);
  });
});
