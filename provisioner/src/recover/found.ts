/** What a platform holds under this site's marks. Read twice: nothing is decided on one reading of a list. */

import {
  type Listed,
  type Observation,
  type Platform,
  PlatformError,
  type Template,
} from '../common/platform.ts';
import { sleep } from '../common/wait.ts';
import { readMark } from '../journal/queries.ts';
import type { ProvisionerConfig } from '../settings/config.ts';
import { Contradiction } from './contradiction.ts';

/** A cluster of ours, as it stands. */
export interface Found {
  button: string;
  press: number;
  cluster: string;
  /** The profile of which it was made, or one that fits; whether its own mark says so. */
  profile: string;
  isProfileKnown: boolean;
  listed: Listed;
  seen: Exclude<Observation, { kind: 'absent' }>;
  /** Where its API server is; undefined while nobody knows. */
  access?: { address: string; server: string };
}

export interface PlatformLook {
  found: readonly Found[];
  /** What is strange, each in a sentence. */
  notes: readonly string[];
}

/** Questions to one platform at a time. */
const atOnce = 6;

type Settings = Pick<ProvisionerConfig, 'site' | 'profiles' | 'buttons'>;

/**
 * @param name as the settings call the platform; @param open makes a client of it that remembers nothing: each reading
 *   has its own, so that no answer is one that another has kept. @param pauseMs between the two readings.
 * @throws PlatformError when it does not answer; Contradiction when what it holds contradicts itself.
 */
export async function lookAt(
  name: string,
  open: () => Promise<Platform>,
  settings: Settings,
  pauseMs: number,
  signal: AbortSignal,
): Promise<PlatformLook> {
  const first = await withOne(open, platform => platform.clusters(signal, true));
  await sleep(pauseMs, signal);
  return withOne(open, platform => lookAgain(name, platform, first, settings, signal));
}

async function withOne<T>(
  open: () => Promise<Platform>,
  work: (platform: Platform) => Promise<T>,
): Promise<T> {
  const platform = await open();
  try {
    return await work(platform);
  } finally {
    await platform.close();
  }
}

async function lookAgain(
  name: string,
  platform: Platform,
  first: readonly Listed[],
  settings: Settings,
  signal: AbortSignal,
): Promise<PlatformLook> {
  const second = await platform.clusters(signal, true);
  // What either shows stands: a list that is cut short must not make a cluster nobody's.
  const byId = new Map([...first, ...second].map(listed => [listed.id, listed]));
  const notes: string[] = [];
  const ours: { listed: Listed; button: string; press: number }[] = [];
  for (const listed of byId.values()) {
    const mark = readMark(listed.description);
    if (mark === undefined || mark.site !== settings.site) continue;
    const { button, press } = mark;
    if (listed.name === `${button}-${press}`) ours.push({ listed, button, press });
    else notes.push(`${listed.name} on ${name} bears the mark of ${button}-${press}: it is left alone`);
  }
  refuseDoubles(name, ours);
  const found = await inParallel(ours, async ({ listed, button, press }) => {
    const shown = await show(platform, listed, candidates(name, listed, button, settings), signal);
    return shown && { button, press, cluster: listed.name, listed, ...shown };
  });
  return { found: found.filter(each => each !== undefined), notes };
}

function refuseDoubles(name: string, ours: readonly { listed: Listed }[]): void {
  const names = ours.map(({ listed }) => listed.name);
  const twice = names.find((each, i) => names.indexOf(each) !== i);
  if (twice === undefined) return;
  throw new Contradiction(
    `${name} has more than one cluster ${twice} with this site's mark: look whether it is being replaced, else remove all but one by hand`,
  );
}

/** The profiles of which it may have been made: the one in its mark, the button's, all others of the platform. */
function candidates(
  platform: string,
  { origin }: Listed,
  button: string,
  { profiles, buttons }: Settings,
): { profile: string; template: Template; isKnown: boolean }[] {
  const names = [origin?.profile ?? '', buttons[button]?.profile ?? '', ...Object.keys(profiles)];
  return [...new Set(names)].flatMap(profile => {
    const settings = profiles[profile];
    if (settings?.platform !== platform) return [];
    return [{ profile, template: settings.template, isKnown: profile === origin?.profile }];
  });
}

async function show(
  platform: Platform,
  listed: Listed,
  profiles: readonly { profile: string; template: Template; isKnown: boolean }[],
  signal: AbortSignal,
): Promise<Pick<Found, 'profile' | 'isProfileKnown' | 'seen' | 'access'> | undefined> {
  for (const { profile, template, isKnown } of profiles) {
    const target = { name: listed.name, template, addOns: [] };
    const seen = await platform.observe(target, signal);
    if (seen.kind === 'absent' || seen.id !== listed.id) continue;
    const hasAccess = seen.kind === 'ready' || seen.kind === 'building';
    const access = hasAccess ? await platform.access(target, signal).catch(noneYet(signal)) : undefined;
    const where = access === undefined ? {} : { access: { address: access.address, server: access.server } };
    return { profile, isProfileKnown: isKnown, seen, ...where };
  }
  if (profiles.length === 0)
    throw new Contradiction(
      `${listed.name} is of this site, but no profile in the settings is of its platform`,
    );
  // It was on its way out.
  const still = (await platform.clusters(signal, true)).some(({ id }) => id === listed.id);
  if (still) throw new PlatformError(`${listed.name} is listed, but not shown`, { transient: true });
  return undefined;
}

/** A cluster that has no kubeconfig yet, or no API server, is no reason to know nothing of it. */
function noneYet(signal: AbortSignal): (error: unknown) => undefined {
  return error => {
    if (signal.aborted || !(error instanceof PlatformError)) throw error;
    return undefined;
  };
}

async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const left = items.entries();
  const worker = async () => {
    for (const [i, item] of left) results[i] = await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}
