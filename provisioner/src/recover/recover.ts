/**
 * Makes a journal where the old one is lost: from what the platforms hold under this site's marks, what the relays retain,
 * and an older copy if there is one. See docs/decisions/0031.
 */
import { messageOf, SetupError } from '../../../config/src/setup-error.ts';
import type { Status } from '../../../protocol/src/messages.ts';
import type { JournalCopy } from '../journal/copy.ts';
import type { Beginning } from '../journal/make.ts';
import { type PressRecord, stands } from '../journal/records.ts';
import { makePlatform } from '../platforms/kinds.ts';
import type { ProvisionerConfig } from '../settings/config.ts';
import { type Rules, rulesOf } from '../settings/rules.ts';
import { namesOf } from '../uplink/relays.ts';
import { buttonOf } from './button.ts';
import { Contradiction } from './contradiction.ts';
import { lookAt, type PlatformLook } from './found.ts';
import { type Taken, take } from './record.ts';
import { newer, type Retained, retainedAt } from './retained.ts';
import { takeGone, takeUnasked } from './unseen.ts';

/** Between two readings of a platform's list (milliseconds). */
const pauseMs = 5_000;
/** A relay that has said nothing for so long has nothing more to say (milliseconds). */
const quietMs = 3_000;
/** For each platform and each relay, all their questions together (milliseconds). */
const limitMs = 300_000;

export interface RecoverOptions {
  copy?: JournalCopy;
  /** Platforms and relays, by their names, that may be left out if they do not answer. */
  without?: readonly string[];
  /** Milliseconds since 1970. */
  now?: () => number;
  /** Default: some seconds. */
  pauseMs?: number;
  quietMs?: number;
}

export interface Recovery {
  beginning: Beginning;
  /** What is not known, or was decided in doubt: each a sentence. */
  notes: readonly string[];
  /** What did not answer, and was left out. */
  missing: readonly string[];
}

/** What all those who were asked have said. */
interface Heard {
  looks: ReadonlyMap<string, PlatformLook>;
  statuses: ReadonlyMap<string, Status>;
  notes: string[];
  missing: string[];
}

/**
 * Asks everybody; writes nothing.
 * @throws SetupError when a platform or relay does not answer that is not to be left out, when a provisioner of this
 *   site runs, or when the copy is another site's.
 */
export async function recover(config: ProvisionerConfig, options: RecoverOptions = {}): Promise<Recovery> {
  const { copy, now = Date.now } = options;
  if (copy !== undefined && copy.site !== config.site)
    throw new SetupError(`the copy is of site ${copy.site}, the settings are of ${config.site}`);
  const heard = await askAll(config, options);
  const nowMs = now();
  const notes = [...heard.notes];
  const presses = pressesOf(config, heard, copy, nowMs).map(({ record, note }) => {
    if (note !== undefined) notes.push(note);
    return record;
  });
  const names = new Set([
    ...Object.keys(config.buttons),
    ...presses.map(({ button }) => button),
    ...(copy?.buttons ?? []).map(({ button }) => button),
  ]);
  const isAllSeen = Object.keys(config.platforms).every(name => heard.looks.has(name));
  const buttons = [...names].map(button => {
    const own = presses.filter(press => press.button === button);
    const profile = config.buttons[button]?.profile ?? own.at(-1)?.profile ?? '';
    return buttonOf({
      button,
      presses: own,
      said: heard.statuses.get(button),
      before: copy?.buttons.find(each => each.button === button),
      rules: rulesFor(config, button, profile),
      expectS: config.profiles[profile]?.expectS ?? 0,
      // Whichever it is: the button's profile may have been another one then.
      mayStand: !isAllSeen,
      nowMs,
    });
  });
  notes.push(...profileNotes(heard, copy?.presses ?? []), ...silentNotes(config, heard, buttons));
  const notices = [...(copy?.rows.values() ?? [])].flatMap(row =>
    row.kind === 'notice' ? [row.record] : [],
  );
  return { beginning: { presses, buttons, notices }, notes, missing: heard.missing };
}

function rulesFor({ profiles, buttons }: ProvisionerConfig, button: string, profile: string): Rules {
  return rulesOf(profiles[profile]?.rules, buttons[button]?.rules);
}

