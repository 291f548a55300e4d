/**
 * The way of a press as a pure function: state, event and time in, state and effects out. It reads no clock, no
 * pin and no socket, so every path is a row in a table test. Chip's dialect.
 */
import type { Action, Beacon, Code, Status } from '../../protocol/src/messages.ts';
import { explain, refusal } from './explain.ts';
import {
  againS,
  answerLimitMs,
  askTries,
  darkNapS,
  dialLimitMs,
  followLimitMs,
  heldMs,
  joinLimitMs,
  minBatteryMv,
  offerMs,
  pressTries,
  readLimitMs,
  showAwakeMs,
  showErrorMs,
  showIdleMs,
  showQrMs,
  showStillS,
  sliceS,
  stayOnlineS,
  watchS,
} from './limits.ts';
import type { Look, Memory } from './memory.ts';
import type { Screen } from './view.ts';

/** Built into the chip and into Node alike: base64 to a binary string. */
declare function atob(base64: string): string;

export type Step =
  | 'asleep'
  /** Joining the Wi-Fi network number `network`. */
  | 'joining'
  /** Opening the relay's socket; CONNECT and SUBSCRIBE are out. */
  | 'dialing'
  /** Waiting for the retained beacon and status. */
  | 'reading'
  /** All is ready for the press, but the finger is still down: it may become a hold. */
  | 'holding'
  /** The press is out; waiting for the provisioner's own answer. */
  | 'asking'
  /** A build is followed over an open connection. */
  | 'following'
  /** Radio off until the next look. */
  | 'napping'
  /** "Give the cluster back?" A short press says yes. */
  | 'offering'
  /** The last screen stays for a while, radio off. */
  | 'showing';

export interface State {
  step: Step;
  button: string;
  batteryMv: number;
  /** For how long after a press the picture is kept, in seconds. */
  watchS: number;
  /** Known networks in the order to try them, and the one that is tried now. */
  ssids: string[];
  network: number;
  memory: Memory;
  /** What this waking is for: to wish for something, or only to see what became of it. */
  wish: Action | 'look';
  /** The press that woke the board has not ended yet. */
  finger: boolean;
  /** Our press has been sent in this waking. */
  asked: boolean;
  /** How often it was sent over this connection. */
  tries: number;
  /** The lab's clock as the beacon told it; 0 before one was heard. */
  beaconTime: number;
  /** The last status that is ours; undefined before one was heard. */
  status: Status | undefined;
  /** Something came that was not signed with our keys. Never acted upon, only named when nothing else comes. */
  forged: boolean;
  /** The build that is followed, with when a finger was last seen. */
  look: Look;
  /** On the last screen: the QR code is shown, not the address. */
  qr: boolean;
}

export type Event =
  | { on: 'wake'; cause: 'power' | 'button' | 'timer' }
  | { on: 'joined' }
  | { on: 'notJoined' }
  | { on: 'connected' }
  | { on: 'refused'; returnCode: number }
  /** The connection is gone, or was not to be had; `why` in a few words for the display. */
  | { on: 'closed'; why: string }
  | { on: 'beacon'; beacon: Beacon }
  | { on: 'status'; status: Status }
  | { on: 'forged' }
  /** The limit of the present step is over. */
  | { on: 'late' }
  /** A nap is over from which the program went on; after a deep sleep it is a `wake` by timer instead. */
  | { on: 'napped' }
  /** A short press has ended. */
  | { on: 'up' }
  /** The button has been down for 5 s. Its end is no event. */
  | { on: 'held' };

export type Effect =
  | ['show', Screen]
  | ['join', number]
  | ['dial']
  /** Number, wish, the beacon's time, whether it is a repetition. */
  | ['press', number, Action, number, boolean]
  /** To flash, before anything that follows it. */
  | ['remember', Memory]
  /** Closes the connection and switches the radio off. */
  | ['radioOff']
  /** One limit at a time, in milliseconds: a new one replaces the old one, 0 takes it away. */
  | ['limit', number]
  /** Milliseconds, and whether the picture should stay. Ends the waking, or comes back as `napped`. */
  | ['nap', number, boolean]
  | ['sleep'];

export interface Outcome {
  state: State;
  effects: Effect[];
}

