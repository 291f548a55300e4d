/** What a link to one relay is made of, and what it counts. */
import type { Logger } from '../../../config/src/log.ts';
import type { Beacon } from '../../../protocol/src/messages.ts';
import type { RelayLogin } from './addresses.ts';
import type { LastWill } from './connection.ts';
import type { Rivals } from './rivals.ts';

/**
 * A refused topic is asked for again after so many seconds: a broker that elects a leader or reads its users file
 * refuses in passing. Then it is a setting, and said; and asked for now and again, in case somebody mends it.
 */
export const askAgainS = [1, 5, 30];
export const askLaterS = 300;

/**
 * When to say "online" again after a connect to a relay that does not let us read our own beacon, in milliseconds. It
 * may publish the will of our previous connection after our first "online" (takeover, half-open connection).
 */
export const onlineAgainMs = [500, 2_000, 10_000];

/** Statuses that may be on their way to a relay at a time when all of them are said. */
export const saidAtOnce = 64;

export interface LinkOptions {
  relay: RelayLogin;
  /** What it is called in the log: host:port. */
  name: string;
  site: string;
  /** Whose presses to read, and to whom to speak. */
  buttons: readonly string[];
  /** Made anew for each connection, because it holds the time. */
  will: () => LastWill;
  /** A payload on a press topic. Must not throw. */
  onPress: (topic: string, payload: Buffer) => void;
  /** What should be retained on one of our topics now, if it is known. */
  newest: (topic: string) => Buffer | undefined;
  /** What was heard on the beacon's topic, when it was signed with the site's key. */
  readBeacon: (payload: Buffer) => Beacon | undefined;
  /** Others with this login; shared by all links. */
  rivals: Rivals;
  /** Until the first look at one for whom this stands aside, in milliseconds. Default: see Aside. */
  firstLookMs?: number | undefined;
  /** Says a fresh beacon, on this connection too. */
  sayBeacon: () => void;
  log: Logger;
  random: () => number;
}

/** What is counted of one relay, since the start. */
export interface LinkCounters {
  /** Connections made, and attempts that failed. */
  connects: number;
  failures: number;
  /** Topics on which it handed out something else than our newest, so that we said that again. */
  saidAgain: number;
  /** Connections given up because our own beacon did not come back. */
  deaf: number;
}
