/** What a person gets who gives the command line something wrong: one clear sentence and exit code 1 or 2. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { parseDocument } from 'yaml';
import { makeSite, type Site, writeDeviceFiles, writeProvisionerFile } from '../../cli/demo/site.ts';
import { dashbutton as dashbuttonIn, type Ended } from './fixtures/workshop.ts';

const dashbutton = (...args: string[]) => dashbuttonIn('.', ...args);

let dir: string;
let site: Site;
let settings: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'dashbutton-cli-'));
  site = makeSite({
    dir,
    site: 'lab',
    buttons: [{ name: 'house-01', profile: 'house', board: 'esp32-ssd1306' }],
  });
  writeDeviceFiles(site, { host: '127.0.0.1', port: 1883 });
  settings = writeProvisionerFile(site, {
    relayUrl: 'mqtt://127.0.0.1:1883',
    platform: {
      url: 'https://127.0.0.1:8443',
      caPem: rootCertificates[0] ?? '',
      user: 'admin',
      password: 'x',
    },
    expectS: 160,
  });
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** The settings with other values at some paths (`a.b.c`), in a file of their own beside the others. */
function changedSettings(changes: Record<string, unknown>): string {
  const value = parseDocument(readFileSync(settings, 'utf8'));
  for (const [at, to] of Object.entries(changes)) value.setIn(at.split('.'), to);
  const path = join(dir, `changed-${Math.random()}.yaml`);
  writeFileSync(path, value.toString());
  return path;
}

function expectOneSentence({ code, stderr }: Ended, ...words: (string | RegExp)[]): void {
  expect([1, 2]).toContain(code);
  for (const word of words) expect(stderr).toMatch(word);
  expect(stderr).not.toMatch(/\n\s+at |node:internal|Error:/);
}

describe('settings of the provisioner', () => {
  test('that are right are said to be right', async () => {
    expect(await dashbutton('provisioner', '--config', settings, '--check')).toMatchObject({ code: 0 });
  });

  test('with five mistakes are answered with five problems, each with its path', async () => {
    const path = changedSettings({
      'relay.url': 'http://relay',
      site: 'Lab 1',
      'profiles.house.rangePrefix': 99,
      'profiles.house.platform': 'nowhere',
      colour: 'blue',
    });
    const ended = await dashbutton('provisioner', '--config', path, '--check');
    expectOneSentence(ended, '5 problems');
    for (const at of [
      'relay.url',
      'site',
      'profiles.house.rangePrefix',
      'profiles.house.platform',
      'colour',
    ]) {
      expect(ended.stderr).toMatch(new RegExp(`^ {2}${at.replaceAll('.', '\\.')}: `, 'm'));
    }
  });

  test('that are missing, or not YAML', async () => {
    expectOneSentence(
      await dashbutton('provisioner', '--config', join(dir, 'none.yaml')),
      'none.yaml',
      'no such file',
    );
    const path = join(dir, 'broken.yaml');
    writeFileSync(path, 'site: [lab\nrelay: {');
    expectOneSentence(await dashbutton('provisioner', '--config', path), 'broken.yaml', 'not YAML');
  });

  test('that name a key which is missing, a folder, or no key', async () => {
    const cases: [string, RegExp][] = [
      ['missing.key', /no such file/],
      ['a-folder', /folder/],
      ['short.key', /base64 of 32 bytes/],
    ];
    mkdirSync(join(dir, 'a-folder'), { recursive: true });
    writeFileSync(join(dir, 'short.key'), 'c2VjcmV0c2VjcmV0\n');
    for (const [file, reason] of cases) {
      const path = changedSettings({ siteKeyFile: file });
      const ended = await dashbutton('provisioner', '--config', path, '--check');
      expectOneSentence(ended, file, reason);
      expect(ended.stderr).not.toContain('c2VjcmV0c2VjcmV0');
    }
  });

  test('and a proxy with its password in the address is refused without repeating it', async () => {
    const path = changedSettings({ proxy: 'http://user:hunter2@proxy:3128' });
    const ended = await dashbutton('provisioner', '--config', path, '--check');
    expectOneSentence(ended, 'proxy');
    expect(ended.stderr).not.toContain('hunter2');
  });
});

describe('the relay', () => {
  test('names every mistake of its users file', async () => {
    const path = join(dir, 'bad-users.yaml');
    writeFileSync(path, 'users:\n  - { name: House, role: king, site: lab, verifier: hunter2 }\n');
    const ended = await dashbutton('relay', '--users', path, '--port', '0');
    expectOneSentence(ended, 'users.0.name', 'users.0.role', 'users.0.verifier');
    expect(ended.stderr).not.toContain('hunter2');
  });

  test('says that its port is taken', async () => {
    const server = createServer();
    onTestFinished(() => {
      server.close();
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const ended = await dashbutton('relay', '--users', site.usersFile, '--port', String(port));
    expectOneSentence(ended, String(port), 'in use');
  });

  test('refuses a port that is none', async () => {
    expectOneSentence(await dashbutton('relay', '--users', site.usersFile, '--port', '99999'), '0 to 65535');
  });
});

describe('a button that there is not', () => {
  test('in the demo: those that there are', async () => {
    expectOneSentence(await dashbutton('demo', '--once', 'house-99'), 'house-99', 'house-01 and cloud-01');
  });

  test('among the simulated boards: those that there are', async () => {
    const boards = join(dir, 'boards');
    expectOneSentence(await dashbutton('press', 'house-99', '--boards', boards), 'house-99', 'house-01');
    expectOneSentence(await dashbutton('press', '../users', '--boards', boards), 'no button');
  });
});

describe('the command itself', () => {
  test('says what it has when asked for something else', async () => {
    const ended = await dashbutton('destroy');
    expectOneSentence(ended, 'destroy', '--help');
  });

  test('shows examples in every help', async () => {
    // That of the command itself: bin.test.ts.
    for (const command of ['demo', 'press', 'relay', 'provisioner', 'build']) {
      const { code, stdout } = await dashbutton(command, '--help');
      expect(code).toBe(0);
      expect(stdout).toContain('Examples:');
    }
  });
});