/** The state before the first event. `ssids` as device.json has them. */
export function initialState(
  button: string,
  ssids: string[],
  memory: Memory,
  batteryMv: number,
  watchS: number,
): State {
  return {
    step: 'asleep',
    button,
    batteryMv,
    watchS,
    // The network that worked last is the likeliest to be there.
    ssids: ssids.filter(ssid => ssid === memory.ssid).concat(ssids.filter(ssid => ssid !== memory.ssid)),
    network: 0,
    memory,
    wish: 'create',
    finger: false,
    asked: false,
    tries: 0,
    beaconTime: 0,
    status: undefined,
    forged: false,
    look: memory.look || { heardAt: 0, lookAt: 0, fingerAt: 0, fails: 0 },
    qr: false,
  };
}

/** A copy with some things changed. */
function patch<T extends object>(thing: T, changes: Partial<T>): T {
  return Object.assign({}, thing, changes);
}

function to(state: State, changes: Partial<State>, effects: Effect[]): Outcome {
  return { state: patch(state, changes), effects };
}

function stay(state: State): Outcome {
  return { state, effects: [] };
}

/** The last screen of a path: radio off, and after a while to sleep. */
function showLast(state: State, screen: Screen, ms: number): Outcome {
  return to(state, { step: 'showing' }, [['show', screen], ['radioOff'], ['limit', ms]]);
}

/** The error screen. When something came that was not signed with our keys, that explains a silent lab best. */
function giveUp(state: State, code: Code, line: string): Outcome {
  const screen =
    code === 'LAB' && state.forged ? explain('KEY', 'The keys do not match') : explain(code, line);
  return showLast(state, screen, showErrorMs);
}

/** Goes on from a new state, with effects of its own before those of the rest. */
function after(effects: Effect[], outcome: Outcome): Outcome {
  return { state: outcome.state, effects: effects.concat(outcome.effects) };
}

function connecting(state: State, hop: 'hotspot' | 'relay' | 'lab', detail: string): Effect[] {
  return state.wish === 'look' ? [] : [['show', { kind: 'connecting', button: state.button, hop, detail }]];
}

function join(state: State, network: number): Outcome {
  const next = to(state, { step: 'joining', network }, [
    ['join', network],
    ['limit', joinLimitMs],
  ]);
  return after(connecting(state, 'hotspot', state.ssids[network] as string), next);
}

function dial(state: State): Outcome {
  const memory = patch(state.memory, { ssid: state.ssids[state.network] as string });
  const next = to(state, { step: 'dialing', memory }, [['dial'], ['limit', dialLimitMs]]);
  return after(connecting(state, 'relay', ''), next);
}

/** The picture of a build, the bar moved on by the estimate but never past what the lab has said. */
function building(look: Look, now: number, phase: string): Effect[] {
  const status = look.status;
  if (status === undefined) {
    return [];
  }
  const elapsedS = Math.max(0, now - look.heardAt);
  const share = status.leftS > 0 ? Math.min(1, elapsedS / status.leftS) : 0;
  const percent = Math.round(status.percent + (100 - status.percent) * share);
  return [
    [
      'show',
      {
        kind: 'building',
        cluster: status.cluster,
        phase: phase || status.phase,
        percent: Math.max(status.percent, Math.min(percent, status.upTo || 0)),
        leftS: Math.max(0, Math.round(status.leftS - elapsedS)),
      },
    ],
  ];
}

/** Radio off until the next look is due; or, when it is due, the look. */
function nap(state: State, now: number): Outcome {
  const look = state.look;
  if (look.status !== undefined && !isActive(look.status)) {
    return toSleep(state); // it was the address that stood on the display
  }
  const restS = look.lookAt - now;
  const watched = now - look.fingerAt < state.watchS;
  if (restS < 1) {
    return join(patch(state, { wish: look.status ? 'look' : state.wish, beaconTime: 0 }), 0);
  }
  const napS = Math.min(restS, watched ? sliceS : darkNapS);
  const effects: Effect[] = watched ? building(look, now, '') : [];
  effects.push(['nap', napS * 1000, watched]);
  return to(state, { step: 'napping' }, effects);
}

/** Looks again in so many seconds. What must survive a deep sleep goes to flash. */
function lookAgain(state: State, now: number, seconds: number, fails: number): Outcome {
  const look = patch(state.look, { lookAt: now + seconds, fails });
  const effects: Effect[] = [['radioOff'], ['limit', 0]];
  let memory = state.memory;
  if (seconds >= stayOnlineS) {
    memory = patch(memory, { look });
    effects.push(['remember', memory]);
  }
  return after(effects, nap(patch(state, { look, memory }), now));
}

