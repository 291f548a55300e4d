/** What the flow knows, hears and orders, and the few words that every part of it is written with. Chip's dialect. */
import type { Action, Beacon, Code, Status } from '../../../protocol/src/messages.ts';
import { explain } from '../explain.ts';
import { showErrorMs } from '../limits.ts';
import type { Look, Memory } from '../memory.ts';
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
  /** `timer`: a nap is over. `held`: and a finger is on the button, which cannot wake the chip from a nap. */
  | { on: 'wake'; cause: 'power' | 'button' | 'timer' | 'held' }
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

/** Nothing was followed yet. */
export const noLook: Look = { heard: 0, due: 0, touched: 0, fails: 0 };

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
    look: memory.look || noLook,
    qr: false,
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

/** The last screen of a path: radio off, and after a while to sleep. */
export function showLast(state: State, screen: Screen, ms: number): Outcome {
  return to(state, { step: 'showing' }, [['show', screen], ['radioOff'], ['limit', ms]]);
}

/** The error screen. When something came that was not signed with our keys, that explains a silent lab best. */
export function giveUp(state: State, code: Code, line: string): Outcome {
  const screen =
    code === 'LAB' && state.forged ? explain('KEY', 'The keys do not match') : explain(code, line);
  return showLast(state, screen, showErrorMs);
}

export function isReady(status: Status | undefined): status is Status & { state: 'ready' } {
  return status !== undefined && status.state === 'ready';
}

export function isActive(status: Status): boolean {
  return ['accepted', 'provisioning', 'verifying', 'releasing'].includes(status.state);
}
