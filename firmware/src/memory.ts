/** What a button must remember through a deep sleep and a flat battery. Chip's dialect. */
import { type Action, type Code, maxPressNumber, type Status } from '../../protocol/src/messages.ts';
import { chip } from './hal.ts';

const memoryFile = 'memory.json';

/**
 * What is polled for now and then: a build, or a ready cluster until the lab gives it back. Times are the
 * chip's own, in seconds (getTime).
 */
export interface Poll {
  /** The last status, and when it was heard first. Missing: the press has not been answered yet. */
  status?: Status | undefined;
  heard: number;
  /** When to poll again; 0: never. */
  due: number;
  /** When a finger was last on the button: for a while after it somebody watches. */
  touched: number;
  /** Polls in a row that came to nothing; at a ready cluster all polls. */
  fails: number;
}

/** What a way has come to: a cluster that is ready or gone, or else an error. */
export interface Result {
  status?: Status | undefined;
  code?: Code;
  line?: string;
}

/** The result of a waking with a radio: the next boot shows it, without one. */
export interface Shown extends Result {
  /** When it was written down (seconds). */
  at: number;
}

export interface Memory {
  /** The last press number used; 0 before the first press. */
  press: number;
  /** The request of that press until its end was seen: the same request then repeats its number, or tells that end. */
  pending: Action | '';
  /** The cluster that was ready last, so that it can be given back; empty when there is none. */
  cluster: string;
  /** The network joined last: it is tried first. */
  ssid: string;
  /** The number of the relay that worked last: it is dialled first. */
  relay?: number;
  poll?: Poll | undefined;
  shown?: Shown | undefined;
}

/**
 * Reads the memory; a missing or broken file counts as never pressed. That is safe: before it presses, the
 * button takes the larger of this number and the one in its last status.
 */
export function readMemory(): Memory {
  const memory = chip.require('Storage').readJSON(memoryFile, true) as Memory | undefined;
  return typeof memory === 'object' && memory.press >= 0 && memory.press < maxPressNumber
    ? memory
    : { press: 0, pending: '', cluster: '', ssid: '' };
}

/** Writes it to flash. False, or an exception, when the flash is full: then no press may be sent. */
export function writeMemory(memory: Memory): boolean {
  return chip.require('Storage').write(memoryFile, JSON.stringify(memory));
}
