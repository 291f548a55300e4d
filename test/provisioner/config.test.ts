import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { SetupError } from '../../config/src/setup-error.ts';
import { loadConfig } from '../../provisioner/src/settings/config.ts';

const examplePath = new URL('../../provisioner/example.yaml', import.meta.url);
const example = readFileSync(examplePath, 'utf8');
const isolation = readFileSync(
  new URL('../../provisioner/manifests/isolation.yaml', import.meta.url),
  'utf8',
);
const key = Buffer.alloc(32, 7).toString('base64');

/** As far as it is looked at when the settings are read. */
const kubeconfig =
  'contexts: [{ name: fleet, context: { cluster: fleet, user: me } }]\ncurrent-context: fleet\n';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dashbutton-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function put(files: Record<string, string>): string {
  mkdirSync(join(folder, 'manifests'), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return join(folder, 'provisioner.yaml');
}

/** The example with some settings changed, by path; undefined takes a setting away. */
function changed(changes: Record<string, unknown>): string {
  const settings = parse(example);
  for (const [path, value] of Object.entries(changes)) {
    const keys = path.split('.');
    const last = keys.pop() ?? '';
    let at = settings;
    for (const step of keys) at = at[step];
    if (value === undefined) delete at[last];
    else at[last] = value;
  }
  return stringify(settings);
}

/** The lines of the complaint about these settings, without the heading. */
function problems(changes: Record<string, unknown>): string[] {
  try {
    loadConfig(put({ 'provisioner.yaml': changed(changes) }));
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(SetupError);
    return (error as Error).message.split('\n').slice(1);
  }
}

test('the example is valid, and loads when its files are there', () => {
  const pem = '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n';
  const path = put({
    'provisioner.yaml': example,
    'relay.password': 'r\n',
    'proxy.password': 'p\n',
    'ccp.password': 'c\n',
    'relay-ca.pem': pem,
    'site.key': key,
    'house-01.key': key,
    'house-02.key': key,
    'fleet.kubeconfig': kubeconfig,
    'webhook.secret': 'whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\n',
    'manifests/isolation.yaml': isolation,
  });
  const config = loadConfig(path);
  expect(config.relays[0]).toEqual({
    host: 'relay.example.net',
    port: 8883,
    tls: true,
    ca: pem,
    user: 'lab',
    password: 'r',
    proxy: {
      type: 'http',
      host: 'proxy.example.net',
      port: 3128,
      user: 'dashbutton',
      password: 'p',
    },
  });
  expect(config.journal).toBe(join(folder, 'journal'));
  expect(config.platforms['lab-ccp']).toMatchObject({
    url: 'https://ccp.lab.example.net',
    password: 'c',
    trust: { fingerprint: expect.stringMatching(/^[0-9A-F]{64}$/) },
  });
  expect(config.platforms.fleet).toEqual({
    type: 'cluster-api',
    namespace: 'dashbutton',
    access: { kind: 'kubeconfig', text: kubeconfig, folder },
  });
  expect(config.profiles.cloud?.template.class).toBe('quick-start');
  expect(config.profiles.house?.rules?.whenReady).toBe('create');
  expect(config.buttons['house-01']?.key).toEqual(Buffer.alloc(32, 7));
});

test('files that are missing or broken are all named', () => {
  const path = put({ 'provisioner.yaml': example, 'site.key': 'c2hvcnQ=', 'relay.password': 'a\nb\n' });
  expect(() => loadConfig(path)).toThrow(SetupError);
  try {
    loadConfig(path);
  } catch (error) {
    const lines = (error as Error).message.split('\n');
    expect(lines).toHaveLength(10);
    expect(lines[0]).toMatch(/^siteKeyFile .*site\.key is not a key: expected base64 of 32 bytes/);
    expect(lines.join('\n')).not.toContain('c2hvcnQ=');
  }
});

test('five mistakes are five problems, each with its path and what was expected', () => {
  const found = problems({
    site: 'The Lab',
    'relay.url': 'http://relay',
    'profiles.house.rangePrefix': '20',
    'buttons.house-01.profile': 'garage',
    'platforms.lab-ccp.pasword': 'x',
  });
  expect(found).toHaveLength(5);
  const text = found.join('\n');
  expect(text).toContain('site: expected 1 to 20 lower-case letters');
  expect(text).toContain('relay.url: expected mqtt://host:port, mqtts://host:port, ws://');
  expect(text).toContain('profiles.house.rangePrefix: Invalid input: expected number');
  expect(text).toContain(
    'buttons.house-01.profile: there is no such profile; there is house, cloud (found "garage")',
  );
  expect(text).toContain('platforms.lab-ccp.pasword: there is no such setting');
});

const single: [string, Record<string, unknown>, RegExp][] = [
  [
    'a password in the proxy URL',
    { proxy: 'http://u:s3cret@proxy:3128' },
    /^ +proxy: holds a password: put it into a file/,
  ],
  ['a proxy that is none', { proxy: 'ftp://u@proxy' }, /^ +proxy: expected http:/],
  [
    'a proxy password without a user',
    { proxy: 'http://proxy:3128' },
    /^ +proxyPasswordFile: goes with a user/,
  ],
  ['a password in the relay URL', { 'relay.url': 'mqtts://u:s3cret@relay' }, /^ +relay.url: expected mqtt:/],
  ['a ca without TLS', { 'relay.url': 'mqtt://relay' }, /^ +relay.ca: only mqtts/],
  [
    'an unknown platform',
    { 'profiles.house.platform': 'x' },
    /^ +profiles.house.platform: there is no such platform/,
  ],
  [
    'ca and fingerprint',
    { 'platforms.lab-ccp.ca': 'x.pem' },
    /^ +platforms.lab-ccp: expected exactly one of ca/,
  ],
  [
    'neither',
    { 'platforms.lab-ccp.fingerprint': undefined },
    /^ +platforms.lab-ccp: expected exactly one of ca/,
  ],
  [
    'plain http to the platform',
    { 'platforms.lab-ccp.url': 'http://x' },
    /^ +platforms.lab-ccp.url: expected a URL/,
  ],
  [
    'a pool with host bits',
    { 'profiles.house.rangePool': '172.16.0.1/12' },
    /rangePool: expected an IPv4 network/,
  ],
  ['a range larger than its pool', { 'profiles.house.rangePrefix': 11 }, /rangePrefix: expected at least 12/],
  ['too many ranges', { 'profiles.house.rangePrefix': 29 }, /rangePrefix: makes more than 65536 ranges/],
  [
    'a deadline before the end',
    { 'profiles.house.deadlineS': 100 },
    /deadlineS: expected at least expectS \(160\)/,
  ],
  ['a name in the template', { 'profiles.house.template.name': 'x' }, /template.name: comes from the press/],
  ['a port that is none', { monitor: '127.0.0.1:99999' }, /^ +monitor: expected host:port/],
  [
    'a warning before the beginning',
    { 'profiles.house.rules.warnBeforeS': 20000 },
    /rules.warnBeforeS: expected at most half/,
  ],
  ['add-ons of v2', { 'profiles.house.addOns': ['monitoring'] }, /addOns: only clusters of type vsphere/],
  [
    'a placeholder',
    { 'profiles.house.template.datastore': '<your datastore>' },
    /template.datastore: is still a placeholder/,
  ],
  ['an unknown wish', { 'profiles.house.rules.whenReady': 'ask' }, /whenReady: .*"show"\|"create"/],
  ['three masters', { 'profiles.house.template.masters': 3 }, /template.masters: expected 1/],
  [
    'an unknown plugin',
    { 'profiles.house.template.network_plugin': { name: 'flannel' } },
    /template.network_plugin.name/,
  ],
];

test.each(single)('one problem, by its path: %s', (_, change, expected) => {
  const found = problems(change);
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(expected);
  expect(found[0]).not.toContain('s3cret');
});
