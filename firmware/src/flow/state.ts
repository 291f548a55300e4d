/** What the flow knows, hears and orders, and the few words that every part of it is written with. Chip's dialect. */
import type { Action, Beacon, Status } from '../../../protocol/src/messages.ts';
import type { Memory, Poll, Result } from '../memory.ts';
import type { Screen } from '../view.ts';

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
  /** Radio off until the next poll. */
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
  /** When the joining of this network began, and of the first one (seconds). */
  joinAt: number;
  joinsAt: number;
  /** What was told of networks that were not joined: the name and problem that say most. */
  unjoined: string;
  problem: JoinProblem;
  saved: Memory;
  /** How many relays there are, which one is dialled, and how many have not been tried since the network was joined. */
  relays: number;
  relay: number;
  relaysLeft: number;
  /** What a relay that was reached has told; it says more than that another cannot be. */
  trouble: Result | undefined;
  /** What this waking is for: to request something, or only to poll for what became of it. */
  request: Action | 'poll';
  /** The press that woke the board has not ended yet. */
  buttonDown: boolean;
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
  poll: Poll;
  /** On the last screen: the QR code is shown, not the address. */
  qr: boolean;
  /** The radio was started in this waking: only a deep sleep ends it. */
  radio: boolean;
}

/** Why a network was not joined: it is not there, the key is wrong, or it does not say. Empty: nothing was told. */
export type JoinProblem = '' | 'absent' | 'key' | 'refused';

export type Event =
  /** `timer`: a nap is over. `held`: and a finger is on the button, which cannot wake the chip from a nap. */
  | { on: 'wake'; cause: 'power' | 'button' | 'timer' | 'held' }
  | { on: 'joined' }
  | { on: 'notJoined'; problem: JoinProblem }
  | { on: 'connected' }
  | { on: 'refused'; returnCode: number }
  /** The connection is gone, or was not to be had; `why` in a few words for the display. */
  | { on: 'closed'; code: 'RELAY' | 'HOTSPOT'; why: string }
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
  | { do: 'show'; screen: Screen }
  /** The network of that number. */
  | { do: 'join'; network: number }
  /** The relay of that number. */
  | { do: 'dial'; relay: number }
  | { do: 'press'; press: number; action: Action; beaconTime: number; repeated: boolean }
  /** To flash, before anything that follows it. */
  | { do: 'remember'; saved: Memory }
  /** Closes the connection and switches the radio off. */
  | { do: 'radioOff' }
  /** One limit at a time: a new one replaces the old one, 0 takes it away. */
  | { do: 'limit'; ms: number }
  /** `watched`: the picture should stay. Ends the waking, or comes back as `napped`. */
  | { do: 'nap'; ms: number; watched: boolean }
  /** Remembers, then a moment of deep sleep, which ends the radio: the waking by timer goes on. */
  | { do: 'rest'; saved: Memory }
  | { do: 'sleep' };

export interface Outcome {
  state: State;
  effects: Effect[];
}

/** Nothing was followed yet. */
export const noPoll: Poll = { heard: 0, due: 0, touched: 0, fails: 0 };

/** The state before the first event. `ssids` as device.json has them. */
export function initialState(
  button: string,
  ssids: string[],
  saved: Memory,
  batteryMv: number,
  watchS: number,
): State {
  return {
    step: 'asleep',
    button,
    batteryMv,
    watchS,
    // The network that worked last is the likeliest to be there.
    ssids: ssids.filter(ssid => ssid === saved.ssid).concat(ssids.filter(ssid => ssid !== saved.ssid)),
    network: 0,
    joinAt: 0,
    joinsAt: 0,
    unjoined: '',
    problem: '',
    saved,
    relays: 1,
    relay: 0,
    relaysLeft: 0,
    trouble: undefined,
    request: 'create',
    buttonDown: false,
    asked: false,
    tries: 0,
    beaconTime: 0,
    status: undefined,
    forged: false,
    poll: saved.poll || noPoll,
    qr: false,
    radio: false,
  };
}

/** A copy with some things changed. */
export function patch<T extends object>(thing: T, changes: Partial<T>): T {
  return Object.assign({}, thing, changes);
}

export function to(state: State, changes: Partial<State>, effects: Effect[]): Outcome {
  return { state: patch(state, changes), effects };
}

export function stay(state: State): Outcome {
  return { state, effects: [] };
}

/** Goes on from a new state, with effects of its own before those of the rest. */
export function after(effects: Effect[], outcome: Outcome): Outcome {
  return { state: outcome.state, effects: effects.concat(outcome.effects) };
}

/** A screen with a large word. */
export function say(state: State, title: string, detail: string): Screen {
  return { kind: 'idle', button: state.button, title, detail };
}

export function isReady(status: Status | undefined): status is Status & { state: 'ready' } {
  return status !== undefined && status.state === 'ready';
}

export function isActive(status: Status): boolean {
  return status.state === 'releasing' || isBeingBuilt(status);
}

/** On its way to a cluster: can be called off. */
export function isBeingBuilt(status: Status | undefined): status is Status {
  return status !== undefined && ['accepted', 'provisioning', 'verifying'].includes(status.state);
}
