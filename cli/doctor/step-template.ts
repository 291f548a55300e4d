/** Step 8: the platform has what each profile's template names, and the profile's pool has a range left. */
import { messageOf } from '../../config/src/setup-error.ts';
import { rangesInUse } from '../../provisioner/src/builds/reservations.ts';
import { type Missing, usedRanges } from '../../provisioner/src/common/platform.ts';
import { Refused } from '../../provisioner/src/kubernetes/errors.ts';
import type { Profile } from '../../provisioner/src/settings/config.ts';
import { poolMeets } from '../../provisioner/src/settings/pool-problems.ts';
import { counted } from './counted.ts';
import { countFree } from './free-ranges.ts';
import { doctorOf } from './kinds.ts';
import { settingNames } from './management-cluster.ts';
import type { Presence } from './presence.ts';
import { Broken, type Finding, type Problem } from './result.ts';
import { templateProblem } from './template-problems.ts';
import type { Visit } from './visit.ts';

/** @throws Broken with all problems of all profiles. */
export async function templateObjects(visit: Visit): Promise<Finding> {
  const presence = await visit.presence();
  const found: string[] = [];
  const problems: Problem[] = [];
  const silent = new Silences(visit);
  for (const [name, profile] of Object.entries(visit.profiles())) {
    const platform = await visit.platform(profile.platform);
    try {
      const missing = await platform.checkTemplate(profile.template, visit.limit());
      problems.push(...missingProblems(name, profile.platform, missing, visit));
      const used = [...(await usedRanges(platform, visit.limit())), ...rangesOf(presence)];
      const { exclude = [] } = profile;
      const { free, all } = countFree(profile.rangePool, profile.rangePrefix, [...used, ...exclude]);
      // One that does not tell its networks proves nothing.
      const networks = (await platform.networks?.(visit.limit()).catch(() => [])) ?? [];
      for (const { cidr, name: network } of networks) {
        if (poolMeets(profile.rangePool, cidr, exclude))
          problems.push(networkProblem(name, profile, cidr, network));
      }
      if (free === 0) problems.push(poolProblem(name, profile, all));
      found.push(`${name}: all there, ${free} of ${all} ranges free${extras(profile)}`);
    } catch (error) {
      silent.add(profile.platform, name, error);
    }
  }
  problems.push(...silent.problems());
  if (problems.length > 0) throw new Broken(problems);
  return { found: found.join('; ') || 'there is no profile in the settings' };
}

/** Platforms that could not be asked: said once for each reason, however many profiles it hits. */
class Silences {
  readonly #visit: Visit;
  readonly #seen = new Map<string, { platform: string; error: unknown; profiles: string[] }>();

  constructor(visit: Visit) {
    this.#visit = visit;
  }

  add(platform: string, profile: string, error: unknown): void {
    const key = `${platform}: ${messageOf(error)}`;
    const known = this.#seen.get(key);
    if (known === undefined) this.#seen.set(key, { platform, error, profiles: [profile] });
    else known.profiles.push(profile);
  }

  problems(): Problem[] {
    return [...this.#seen.values()].map(({ platform, error, profiles }) => {
      const found = messageOf(error);
      const hit = `${profiles.length === 1 ? 'profile' : 'profiles'} ${profiles.join(', ')}`;
      if (error instanceof Refused && error.isWebhookSilent) {
        return {
          setting: `platforms.${platform}`,
          found,
          expected: `controllers there that answer their API server (asked for ${hit})`,
          advice: 'no setting is wrong: see there whether the pods behind that webhook run',
        };
      }
      return {
        setting: serverSetting(this.#visit, platform),
        found,
        expected: `a platform that tells what it has for ${hit}`,
        advice: 'look at the platform itself, and whether its account may read there',
      };
    });
  }
}

function missingProblems(
  profile: string,
  platform: string,
  missing: readonly Missing[],
  { config }: Visit,
): Problem[] {
  const settings = config.platforms[platform];
  return missing.map(each => {
    const problem = templateProblem(`profiles.${profile}.template`, each);
    return settings === undefined ? problem : doctorOf(settings).blame(problem, each, platform, settings);
  });
}

function serverSetting({ config }: Visit, platform: string): string {
  const at = `platforms.${platform}`;
  const settings = config.platforms[platform];
  return settings === undefined ? at : settingNames(at, settings).server;
}

/** Also those that are reserved for a cluster which the platform does not show yet. */
function rangesOf(presence: Presence): string[] {
  if (presence.kind === 'running') return rangesInUse(presence.presses);
  return presence.kind === 'none' ? rangesInUse(presence.contents?.presses ?? []) : [];
}

function poolProblem(name: string, { rangePool, rangePrefix }: Profile, all: number): Problem {
  return {
    setting: `profiles.${name}.rangePool`,
    found: `none of its ${all} ranges /${rangePrefix} in ${rangePool} is free`,
    expected: 'a range for the next cluster',
    advice: 'give clusters back (dashbutton clusters shows ours), or choose a larger pool',
  };
}

function networkProblem(name: string, { rangePool }: Profile, cidr: string, network: string): Problem {
  return {
    setting: `profiles.${name}.rangePool`,
    found: `${rangePool} overlaps ${cidr}, the platform's own subnet ${network}`,
    expected: 'ranges that are not in use by the platform itself',
    advice: `choose another pool, or take that out: exclude: [${cidr}]`,
  };
}

/** Read with the settings. Add-ons can be looked for only on a cluster that stands. */
function extras({ manifests = [], addOns = [] }: Profile): string {
  return [
    manifests.length === 0 ? '' : `, ${counted(manifests.length, 'object')} in manifests`,
    addOns.length === 0 ? '' : `, add-ons ${addOns.join(', ')} (known names; seen only on a cluster)`,
  ].join('');
}
