/** The settings file as a zod schema: what may stand in it, and what must fit together. Pure: no file is read. */
import { z } from 'zod';
import { nameSchema } from '../../protocol/src/node/schemas.ts';
import { platformSchema, templateSchemas } from './platforms/make.ts';
import { maxRangesPerPool, parseBlock } from './ranges.ts';

/** A week: longer than any build, and the most that a status can say (seconds). */
const maxDurationS = 604_800;

/** A path; relative ones are meant from the settings file's folder. */
const file = z.string().min(1, 'expected a path');

/** Names of platforms and profiles: they stand in logs and in other settings. */
const label = z
  .string()
  .regex(/^[A-Za-z0-9]([A-Za-z0-9_-]{0,38}[A-Za-z0-9])?$/, 'letters, digits, inner - and _');

const durationS = z.int().min(1).max(maxDurationS);

const relayUrl = z
  .string()
  .refine(
    isRelayUrl,
    'expected mqtt://host:port or mqtts://host:port (user and password have their own settings)',
  );

/** The problem is named by its text, so that a password in the URL gets its own message and is not repeated. */
const proxyUrl = z.string().superRefine((text, context) => {
  const message = proxyProblem(text);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

const relaySchema = z.strictObject({
  url: relayUrl,
  user: nameSchema,
  passwordFile: file,
  ca: file.exactOptional(),
});

/** From a whole /8 per cluster down to eight addresses. */
const prefixSchema = z.int().min(8).max(29);

const profileSchema = z.strictObject({
  platform: z.string(),
  rangePool: z
    .string()
    .refine(isPool, 'expected an IPv4 network like 172.16.0.0/12, no bits set behind the prefix'),
  rangePrefix: prefixSchema,
  expectS: durationS,
  deadlineS: durationS,
  whenReady: z.enum(['show', 'create']).exactOptional(),
  template: z.record(z.string(), z.unknown()),
});

const buttonSchema = z.strictObject({ profile: z.string(), keyFile: file });

const shape = z.strictObject({
  site: nameSchema,
  relay: relaySchema,
  proxy: proxyUrl.exactOptional(),
  proxyPasswordFile: file.exactOptional(),
  siteKeyFile: file,
  journal: file,
  platforms: z.record(label, platformSchema),
  profiles: z.record(label, profileSchema),
  buttons: z.record(nameSchema, buttonSchema),
});

/** The settings file, checked; paths and secrets not yet read. */
export type Settings = z.infer<typeof shape>;

/** Adds what must fit together, also when something else is wrong: all problems at once. */
export const settingsSchema: z.ZodType<Settings> = shape.superRefine(
  (value, context) => {
    for (const { path, message } of crossProblems(value)) context.addIssue({ code: 'custom', path, message });
  },
  { when: () => true },
);

interface Problem {
  path: PropertyKey[];
  message: string;
}

type Loose = Record<string, unknown>;

/** Looks at unchecked values, because other problems do not keep it from running. */
function crossProblems(value: unknown): Problem[] {
  const top = objectAt(value);
  const platforms = objectAt(top.platforms);
  const profiles = objectAt(top.profiles);
  const problems: Problem[] = [];
  const say = (message: string, ...path: string[]) => problems.push({ path, message });
  for (const [name, profile] of Object.entries(profiles)) {
    checkProfile(objectAt(profile), platforms, (message, ...path) => say(message, 'profiles', name, ...path));
  }
  for (const [name, button] of Object.entries(objectAt(top.buttons))) {
    const { profile } = objectAt(button);
    if (typeof profile === 'string' && !Object.hasOwn(profiles, profile)) {
      say(`there is no such profile; there ${listOf(profiles)}`, 'buttons', name, 'profile');
    }
  }
  const { url, ca } = objectAt(top.relay);
  if (ca !== undefined && typeof url === 'string' && url.startsWith('mqtt:')) {
    say('only mqtts has a certificate: leave it out or make the url mqtts://', 'relay', 'ca');
  }
  const { proxy, proxyPasswordFile } = top;
  if (proxyPasswordFile !== undefined && proxyUser(proxy) === undefined) {
    say('goes with a user in proxy, like http://user@proxy:3128', 'proxyPasswordFile');
  }
  return problems;
}

function checkProfile(
  profile: Loose,
  platforms: Loose,
  say: (message: string, ...path: string[]) => void,
): void {
  const { platform, rangePool, rangePrefix, expectS, deadlineS, template } = profile;
  if (typeof platform === 'string' && !Object.hasOwn(platforms, platform)) {
    say(`there is no such platform; there ${listOf(platforms)}`, 'platform');
  }
  if (typeof expectS === 'number' && typeof deadlineS === 'number' && deadlineS < expectS) {
    say(`expected at least expectS (${expectS})`, 'deadlineS');
  }
  // A prefix that is impossible by itself has been told of already.
  const possible = prefixSchema.safeParse(rangePrefix).success;
  if (possible && typeof rangePrefix === 'number' && typeof rangePool === 'string' && isPool(rangePool)) {
    const poolPrefix = Number(rangePool.split('/')[1]);
    if (rangePrefix < poolPrefix)
      say(`expected at least ${poolPrefix}, the prefix of rangePool`, 'rangePrefix');
    else if (2 ** (rangePrefix - poolPrefix) > maxRangesPerPool) {
      say(`makes more than ${maxRangesPerPool} ranges: choose a smaller rangePool`, 'rangePrefix');
    }
  }
  const type = objectAt(platforms[String(platform)]).type;
  const schema = typeof type === 'string' ? templateSchemas[type] : undefined;
  if (schema === undefined || template === undefined) return;
  for (const issue of schema.safeParse(template).error?.issues ?? []) {
    say(issue.message, 'template', ...issue.path.map(String));
  }
}

function listOf(things: Loose): string {
  const names = Object.keys(things);
  return names.length === 0 ? 'is none' : `is ${names.join(', ')}`;
}

function objectAt(value: unknown): Loose {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Loose) : {};
}

function isPool(text: string): boolean {
  const block = parseBlock(text);
  if (block === undefined) return false;
  // Host bits were cut off: a pool that was written with some is a mistake in either half.
  const [address = ''] = text.split('/');
  return parseBlock(`${address}/32`)?.first === block.first;
}

/** A URL, or undefined when the text is none. */
export function urlOf(text: unknown): URL | undefined {
  return typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined;
}

function hasOnlyHost(url: URL): boolean {
  return (
    url.hostname !== '' &&
    (url.pathname === '' || url.pathname === '/') &&
    url.search === '' &&
    url.hash === ''
  );
}

function isRelayUrl(text: string): boolean {
  const url = urlOf(text);
  if (url === undefined || !hasOnlyHost(url)) return false;
  return (
    (url.protocol === 'mqtt:' || url.protocol === 'mqtts:') && url.username === '' && url.password === ''
  );
}

/** The user in a proxy's URL, decoded; undefined when there is none. */
export function proxyUser(proxy: unknown): string | undefined {
  const user = urlOf(proxy)?.username ?? '';
  return user === '' ? undefined : decodeURIComponent(user);
}

function proxyProblem(text: string): string | undefined {
  const url = urlOf(text);
  if (url === undefined || !hasOnlyHost(url) || !['http:', 'socks5:', 'socks5h:'].includes(url.protocol)) {
    return 'expected http://user@host:port or socks5://user@host:port';
  }
  if (url.password !== '') return 'holds a password: put it into a file and name that with proxyPasswordFile';
  return undefined;
}
