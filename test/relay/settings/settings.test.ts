/** The relay's settings: the example is valid and says the truth, and each mistake is named by its path. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { SetupError } from '../../../config/src/setup-error.ts';
import { defaultLimits } from '../../../relay/src/limits/limits.ts';
import { loadSettings } from '../../../relay/src/settings/settings.ts';

const example = readFileSync(new URL('../../../relay/example.yaml', import.meta.url), 'utf8');
/** As an operator would who takes the number sign away. */

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dashbutton-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function load(text: string) {
  const path = join(folder, 'relay.yaml');
  writeFileSync(path, text);
  return loadSettings(path);
}

/** What is wrong with the example once `change` was made to it; undefined when nothing is. */
function problemOf(change: (settings: Record<string, unknown>) => void): string | undefined {
  const settings = parse(example);
  change(settings);
  try {
    load(stringify(settings));
    return undefined;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    return error.message;
  }
}

test('the example is valid; its paths count from its folder', () => {
  const { relay, monitor } = load(example);
  expect(relay).toMatchObject({
    host: '0.0.0.0',
    users: join(folder, 'users.yaml'),
    listeners: [
      { kind: 'mqtts', port: 8883 },
      { kind: 'wss', port: 443, path: '/mqtt' },
      { kind: 'mqtt', host: '127.0.0.1', port: 1883 },
    ],
    certificates: [
      { cert: join(folder, 'relay-rsa.pem'), key: join(folder, 'relay-rsa.key') },
      { cert: join(folder, 'relay-ec.pem'), key: join(folder, 'relay-ec.key') },
    ],
  });
  expect(monitor).toEqual({ host: '127.0.0.1', port: 9465 });
});

test('every limit has its name here', () => {
  const all = Object.fromEntries(Object.keys(defaultLimits).map((name, i) => [name, 1000 + i]));
  expect(problemOf(settings => Object.assign(settings, { limits: all }))).toBeUndefined();
  expect(load(stringify({ ...parse(example), limits: all })).relay.limits).toEqual(all);
});

test.each<[string, string[], (settings: Record<string, unknown>) => void]>([
  ['no users', ['users'], settings => delete settings.users],
  [
    'no listener',
    ['listeners', 'at least one listener'],
    settings => Object.assign(settings, { listeners: [] }),
  ],
  [
    'a listener of another kind',
    ['listeners.0.kind', 'mqtt', 'wss'],
    s => Object.assign(s, { listeners: [{ kind: 'coap', port: 1 }] }),
  ],
  [
    'a port too far',
    ['listeners.0.port'],
    s => Object.assign(s, { listeners: [{ kind: 'mqtt', port: 65_536 }] }),
  ],
  [
    'a path on a listener without HTTP',
    ['listeners.0.path', 'only ws and wss have a path'],
    s => Object.assign(s, { listeners: [{ kind: 'mqtt', port: 1883, path: '/mqtt' }] }),
  ],
  [
    'a path without a slash',
    ['listeners.0.path', '/mqtt'],
    s => Object.assign(s, { listeners: [{ kind: 'ws', port: 80, path: 'mqtt' }], certificates: [] }),
  ],
  ['TLS without a certificate', ['certificates', 'mqtts'], settings => delete settings.certificates],
  [
    'a certificate that nobody uses',
    ['certificates', 'no listener uses it'],
    s => Object.assign(s, { listeners: [{ kind: 'mqtt', port: 1883 }] }),
  ],
  [
    'a limit that there is not',
    ['limits', 'conections'],
    s => Object.assign(s, { limits: { conections: 5 } }),
  ],
  ['a limit of nothing', ['limits.connections'], s => Object.assign(s, { limits: { connections: 0 } })],
  ['a monitor without a port', ['monitor', 'host:port'], s => Object.assign(s, { monitor: 'localhost' })],
  [
    'several nodes on one Redis, as it once was',
    ['redis'],
    s => Object.assign(s, { redis: { url: 'redis://x' } }),
  ],
  ['a word that there is not', ['listener'], s => Object.assign(s, { listener: 1 })],
])('what is wrong is named by its path: %s', (_, words, change) => {
  const problem = problemOf(change);
  for (const word of words) expect(problem).toContain(word);
  expect(problem).toContain('relay.yaml');
});
