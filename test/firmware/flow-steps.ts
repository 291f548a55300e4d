/** Words for the tests of the flow: statuses, paths to each step, and one of each event. */
import { type Effect, type Event, initialState, type State, step } from '../../firmware/src/flow/flow.ts';
import { watchS } from '../../firmware/src/limits.ts';
import type { Memory } from '../../firmware/src/memory.ts';
import type { Status } from '../../protocol/src/messages.ts';

export const beaconTime = 1_800_000_000;
export const online: Event = { on: 'beacon', beacon: { state: 'online', time: beaconTime } };
export const offline: Event = { on: 'beacon', beacon: { state: 'offline', time: beaconTime } };
export const wake: Event = { on: 'wake', cause: 'button' };
/** From the finger to the open connection; the finger is still down. */
export const toReading: Event[] = [wake, { on: 'joined' }, { on: 'connected' }];
/** A finger that stays on the button. */
export const heldFinger: Event[] = [wake, { on: 'held' }];

export function status(changes: Partial<Status>): Event {
  const base: Status = {
    press: 0,
    seq: 1,
    state: 'idle',
    cluster: '',
    phase: '',
    percent: 0,
    upTo: 0,
    leftS: 0,
    lookAgainS: 0,
  };
  return { on: 'status', status: { ...base, ...changes } };
}

const noMemory: Memory = { press: 0, pending: '', cluster: '', ssid: '' };

/** Runs a path. `stepS` seconds pass before each event but the first; it begins at `from` seconds. */
export function run(
  path: Event[],
  memory: Partial<Memory> = {},
  ssids = ['phone'],
  batteryMv = 0,
  stepS = 0,
  from = 0,
) {
  let state: State = initialState('house-01', ssids, { ...noMemory, ...memory }, batteryMv, watchS);
  const effects: Effect[] = [];
  for (const [index, event] of path.entries()) {
    const outcome = step(state, event, from + index * stepS);
    state = outcome.state;
    effects.push(...outcome.effects);
  }
  const shown = effects.flatMap(effect => (effect[0] === 'show' ? [effect[1]] : []));
  const presses = effects.flatMap(effect => (effect[0] === 'press' ? [effect[1]] : []));
  return { state, effects, shown, presses, last: shown.at(-1) };
}

const up: Event = { on: 'up' };
const going = {
  press: 8,
  seq: 2,
  state: 'provisioning',
  cluster: 'house-01-8',
  percent: 40,
  upTo: 60,
  leftS: 90,
} as const;
const ready = {
  press: 8,
  seq: 3,
  state: 'ready',
  cluster: 'house-01-8',
  address: '10.0.0.8',
  qr: '21:QUJD',
} as const;
const asking = [...toReading, up, online, status({})];

const at = (path: Event[], memory: Partial<Memory> = { press: 7 }) =>
  run(path, memory, ['phone', 'tablet']).state;

const toWarn = {
  ...{ heard: 0, due: 0.5, touched: 0, fails: 0 },
  status: (status({ ...ready, lookAgainS: 27_000 }) as { status: Status }).status,
};

/** A state of every step, and of those that differ within a step. */
export const states: Record<string, State> = {
  asleep: at([]),
  joining: at([wake, up]),
  'joining, 2nd': at([wake, up, { on: 'notJoined' }]),
  dialing: at([wake, up, { on: 'joined' }]),
  reading: at([...toReading, up]),
  'reading, down': at(toReading),
  'reading a look': at([{ on: 'wake', cause: 'timer' }, { on: 'joined' }, { on: 'connected' }], {
    press: 8,
    look: {
      heard: 0,
      due: 0,
      touched: 0,
      fails: 0,
      status: (status(going) as { status: Status }).status,
    },
  }),
  holding: at([...toReading, online, status({})]),
  asking: at(asking),
  'asking, 4th': at([...asking, { on: 'late' }, { on: 'late' }, { on: 'late' }]),
  following: at([...asking, status({ ...going, lookAgainS: 3 })]),
  napping: at([...asking, status({ ...going, lookAgainS: 100 })]),
  offering: at(heldFinger, { press: 7, cluster: 'house-01-7' }),
  'showing ready': at([...asking, status(ready)]),
  'showing, to warn': at([...asking, status({ ...ready, lookAgainS: 27_000 })]),
  'asleep, to warn': at([], { press: 8, look: toWarn }),
  'napping, to warn': at([...asking, status({ ...ready, lookAgainS: 27_000 }), { on: 'late' }]),
  'reading, to warn': at([{ on: 'wake', cause: 'timer' }, { on: 'joined' }, { on: 'connected' }], {
    press: 8,
    look: toWarn,
  }),
  'showing error': at([wake, up, { on: 'joined' }, { on: 'refused', returnCode: 4 }]),
};

/** One of each event, and of those that differ within an event. */
export const events: Record<string, Event> = {
  'wake by button': wake,
  'wake by power': { on: 'wake', cause: 'power' },
  'wake by timer': { on: 'wake', cause: 'timer' },
  'wake, finger down': { on: 'wake', cause: 'held' },
  joined: { on: 'joined' },
  notJoined: { on: 'notJoined' },
  connected: { on: 'connected' },
  'refused 5': { on: 'refused', returnCode: 5 },
  closed: { on: 'closed', why: 'Connection lost' },
  'beacon online': online,
  'beacon offline': offline,
  'status idle': status({}),
  'status older': status({ press: 3, state: 'ready', cluster: 'house-01-3' }),
  'status building': status({ ...going, lookAgainS: 40 }),
  'status ready': status(ready),
  'status warning': status({ ...ready, seq: 9, phase: 'given back in 25 min', lookAgainS: 1500 }),
  'status released': status({ press: 8, seq: 10, state: 'released', cluster: 'house-01-8' }),
  'status rejected': status({
    press: 8,
    seq: 4,
    state: 'rejected',
    code: 'QUOTA',
    line: 'two clusters already',
  }),
  forged: { on: 'forged' },
  late: { on: 'late' },
  napped: { on: 'napped' },
  up,
  held: { on: 'held' },
};
