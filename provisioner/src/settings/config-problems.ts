/** What must fit together in the settings, beyond the shape of each: problems with the path of the setting. Pure. */

import { isPool, maxRangesPerPool } from '../builds/ranges.ts';
import { addOnProblem, rangeProblem, templateSchemas } from '../platforms/kinds.ts';
import { proxyAddress } from '../way/proxy-url.ts';
import { relayAddress } from '../way/relay-url.ts';

export interface Problem {
  path: PropertyKey[];
  message: string;
}

type Loose = Record<string, unknown>;
type Say = (message: string, ...path: string[]) => void;

/** Looks at unchecked values, because other problems do not keep it from running. */
export function crossProblems(value: unknown): Problem[] {
  const top = objectAt(value);
  const platforms = objectAt(top.platforms);
  const profiles = objectAt(top.profiles);
  const problems: Problem[] = [];
  const say: Say = (message, ...path) => problems.push({ path, message });
  for (const [name, profile] of Object.entries(profiles)) {
    checkProfile(objectAt(profile), platforms, (message, ...path) => say(message, 'profiles', name, ...path));
  }
  for (const [name, button] of Object.entries(objectAt(top.buttons))) {
    const { profile, rules } = objectAt(button);
    if (typeof profile === 'string' && !Object.hasOwn(profiles, profile)) {
      say(`there is no such profile; there ${listOf(profiles)}`, 'buttons', name, 'profile');
    }
    checkRules(objectAt(rules), (message, ...path) => say(message, 'buttons', name, 'rules', ...path));
  }
  checkWayOut(top, say);
  return problems;
}

function checkWayOut({ relay, proxy, proxyPasswordFile, proxyCa }: Loose, say: Say): void {
  const { url, ca } = objectAt(relay);
  if (ca !== undefined && typeof url === 'string' && relayAddress(url)?.tls === false) {
    say('only mqtts and wss have a certificate: leave it out or make the url one of these', 'relay', 'ca');
  }
  const way = typeof proxy === 'string' ? proxyAddress(proxy) : undefined;
  // A proxy that is none has been told of already.
  if (proxy !== undefined && way === undefined) return;
  if (proxyPasswordFile !== undefined && way?.user === undefined) {
    say('goes with a user in proxy, like http://user@proxy:3128', 'proxyPasswordFile');
  }
  if (proxyCa !== undefined && way?.type !== 'https') {
    say('goes with a proxy like https://proxy:3129, which has a certificate', 'proxyCa');
  }
}

function checkProfile(profile: Loose, platforms: Loose, say: Say): void {
  const { platform, expectS, deadlineS, template, rules } = profile;
  if (typeof platform === 'string' && !Object.hasOwn(platforms, platform)) {
    say(`there is no such platform; there ${listOf(platforms)}`, 'platform');
  }
  if (typeof expectS === 'number' && typeof deadlineS === 'number' && deadlineS < expectS) {
    say(`expected at least expectS (${expectS})`, 'deadlineS');
  }
  checkRules(objectAt(rules), (message, ...path) => say(message, 'rules', ...path));
  const rangeFits = checkRange(profile, say);
  const type = objectAt(platforms[String(platform)]).type;
  const schema = typeof type === 'string' ? templateSchemas[type] : undefined;
  if (typeof type !== 'string' || schema === undefined || template === undefined) return;
  sayPlaceholders(template, (message, ...path) => say(message, 'template', ...path));
  const checked = schema.safeParse(template);
  for (const issue of checked.error?.issues ?? []) say(issue.message, 'template', ...issue.path.map(String));
  if (checked.success) checkWithTemplate(profile, type, checked.data, rangeFits, say);
}

/** What depends on the kind of cluster that the template orders. */
function checkWithTemplate(
  profile: Loose,
  type: string,
  template: Loose,
  rangeFits: boolean,
  say: Say,
): void {
  const { rangePrefix, addOns } = profile;
  const range = rangeFits ? rangeProblem[type]?.(template, Number(rangePrefix)) : undefined;
  if (range !== undefined) say(range, 'rangePrefix');
  const names = Array.isArray(addOns) ? addOns.filter(name => typeof name === 'string') : [];
  const addOn = addOnProblem[type]?.(template, names);
  if (addOn !== undefined) say(addOn, 'addOns');
}

function checkRules({ timeToLiveS, warnBeforeS }: Loose, say: Say): void {
  if (typeof timeToLiveS !== 'number' || typeof warnBeforeS !== 'number') return;
  if (warnBeforeS > timeToLiveS / 2)
    say(`expected at most half of timeToLiveS (${timeToLiveS})`, 'warnBeforeS');
}

/** True when prefix and pool fit each other. */
function checkRange({ rangePool, rangePrefix }: Loose, say: Say): boolean {
  // What is impossible by itself has been told of already.
  if (typeof rangePrefix !== 'number' || rangePrefix > 32) return false;
  if (typeof rangePool !== 'string' || !isPool(rangePool)) return false;
  const poolPrefix = Number(rangePool.split('/')[1]);
  if (rangePrefix < poolPrefix) {
    say(`expected at least ${poolPrefix}, the prefix of rangePool`, 'rangePrefix');
    return false;
  }
  if (2 ** (rangePrefix - poolPrefix) > maxRangesPerPool) {
    say(`makes more than ${maxRangesPerPool} ranges: choose a smaller rangePool`, 'rangePrefix');
    return false;
  }
  return true;
}

/** A template is at most this deep: what is deeper is not looked at. */
const maxDepth = 20;

/** `dashbutton profile import` leaves these where the captured payload had a uuid or a key of its own lab. */
function sayPlaceholders(value: unknown, say: Say, path: string[] = []): void {
  if (path.length > maxDepth) return;
  if (typeof value === 'string' && /^<[^<>]+>$/.test(value)) {
    say('is still a placeholder: put your own value here', ...path);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) sayPlaceholders(inner, say, [...path, key]);
  }
}

function listOf(things: Loose): string {
  const names = Object.keys(things);
  return names.length === 0 ? 'is none' : `is ${names.join(', ')}`;
}

function objectAt(value: unknown): Loose {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Loose) : {};
}