/** A connection was lost or not to be had. Once a press is out, that is no reason to give up at once. */
function lost(state: State, now: number, code: Code, line: string): Outcome {
  const fails = state.look.fails;
  const most = state.wish === 'look' ? againS.length : state.asked ? askTries : 0;
  return fails < most
    ? lookAgain(state, now, againS[fails] as number, fails + 1)
    : forget(giveUp(state, code, line));
}

/** Nothing is followed any more. */
function forget(outcome: Outcome): Outcome {
  const memory = outcome.state.memory;
  if (memory.look === undefined) {
    return outcome;
  }
  const without = patch(memory, { look: undefined });
  return after([['remember', without]], to(outcome.state, { memory: without }, outcome.effects));
}

function nextNetwork(state: State, now: number): Outcome {
  if (state.network + 1 < state.ssids.length) {
    return join(state, state.network + 1);
  }
  const line = state.ssids.length === 1 ? `${state.ssids[0]} not joined` : 'No known network joined';
  return lost(state, now, 'HOTSPOT', line);
}

function isActive(status: Status): boolean {
  return ['accepted', 'provisioning', 'verifying', 'releasing'].includes(status.state);
}

/** A ready cluster: its address, or at every other short press the QR code of its API. */
function showReady(state: State, status: Status, first: boolean): Outcome {
  const at = (status.qr || '').indexOf(':');
  const screen: Screen =
    state.qr && status.qr && at > 0
      ? {
          kind: 'qr',
          side: +status.qr.substring(0, at),
          bitmap: atob(status.qr.substring(at + 1)),
          text: status.cluster,
        }
      : { kind: 'ready', cluster: status.cluster, address: status.address || '' };
  return showLast(state, screen, first && state.watchS === watchS ? showAwakeMs : showQrMs);
}

/** The address stays on the display for a while, the chip asleep. */
function standStill(state: State, now: number): Outcome {
  const look = patch(state.look, { status: state.status, lookAt: now + showStillS });
  const memory = patch(state.memory, { look });
  return to(state, { step: 'napping', look, memory }, [
    ['remember', memory],
    ['nap', showStillS * 1000, true],
  ]);
}

function toSleep(state: State): Outcome {
  return forget(to(state, { step: 'asleep' }, [['radioOff'], ['sleep']]));
}

/** What became of our press: shows it, and goes on looking as long as something can still change. */
function follow(state: State, status: Status, now: number): Outcome {
  const active = isActive(status);
  const memory = patch(state.memory, {
    press: status.press,
    // A wish whose end nobody has seen stays: the next press tells of it before it orders another cluster.
    pending: active ? (status.state === 'releasing' ? 'release' : 'create') : '',
    cluster:
      status.state === 'ready' ? status.cluster : status.state === 'released' ? '' : state.memory.cluster,
    look: active ? state.memory.look : undefined,
  });
  const last = state.look.status;
  // What was known before is no news: a lab that says nothing more is given up in the end.
  const news = last === undefined || last.press !== status.press || last.seq !== status.seq;
  const look = patch(state.look, { status, heardAt: now, fails: news ? 0 : state.look.fails });
  const next = patch(state, { status, wish: 'look', memory, look });
  if (active && status.lookAgainS > stayOnlineS) {
    return lookAgain(next, now, status.lookAgainS, 0);
  }
  // Flash wears out: it is written only when something changed that matters after a sleep.
  const changed = JSON.stringify(memory) !== JSON.stringify(state.memory);
  const effects: Effect[] = changed ? [['remember', memory]] : [];
  if (active) {
    effects.push(['limit', followLimitMs]);
    return to(next, { step: 'following' }, building(look, now, '').concat(effects));
  }
  if (status.state === 'ready') {
    return after(effects, showReady(next, status, true));
  }
  if (status.state === 'released') {
    const screen: Screen = {
      kind: 'idle',
      button: state.button,
      title: 'RELEASED',
      detail: `${status.cluster} is gone`,
    };
    return after(effects, showLast(next, screen, showErrorMs));
  }
  return after(effects, giveUp(next, status.code || 'PLATFORM', status.line || status.state));
}