function pressesOf(
  config: ProvisionerConfig,
  { looks, statuses }: Heard,
  copy: JournalCopy | undefined,
  nowMs: number,
): Taken[] {
  const keyOf = ({ button, press }: Pick<PressRecord, 'button' | 'press'>) => `${button} ${press}`;
  const before = new Map((copy?.presses ?? []).map(press => [keyOf(press), press]));
  const found = [...looks.values()].flatMap(look => look.found);
  const seen = new Set(found.map(keyOf));
  const taken = found.map(each => {
    const known = before.get(keyOf(each));
    const profile = known?.profile ?? each.profile;
    return take({
      found: { ...each, profile },
      said: statuses.get(each.button),
      before: known,
      timeToLiveS: rulesFor(config, each.button, profile).timeToLiveS,
      deadlineS: config.profiles[profile]?.deadlineS ?? 0,
      nowMs,
    });
  });
  // The settings may have given its profile another platform since.
  const isAllSeen = Object.keys(config.platforms).every(name => looks.has(name));
  const others = [...before.values()].filter(press => !seen.has(keyOf(press)));
  const unseen = others.map(press => {
    const wasAsked = looks.has(config.profiles[press.profile]?.platform ?? '') && isAllSeen;
    return wasAsked ? takeGone(press, nowMs) : takeUnasked(press, nowMs);
  });
  return [...unseen, ...taken];
}

/** Those made by version 0.1.0, or whose description somebody has changed. */
function profileNotes({ looks }: Heard, copied: readonly PressRecord[]): string[] {
  return [...looks.values()]
    .flatMap(({ found }) => found)
    .filter(
      ({ isProfileKnown, cluster }) => !isProfileKnown && copied.every(press => press.cluster !== cluster),
    )
    .map(({ cluster, profile }) => `the profile of ${cluster} is not known: taken for ${profile}`);
}

/** Whose numbers hang on the platforms alone. */
function silentNotes(
  { buttons }: ProvisionerConfig,
  { statuses }: Heard,
  records: Beginning['buttons'],
): string[] {
  return records
    .filter(({ button }) => buttons[button] !== undefined && !statuses.has(button))
    .map(({ button, lastPress }) =>
      lastPress === 0
        ? `nothing is known of ${button}: presses from before now are refused`
        : `no relay retains a status of ${button}: its last number may be higher than ${lastPress}; presses from before now are refused`,
    );
}

async function askAll(config: ProvisionerConfig, options: RecoverOptions): Promise<Heard> {
  const { without = [], now = Date.now } = options;
  const relayNames = namesOf(config.relays);
  checkNames(without, [...Object.keys(config.platforms), ...relayNames]);
  const looks = new Map<string, PlatformLook>();
  const retained: Retained[] = [];
  const missing: string[] = [];
  const problems: string[] = [];
  const ask = async (name: string, work: (signal: AbortSignal) => Promise<void>) => {
    const limit = AbortSignal.timeout(limitMs);
    await work(limit).catch(error => {
      const reason = limit.aborted ? `no answer within ${limitMs / 1000} s` : messageOf(error);
      // A contradiction is no silence.
      if (without.includes(name) && !(error instanceof Contradiction)) missing.push(`${name}: ${reason}`);
      else problems.push(`${name}: ${reason}`);
    });
  };
  await Promise.all([
    ...Object.entries(config.platforms).map(([name, settings]) =>
      ask(name, async signal => {
        const open = () => makePlatform(settings);
        looks.set(name, await lookAt(name, open, config, options.pauseMs ?? pauseMs, signal));
      }),
    ),
    ...config.relays.map((relay, i) =>
      ask(relayNames[i] ?? '', async signal => {
        retained.push(await retainedAt(relay, config, { now, quietMs: options.quietMs ?? quietMs, signal }));
      }),
    ),
  ]);
  if (problems.length > 0) {
    const advice = 'mend it, or leave out what does not answer with --without <its name>';
    throw new SetupError(`no journal was made, because not all is known: ${problems.join('; ')} (${advice})`);
  }
  return { looks, ...merged(retained), missing, notes: [...looks.values(), ...retained].flatMap(notesOf) };
}

function checkNames(without: readonly string[], names: readonly string[]): void {
  const [strange] = without.filter(name => !names.includes(name));
  if (strange !== undefined)
    throw new SetupError(
      `--without ${strange}: there is no such platform or relay, there is ${names.join(', ')}`,
    );
}

/** Of several relays the newest counts: each may have missed the last ones. */
function merged(retained: readonly Retained[]): { statuses: Map<string, Status> } {
  const statuses = new Map<string, Status>();
  for (const each of retained)
    for (const [button, status] of each.statuses) statuses.set(button, newer(statuses.get(button), status));
  return { statuses };
}

function notesOf(told: PlatformLook | Retained): string[] {
  if ('notes' in told) return [...told.notes];
  return [
    ...told.unsigned.map(button => `a status of ${button} bears another key's signature: it is passed over`),
    ...told.refused.map(button => `a relay does not let the provisioner read the statuses of ${button}`),
  ];
}

/** The clusters of a recovery in a line each. */
export function standingOf({ beginning }: Recovery): PressRecord[] {
  return beginning.presses.filter(stands).sort((a, b) => a.cluster.localeCompare(b.cluster));
}

/** True when nothing is known at all: a first start looks like this, too. */
export function isEmpty({ beginning }: Recovery): boolean {
  return beginning.presses.length === 0 && beginning.buttons.every(({ lastPress }) => lastPress === 0);
}
