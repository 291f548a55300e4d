/** The users file, taken over while the relay runs: after an edit, a rename or a swapped link, and never a broken one. */
import { type BigIntStats, statSync } from 'node:fs';
import type { Logger } from '../../../config/src/log.ts';
import { messageOf } from '../../../config/src/setup-error.ts';
import type { Counters } from '../metrics/counters.ts';
import { parseFreely, parseUsers, readUsersText, type Users } from './users.ts';
import { isSame, type Scanned, scanAtOnce, scanUsers } from './users-scan.ts';

export interface WatchedUsers {
  /** The users that count now. */
  current(): Users;
  /** Looks at once. True when the file is good, changed or not; what is broken has been logged. */
  reload(): boolean;
  /** Begins to look for changes, until `stop`. */
  watch(): void;
  stop(): void;
}

export interface WatchOptions {
  /**
   * How often to look, and for how long a changed file must read the same: one that is being written is often whole
   * YAML with half of the users. Asked, not notified: a watch is lost with a rename, and does not work over a network.
   */
  limits: { usersCheckMs: number; usersSettleMs: number };
  counters: Counters;
  log: Logger;
  /**
   * After each change, when the new users are already current. A change that is
   * seen waits for it, one that is asked for (`reload`) does not. Must not fail.
   */
  onChange: (change: UsersChange) => Promise<void>;
}

export interface UsersChange {
  before: Users;
  /** Names of users who are new, gone, or no longer the same. */
  changed: ReadonlySet<string>;
}

/** Some file systems count time in steps of up to 2 s: a file changed so lately may change again and look the same. */
const clockStepMs = 2_000;

const what = 'the users file';

/** Users that stay, or those of a file. Throws a SetupError when the file is broken. */
export function usersOf(source: Users | string, options: WatchOptions): WatchedUsers {
  if (typeof source === 'string') return usersOfFile(source, options);
  return { current: () => source, reload: () => true, watch: () => {}, stop: () => {} };
}

function usersOfFile(path: string, { limits, counters, log, onChange }: WatchOptions): WatchedUsers {
  const read = () => readUsersText(path);
  const parse = (text: string) => parseUsers(text, `${what} ${path}`);
  let taken = read();
  let users = parse(taken);
  /** How the file looked when it was last read; undefined when that says nothing about its text. */
  let seen: string | undefined;
  /** A new text, read once so far. */
  let candidate: string | undefined;
  /** The text, or the reason without one, that was last found broken: said once and not every second. */
  let broken: string | undefined;

  /** Looks at the file, and takes it: at once, or in steps, so that nobody waits for it. */
  function look(atOnce: boolean): Promise<void> | undefined {
    const looks = looksOf(path);
    if (!atOnce && looks !== undefined && looks === seen) return undefined;
    seen = looks;
    const text = attempt(read);
    if (text === undefined) return undefined;
    const isNew = text !== taken && text !== broken;
    const hasSettled = atOnce || text === candidate;
    candidate = isNew && !hasSettled ? text : undefined;
    if (text === taken) broken = undefined;
    // Not yet taken: look again, whatever it looks like.
    if (candidate !== undefined) seen = undefined;
    if (text === taken || !hasSettled) return undefined;
    if (!atOnce) return takeInSteps(text);
    void take(text, scanAtOnce(text, users));
    return undefined;
  }

  async function takeInSteps(text: string): Promise<void> {
    const before = users;
    const steps = scanUsers(text, before);
    let step = steps.next();
    for (; !step.done; step = steps.next()) await new Promise(setImmediate);
    // Meanwhile somebody may have asked for a look at once.
    if (users === before) await take(text, step.value);
  }

  function take(text: string, scanned: Scanned | undefined): Promise<void> | undefined {
    const next = scanned ?? attempt(() => changesTo(parseFreely(text, `${what} ${path}`)), text);
    if (next === undefined) return undefined;
    const before = users;
    taken = text;
    users = next.users;
    broken = undefined;
    candidate = undefined;
    counters.usersFilesTaken++;
    log.info({ users: users.size, changed: next.changed.size }, 'users file taken over');
    return onChange({ before, changed: next.changed });
  }

  function changesTo(next: Users): Scanned {
    const names = new Set([...users.keys(), ...next.keys()]);
    const changed = [...names].filter(name => {
      const [old, user] = [users.get(name), next.get(name)];
      return !old || !user || !isSame(old, user);
    });
    return { users: next, changed: new Set(changed) };
  }

  /** What cannot be done is said, counted and kept as `broken`, once. */
  function attempt<T>(work: () => T, text?: string): T | undefined {
    try {
      return work();
    } catch (error) {
      const which = text ?? messageOf(error);
      candidate = undefined;
      if (broken === which) return undefined;
      broken = which;
      counters.usersFilesBroken++;
      const problems = messageOf(error).split('\n');
      log.error({ problems }, 'users file not taken: the users stay as they were');
      return undefined;
    }
  }

  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const watch = (): void => {
    const waitMs = candidate === undefined ? limits.usersCheckMs : limits.usersSettleMs;
    timer = setTimeout(async () => {
      await look(false);
      if (!stopped) watch();
    }, waitMs).unref();
  };
  const stop = () => {
    stopped = true;
    clearTimeout(timer);
  };
  const reload = () => {
    void look(true);
    return broken === undefined;
  };
  return { current: () => users, reload, watch, stop };
}

/** What tells one state of a file from another without reading it, through links. Undefined: read it. */
function looksOf(path: string): string | undefined {
  let stat: BigIntStats;
  try {
    stat = statSync(path, { bigint: true });
  } catch {
    return undefined; // reading it will say why
  }
  const { dev, ino, size, mtimeNs, ctimeNs, mtimeMs, ctimeMs } = stat;
  const changedMs = Number(mtimeMs > ctimeMs ? mtimeMs : ctimeMs);
  if (Date.now() - changedMs < clockStepMs) return undefined;
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
}