/** Publishes our press, or publishes it again with the same number. */
function ask(state: State, press: number, wish: Action): Outcome {
  const repeated = state.step === 'asking';
  const memory = patch(state.memory, { press, pending: wish });
  const effects: Effect[] = repeated
    ? []
    : ([['remember', memory]] as Effect[]).concat(connecting(state, 'lab', `press ${press}`));
  effects.push(['press', press, wish, state.beaconTime, repeated], ['limit', answerLimitMs]);
  return to(
    state,
    { step: 'asking', asked: true, memory, status: undefined, tries: repeated ? state.tries + 1 : 1 },
    effects,
  );
}

/** Beacon and status are read: follow what is under way, or press. */
function decide(state: State, now: number): Outcome {
  const status = state.status;
  const memory = state.memory;
  const wish = state.wish;
  const ours = status !== undefined && status.press > 0 && status.press >= memory.press;
  const answered = status !== undefined && ours && status.press === memory.press;
  if (status !== undefined && ours) {
    // A wish that came true unseen is this wish; one that failed is not.
    const granted = memory.pending === wish && status.state === (wish === 'create' ? 'ready' : 'released');
    if (isActive(status) || (answered && (state.asked || granted))) {
      return follow(state, status, now);
    }
  }
  if (wish === 'look') {
    return stay(state);
  }
  if (state.finger) {
    return to(state, { step: 'holding' }, [['limit', heldMs]]);
  }
  if (memory.pending === wish && !answered) {
    return ask(state, memory.press, wish);
  }
  return ask(state, Math.max(memory.press, status !== undefined ? status.press : 0) + 1, wish);
}

function takeBeacon(state: State, beacon: Beacon, now: number): Outcome {
  const online = beacon.state === 'online';
  if (state.step === 'following' && !online) {
    // The build goes on in the platform; the picture says why it stands still.
    return to(state, {}, building(state.look, now, 'lab is offline, waiting'));
  }
  if (state.step === 'reading' && state.wish !== 'look' && !online) {
    return giveUp(state, 'LAB', 'The lab is offline');
  }
  const next = patch(state, online ? { beaconTime: beacon.time } : {});
  return state.step === 'reading' && online && next.status !== undefined ? decide(next, now) : stay(next);
}

function takeStatus(state: State, status: Status, now: number): Outcome {
  const last = state.look.status;
  const old = last !== undefined && last.press === status.press && status.seq < last.seq;
  const answer = status.press === state.memory.press && !old;
  if (state.step === 'reading') {
    if (state.wish === 'look') {
      return answer ? follow(state, status, now) : stay(state);
    }
    const next = patch(state, { status });
    return next.beaconTime > 0 ? decide(next, now) : stay(next);
  }
  // Another press's status is somebody's replay; an older one of ours as well.
  return (state.step === 'asking' || state.step === 'following') && answer
    ? follow(state, status, now)
    : stay(state);
}

/** No cluster is given back; a build that was followed is followed on. */
function keep(state: State, now: number, title: string): Outcome {
  const look = state.memory.look;
  if (look !== undefined) {
    return nap(patch(state, { wish: 'look', look: patch(look, { fingerAt: now }) }), now);
  }
  // A press that comes too late to confirm is no wish for another cluster: its end is swallowed.
  const deaf = patch(state, { finger: true });
  return showLast(deaf, { kind: 'idle', button: state.button, title, detail: '' }, showIdleMs);
}

/** Holding the button: offers to give the newest cluster back. */
function offer(state: State, now: number): Outcome {
  const status = state.status;
  const cluster = status !== undefined && status.state === 'ready' ? status.cluster : state.memory.cluster;
  const next = patch(state, { step: 'offering', finger: false });
  if (cluster === '') {
    return keep(next, now, 'NOTHING');
  }
  return to(next, {}, [
    [
      'show',
      { kind: 'idle', button: state.button, title: 'RELEASE?', detail: `press to give ${cluster} back` },
    ],
    ['radioOff'],
    ['limit', offerMs],
  ]);
}

