/**
 * The way of a press as a pure function: state and event in, state and effects out. It reads no clock, no pin
 * and no socket, so every path is a row in a table test. Chip's dialect.
 */
import type { Beacon, Status } from '../../protocol/src/messages.ts';
import { explain, refusal, type Trouble } from './explain.ts';
import {
  answerLimitMs,
  dialLimitMs,
  followTries,
  joinLimitMs,
  pauseMs,
  pressTries,
  readLimitMs,
  showErrorMs,
  showIdleMs,
  showReadyMs,
} from './limits.ts';
import type { Memory } from './memory.ts';
import type { View } from './view.ts';

export type Step =
  | 'asleep'
  /** Joining the Wi-Fi network number `network`. */
  | 'joining'
  /** Opening the relay's socket; CONNECT and SUBSCRIBE are out. */
  | 'dialing'
  /** Waiting for the retained beacon and status. */
  | 'reading'
  /** The press is out; waiting for the provisioner's own answer. */
  | 'asking'
  /** A build is followed over an open connection. */
  | 'following'
  /** The connection was lost while following; waiting to try again. */
  | 'pausing'
  /** The last screen stays for a while, radio off. */
  | 'showing';

export interface State {
  step: Step;
  button: string;
  /** Known networks in the order to try them. */
  ssids: string[];
  network: number;
  memory: Memory;
  /** Sequence number of the last status believed. */
  seq: number;
  /** The lab's clock as the beacon told it; 0 before one was heard. */
  beaconTime: number;
  /** The last status that is ours; undefined before one was heard in this waking. */
  status: Status | undefined;
  /** Something came that was not signed with our keys. Never acted upon, only named when nothing else comes. */
  forged: boolean;
  /** A press of this waking was answered: from here on a lost connection is tried again. */
  followed: boolean;
  tries: number;
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
  /** A short press while awake. */
  | { on: 'pressed' };

export type Effect =
  | { do: 'show'; view: View }
  | { do: 'join'; network: number }
  | { do: 'dial' }
  | { do: 'press'; press: number; time: number; repeated: boolean }
  /** To flash, before anything that follows it. */
  | { do: 'remember'; memory: Memory }
  /** Closes the connection and switches the radio off. */
  | { do: 'radioOff' }
  /** One limit at a time: a new one replaces the old one. */
  | { do: 'limit'; ms: number }
  | { do: 'sleep' };

export interface Outcome {
  state: State;
  effects: Effect[];
}

/** The state before the first event. */
export function initialState(button: string, ssids: string[], memory: Memory): State {
  return {
    step: 'asleep',
    button,
    ssids,
    network: 0,
    memory,
    seq: -1,
    beaconTime: 0,
    status: undefined,
    forged: false,
    followed: false,
    tries: 0,
  };
}

function to(state: State, changes: Partial<State>, effects: Effect[]): Outcome {
  return { state: Object.assign({}, state, changes), effects };
}

function stay(state: State): Outcome {
  return { state, effects: [] };
}

function sleep(state: State): Outcome {
  return to(state, { step: 'asleep' }, [{ do: 'radioOff' }, { do: 'sleep' }]);
}

function giveUp(state: State, trouble: Trouble): Outcome {
  return to(state, { step: 'showing' }, [
    { do: 'show', view: explain(trouble) },
    { do: 'radioOff' },
    { do: 'limit', ms: showErrorMs },
  ]);
}

function join(state: State, network: number): Outcome {
  const effects: Effect[] = [];
  if (!state.followed) {
    effects.push({
      do: 'show',
      view: {
        kind: 'connecting',
        button: state.button,
        hop: 'hotspot',
        detail: state.ssids[network] as string,
      },
    });
  }
  effects.push({ do: 'join', network }, { do: 'limit', ms: joinLimitMs });
  return to(state, { step: 'joining', network }, effects);
}

function dial(state: State): Outcome {
  const effects: Effect[] = [{ do: 'dial' }, { do: 'limit', ms: dialLimitMs }];
  if (!state.followed) {
    effects.unshift({
      do: 'show',
      view: { kind: 'connecting', button: state.button, hop: 'relay', detail: '' },
    });
  }
  return to(state, { step: 'dialing' }, effects);
}

/** A connection was lost or not to be had: while a build is followed that is no reason to give up at once. */
function lost(state: State, trouble: Trouble): Outcome {
  if (!state.followed || state.tries >= followTries) {
    return giveUp(state, trouble);
  }
  const ms = pauseMs[Math.min(state.tries, pauseMs.length - 1)] as number;
  return to(state, { step: 'pausing', tries: state.tries + 1 }, [{ do: 'radioOff' }, { do: 'limit', ms }]);
}

function isActive(status: Status): boolean {
  return (
    status.state === 'accepted' ||
    status.state === 'provisioning' ||
    status.state === 'verifying' ||
    status.state === 'releasing'
  );
}

function building(status: Status, phase: string): View {
  return {
    kind: 'building',
    cluster: status.cluster,
    phase,
    percent: status.percent,
    leftS: status.leftS,
  };
}

/** What became of our press: shows it, and goes on listening as long as something can still change. */
function follow(state: State, status: Status): Outcome {
  const changes: Partial<State> = { status, seq: status.seq, followed: true, tries: 0 };
  const effects: Effect[] = [];
  if (status.press !== state.memory.press || state.memory.pending) {
    changes.memory = { press: status.press, pending: false };
    effects.push({ do: 'remember', memory: changes.memory });
  }
  if (isActive(status)) {
    changes.step = 'following';
    effects.push(
      { do: 'show', view: building(status, status.phase) },
      // The connection's own keep-alive and the awake limit watch from here on.
      { do: 'limit', ms: 0 },
    );
    return to(state, changes, effects);
  }
  changes.step = 'showing';
  if (status.state === 'ready') {
    effects.push({
      do: 'show',
      view: { kind: 'ready', cluster: status.cluster, address: status.address || '' },
    });
  } else if (status.state === 'released') {
    effects.push({
      do: 'show',
      view: { kind: 'idle', button: state.button, detail: `${status.cluster} released` },
    });
  } else {
    effects.push({
      do: 'show',
      view: explain({ code: status.code || 'PLATFORM', line: status.line || status.state }),
    });
  }
  effects.push({ do: 'radioOff' }, { do: 'limit', ms: status.state === 'ready' ? showReadyMs : showErrorMs });
  return to(state, changes, effects);
}

/** Publishes our press, or publishes it again with the same number. */
function ask(state: State, press: number, repeated: boolean): Outcome {
  const memory = { press, pending: true };
  const effects: Effect[] = [];
  if (!repeated) {
    effects.push(
      { do: 'remember', memory },
      {
        do: 'show',
        view: { kind: 'connecting', button: state.button, hop: 'lab', detail: `press ${press}` },
      },
    );
  }
  effects.push({ do: 'press', press, time: state.beaconTime, repeated }, { do: 'limit', ms: answerLimitMs });
  return to(state, { step: 'asking', memory, seq: -1, tries: repeated ? state.tries + 1 : 1 }, effects);
}

/** Beacon and status are read: follow what is under way, or press. */
function decide(state: State): Outcome {
  const status = state.status;
  const memory = state.memory;
  if (status !== undefined && status.press >= memory.press && status.press > 0) {
    if (isActive(status)) {
      return follow(state, status);
    }
    // The answer to a press that we gave up on: it was this wish, so no second cluster.
    if (memory.pending && status.press === memory.press && status.state === 'ready') {
      return follow(state, status);
    }
    if (memory.pending && status.press === memory.press) {
      return ask(state, memory.press + 1, false);
    }
  }
  if (memory.pending) {
    return ask(state, memory.press, false);
  }
  const last = status !== undefined && status.press > memory.press ? status.press : memory.press;
  return ask(state, last + 1, false);
}

/** Nobody answered. When something came that was not signed with our keys, the keys are the likelier reason. */
function silence(state: State, line: string): Trouble {
  return state.forged ? { code: 'KEY', line: 'The lab signs with another key' } : { code: 'LAB', line };
}

function nextNetwork(state: State): Outcome {
  if (state.network + 1 < state.ssids.length) {
    return join(state, state.network + 1);
  }
  return lost(Object.assign({}, state, { network: 0 }), {
    code: 'HOTSPOT',
    line: state.ssids.length === 1 ? `${state.ssids[0]} not joined` : 'No known network joined',
  });
}

function isOnline(state: State): boolean {
  return (
    state.step === 'dialing' ||
    state.step === 'reading' ||
    state.step === 'asking' ||
    state.step === 'following'
  );
}

function takeBeacon(state: State, beacon: Beacon): Outcome {
  const online = beacon.state === 'online';
  if (state.step === 'following' && state.status !== undefined && !online) {
    // The build goes on in the platform; the picture says why it stands still.
    return to(state, {}, [{ do: 'show', view: building(state.status, 'lab is offline, waiting') }]);
  }
  if (state.step !== 'reading' || state.followed) {
    return online ? to(state, { beaconTime: beacon.time }, []) : stay(state);
  }
  if (!online) {
    return giveUp(state, { code: 'LAB', line: 'The lab is offline' });
  }
  const next = Object.assign({}, state, { beaconTime: beacon.time });
  return next.status === undefined ? stay(next) : decide(next);
}

function takeStatus(state: State, status: Status): Outcome {
  switch (state.step) {
    case 'reading': {
      if (state.followed) {
        // Back after a lost connection: only news of our own press count.
        return status.press === state.memory.press ? follow(state, status) : stay(state);
      }
      const next = Object.assign({}, state, { status });
      return next.beaconTime === 0 ? stay(next) : decide(next);
    }
    case 'asking':
    case 'following':
      // Another press's status is somebody's replay; an older one of ours as well.
      if (status.press !== state.memory.press || status.seq < state.seq) {
        return stay(state);
      }
      return follow(state, status);
    default:
      return stay(state);
  }
}

function takeLate(state: State): Outcome {
  switch (state.step) {
    case 'joining':
      return nextNetwork(state);
    case 'dialing':
      return lost(state, { code: 'RELAY', line: 'The relay does not answer' });
    case 'reading':
      if (state.beaconTime > 0) {
        return state.followed ? to(state, { step: 'following' }, []) : decide(state);
      }
      return lost(state, silence(state, 'No sign of the lab'));
    case 'asking':
      if (state.tries < pressTries) {
        return ask(state, state.memory.press, true);
      }
      return giveUp(state, silence(state, `The lab did not answer press ${state.memory.press}`));
    case 'pausing':
      return join(state, state.network);
    case 'showing':
      return sleep(state);
    default:
      return stay(state);
  }
}

/** A press: the first frame, then the radio. Nothing is kept of what an earlier press has seen. */
function start(state: State): Outcome {
  return join(initialState(state.button, state.ssids, state.memory), 0);
}

function wake(state: State, cause: 'power' | 'button' | 'timer'): Outcome {
  if (cause === 'button') {
    return start(state);
  }
  if (cause === 'timer') {
    return sleep(state);
  }
  // A battery change or a brown-out is no press: nothing is ordered, the radio stays off.
  return to(state, { step: 'showing' }, [
    { do: 'show', view: { kind: 'idle', button: state.button, detail: 'press to build' } },
    { do: 'limit', ms: showIdleMs },
  ]);
}

/** What happens next. Pure: the same state and event always give the same outcome. */
export function step(state: State, event: Event): Outcome {
  switch (event.on) {
    case 'wake':
      return state.step === 'asleep' ? wake(state, event.cause) : stay(state);
    case 'joined':
      return state.step === 'joining' ? dial(state) : stay(state);
    case 'notJoined':
      return state.step === 'joining' ? nextNetwork(state) : stay(state);
    case 'connected':
      return state.step === 'dialing'
        ? to(state, { step: 'reading' }, [{ do: 'limit', ms: readLimitMs }])
        : stay(state);
    case 'refused':
      return state.step === 'dialing' ? giveUp(state, refusal(event.returnCode)) : stay(state);
    case 'closed':
      return isOnline(state) ? lost(state, { code: 'RELAY', line: event.why }) : stay(state);
    case 'beacon':
      return takeBeacon(state, event.beacon);
    case 'status':
      return takeStatus(state, event.status);
    case 'forged':
      return to(state, { forged: true }, []);
    case 'late':
      return takeLate(state);
    case 'pressed':
      return state.step === 'showing' ? start(state) : stay(state);
  }
}
