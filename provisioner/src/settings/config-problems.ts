/** What must fit together in the settings, beyond the shape of each: problems with the path of the setting. Pure. */

import { kindOf } from '../platforms/kinds.ts';
import { proxyAddress } from '../uplink/proxy-url.ts';
import { relayAddress } from '../uplink/relay-url.ts';
import { checkPool } from './pool-problems.ts';

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
  checkRelays(top, say);
  checkWayOut(top, say);
  return problems;
}

/** One relay, or a list; two of a list with one address would throw each other out. */
function checkRelays({ relay, relays }: Loose, say: Say): void {
  if (relay === undefined && relays === undefined) {
    say('expected relay, or a list called relays', 'relay');
  } else if (relay !== undefined && relays !== undefined) {
    say('there is relay too: put that into the list', 'relays');
  }
  if (relay !== undefined) checkRelay(objectAt(relay), (message, ...path) => say(message, 'relay', ...path));
  const seen = new Set<string>();
  for (const [i, one] of (Array.isArray(relays) ? relays : []).entries()) {
    const { url } = objectAt(one);
    checkRelay(objectAt(one), (message, ...path) => say(message, 'relays', String(i), ...path));
    if (typeof url !== 'string') continue;
    if (seen.has(url)) say('stands above already: each relay once', 'relays', String(i), 'url');
    seen.add(url);
  }
}

function checkRelay(relay: Loose, say: Say): void {
  const { url, ca } = relay;
  if (ca !== undefined && typeof url === 'string' && relayAddress(url)?.tls === false) {
    say('only mqtts and wss have a certificate: leave it out or make the url one of these', 'ca');
  }
  checkWayOut(relay, say);
}

function checkWayOut({ proxy, proxyPasswordFile, proxyCa }: Loose, say: Say): void {
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

type Kind = NonNullable<ReturnType<typeof kindOf>>;

function checkProfile(profile: Loose, platforms: Loose, say: Say): void {
  const { platform, expectS, deadlineS, template, rules } = profile;
  if (typeof platform === 'string' && !Object.hasOwn(platforms, platform)) {
    say(`there is no such platform; there ${listOf(platforms)}`, 'platform');
  }
  if (typeof expectS === 'number' && typeof deadlineS === 'number' && deadlineS < expectS) {
    say(`expected at least expectS (${expectS})`, 'deadlineS');
  }
  checkRules(objectAt(rules), (message, ...path) => say(message, 'rules', ...path));
  const on = objectAt(platforms[String(platform)]);
  const kind = kindOf(on.type);
  const others = networksOf(kind, on, objectAt(template));
  const { rangePool, rangePrefix, exclude } = profile;
  const rangeFits = checkPool({ rangePool, rangePrefix, exclude, others }, say);
  if (kind === undefined || template === undefined) return;
  sayPlaceholders(template, (message, ...path) => say(message, 'template', ...path));
  const checked = kind.templateSchema.safeParse(template);
  for (const issue of checked.error?.issues ?? []) say(issue.message, 'template', ...issue.path.map(String));
  if (checked.success) checkWithTemplate(profile, kind, checked.data, rangeFits, say);
}

/** What depends on the kind of cluster that the template orders. */
function checkWithTemplate(profile: Loose, kind: Kind, template: Loose, rangeFits: boolean, say: Say): void {
  const { rangePrefix, addOns } = profile;
  const range = rangeFits ? kind.rangeProblem(template, Number(rangePrefix)) : undefined;
  if (range !== undefined) say(range, 'rangePrefix');
  const names = Array.isArray(addOns) ? addOns.filter(name => typeof name === 'string') : [];
  const addOn = kind.addOnProblem(template, names);
  if (addOn !== undefined) say(addOn, 'addOns');
}

function checkRules({ timeToLiveS, warnBeforeS }: Loose, say: Say): void {
  if (typeof timeToLiveS !== 'number' || typeof warnBeforeS !== 'number') return;
  if (warnBeforeS > timeToLiveS / 2)
    say(`expected at most half of timeToLiveS (${timeToLiveS})`, 'warnBeforeS');
}

/** The networks that a pod or a node must not be in, by the settings of the platform and the template. */
function networksOf(kind: Kind | undefined, platform: Loose, template: Loose): [string, string][] {
  const own = Array.isArray(platform.networks) ? platform.networks.filter(it => typeof it === 'string') : [];
  const networks = own.map((it): [string, string] => [it, 'one of the networks of its platform']);
  return [...networks, ...(kind?.networks(template) ?? [])];
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