/** A wish begins: nothing is kept of what an earlier one has seen. The first frame, then the radio. */
function start(state: State, now: number, wish: Action, finger: boolean): Outcome {
  const fresh = initialState(state.button, state.ssids, state.memory, state.batteryMv, state.watchS);
  const look: Look = { heardAt: 0, lookAt: 0, fingerAt: now, fails: 0 };
  const next = patch(fresh, { wish, finger, look });
  if (state.batteryMv > 0 && state.batteryMv < minBatteryMv) {
    return giveUp(next, 'BATTERY', `${(state.batteryMv / 1000).toFixed(2)} V is too low to finish`);
  }
  return join(next, 0);
}

function wake(state: State, now: number, cause: 'power' | 'button' | 'timer'): Outcome {
  if (cause === 'button') {
    return start(state, now, 'create', true);
  }
  if (cause === 'timer') {
    return state.memory.look !== undefined
      ? nap(patch(state, { wish: 'look' }), now)
      : to(state, {}, [['sleep']]);
  }
  // A battery change or a brown-out is no press: nothing is ordered, the radio stays off.
  return to(state, { step: 'showing' }, [
    ['show', { kind: 'idle', button: state.button, detail: 'press to build' }],
    ['limit', showIdleMs],
  ]);
}

function takeUp(state: State, now: number): Outcome {
  if (state.finger) {
    const next = patch(state, { finger: false });
    return state.step === 'holding' ? decide(next, now) : stay(next);
  }
  switch (state.step) {
    case 'offering':
      return start(state, now, 'release', false);
    case 'napping':
    case 'showing':
      if (state.status !== undefined && state.status.state === 'ready') {
        return showReady(patch(state, { qr: !state.qr }), state.status, false);
      }
      return state.step === 'showing'
        ? start(state, now, 'create', false)
        : nap(patch(state, { look: patch(state.look, { lookAt: now, fingerAt: now }) }), now);
    default:
      return stay(state);
  }
}

function takeLate(state: State, now: number): Outcome {
  switch (state.step) {
    case 'joining':
      return nextNetwork(state, now);
    case 'dialing':
      return lost(state, now, 'RELAY', 'The relay is silent');
    case 'reading':
      return state.beaconTime > 0 && state.wish !== 'look'
        ? decide(state, now)
        : lost(state, now, 'LAB', 'No sign of the lab');
    case 'asking':
      return state.tries < pressTries && state.memory.pending !== ''
        ? ask(state, state.memory.press, state.memory.pending)
        : giveUp(state, 'LAB', `The lab did not answer press ${state.memory.press}`);
    case 'following':
      return lost(state, now, 'LAB', 'The lab fell silent');
    case 'holding':
      return offer(state, now);
    case 'offering':
      return keep(state, now, 'KEPT');
    case 'showing':
      return state.status !== undefined && state.status.state === 'ready' && state.watchS === watchS
        ? standStill(state, now)
        : toSleep(state);
    default:
      return stay(state);
  }
}

/** The steps in which an event means something; those not named here mean something in every step. */
const expected: { [on: string]: Step[] } = {
  wake: ['asleep'],
  joined: ['joining'],
  notJoined: ['joining'],
  connected: ['dialing'],
  refused: ['dialing'],
  closed: ['dialing', 'reading', 'holding', 'asking', 'following'],
  napped: ['napping'],
};

/**
 * What happens next. Pure: the same state, event and time always give the same outcome.
 * @param now the chip's own time in seconds; only differences count.
 */
export function step(state: State, event: Event, now: number): Outcome {
  const steps = expected[event.on];
  if (steps !== undefined && !steps.includes(state.step)) {
    return stay(state);
  }
  switch (event.on) {
    case 'wake':
      return wake(state, now, event.cause);
    case 'joined':
      return dial(state);
    case 'notJoined':
      return nextNetwork(state, now);
    case 'connected':
      return to(state, { step: 'reading' }, [['limit', readLimitMs]]);
    case 'refused':
      return forget(giveUp(state, 'RELAY', refusal(event.returnCode)));
    case 'closed':
      return lost(state, now, 'RELAY', event.why);
    case 'beacon':
      return takeBeacon(state, event.beacon, now);
    case 'status':
      return takeStatus(state, event.status, now);
    case 'forged':
      return to(state, { forged: true }, []);
    case 'late':
      return takeLate(state, now);
    case 'napped':
      return nap(state, now);
    case 'up':
      return takeUp(state, now);
    case 'held':
      return state.step === 'asleep'
        ? stay(state)
        : state.step === 'offering'
          ? keep(state, now, 'KEPT')
          : offer(state, now);
  }
}
