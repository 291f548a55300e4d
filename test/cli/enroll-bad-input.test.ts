/** What enroll refuses: one clear sentence for each mistake, and no file is touched. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { askWifi } from '../../cli/enroll/ask.ts';
import { applyChanges } from '../../cli/enroll/changes.ts';
import { enroll } from '../../cli/enroll/enroll.ts';
import type { EnrollOptions } from '../../cli/enroll/plan.ts';
import { SetupError } from '../../config/src/setup-error.ts';
import { contents, dashbutton, modeOf, workshop } from './workshop.ts';

type Case = [what: string, change: Partial<EnrollOptions>, ...words: RegExp[]];

const cases: Case[] = [
  ['a name that is none', { button: 'House 1' }, /"House 1" is no name for a button: .*lower-case/],
  ['a name with a path in it', { button: '../desk' }, /no name for a button/],
  ['the name of the provisioner', { button: 'lab' }, /lab is the provisioner's own login/],
  ['a site that is none', { site: 'Lab!' }, /"Lab!" is no name for a site/],
  ['another site', { site: 'attic' }, /--site attic: \S+provisioner.yaml is for the site lab/],
  ['a profile that there is not', { profile: 'palace' }, /profile: there is no such profile; there is house/],
  ['a board that there is not', { board: 'uno' }, /no board "uno": there is heltec-wifi-kit-32 and/],
  ['a relay that is none', { relay: 'http://relay' }, /--relay http:\/\/relay: expected mqtt:\/\/host:1883/],
  ['a relay with a login', { relay: 'mqtt://desk:hunter2@relay' }, /--relay holds a login/],
  ['a relay with an IPv6 address', { relay: 'mqtt://[::1]:1883' }, /IPv4 only/],
  ['a Wi-Fi file that is missing', { wifi: 'none.yaml' }, /Wi-Fi file none.yaml .*no such file/],
  ['a folder that is missing', { out: '/nowhere/desk.json' }, /no folder \/nowhere/],
];

function optionsFor(dir: string, change: Partial<EnrollOptions> = {}): EnrollOptions {
  const at = (name: string) => join(dir, name);
  const files = { users: at('users.yaml'), config: at('provisioner.yaml'), out: at('desk.device.json') };
  return { button: 'desk', profile: 'house', wifi: at('wifi.yaml'), ...files, ...change };
}

async function refusal(dir: string, change: Partial<EnrollOptions>): Promise<string> {
  const before = contents(dir);
  const nobody = () => Promise.reject(new Error('nobody is to be asked'));
  const error = await enroll(optionsFor(dir, change), nobody).catch(error => error);
  expect(error).toBeInstanceOf(SetupError);
  expect(error.message).not.toContain('hunter2');
  expect(contents(dir)).toEqual(before);
  return error.message;
}

describe('enroll refuses', () => {
  const dir = workshop();
  it.each(cases)('%s', async (_what, change, ...words) => {
    const message = await refusal(dir, change);
    for (const word of words) expect(message).toMatch(word);
    expect(
      message
        .trim()
        .split('\n')
        .filter(line => !line.endsWith('has one problem:')),
    ).toHaveLength(1);
  });

  it.each([
    ['- { ssid: Ada’s phone, password: hunter2hunter2 }', /0.ssid: has a typographic apostrophe ’/],
    ['- { ssid: Здесь, password: hunter2hunter2 }', /has the character З: the chip's strings are 8-bit/],
    [`- { ssid: ${'x'.repeat(33)} }`, /longer than 32 bytes/],
    ['- { ssid: home, password: hunter2 }', /0.password: expected 8 to 63/],
    ['- { ssid: home, password: 12345678 }', /0.password: expected text: put it in quotes/],
    ['- { ssid: home, pasword: hunter2hunter2 }', /pasword: there is no such setting/],
    ['[]', /at least one network/],
    ['ssid: home', /expected a list of networks/],
    ['- [', /not YAML/],
  ])('a Wi-Fi file like %s', async (text, word) => {
    const wifi = join(dir, 'bad.yaml');
    writeFileSync(wifi, text);
    expect(await refusal(dir, { wifi })).toMatch(word);
  });

  it('several mistakes all at once, with exit code 2', async () => {
    const before = contents(dir);
    const ended = await dashbutton(dir, 'enroll', 'Desk', '--relay', 'x', '--board', 'uno');
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    for (const word of ['"Desk"', '--relay x', 'no board "uno"', '--profile'])
      expect(ended.stderr).toContain(word);
    expect(ended.stderr).not.toMatch(/\n\s+at |node:internal|Error:/);
    expect(contents(dir)).toEqual(before);
  });

  it('to ask where there is no terminal, and to find a button to revoke, with exit code 2', async () => {
    const asked = await dashbutton(dir, 'enroll', 'desk', '--profile', 'house');
    expect(asked).toMatchObject({ code: 2, stderr: expect.stringContaining('--wifi') });
    const revoked = await dashbutton(dir, 'revoke', 'desk');
    expect(revoked).toMatchObject({ code: 2, stderr: expect.stringContaining('no button "desk"') });
    const nowhere = await dashbutton(dir, 'revoke', 'desk', '--users', 'no', '--config', 'nor');
    expect(nowhere).toMatchObject({ code: 2, stderr: expect.stringContaining('neither no nor nor') });
  });

  it('a file that is in the way, a broken users file, and broken settings', async () => {
    const broken = workshop();
    writeFileSync(join(broken, 'desk.key'), 'something');
    expect(await refusal(broken, {})).toMatch(/desk.key is there already/);
    writeFileSync(join(broken, 'users.yaml'), 'users:\n  - { name: lab, verifier: hunter2 }\n');
    expect(await refusal(broken, {})).toMatch(/users.0.role/);
    writeFileSync(join(broken, 'provisioner.yaml'), 'site: lab\nbuttons: 7\n');
    const message = await refusal(broken, {
      button: 'shelf',
      users: join(broken, 'new.yaml'),
      relay: 'mqtt://r',
    });
    expect(message).toMatch(/relay: /);
    expect(message).toMatch(/platforms: /);
  });

  it('a login that is another, in the settings and in the users file', async () => {
    const other = workshop();
    const verifier = `sha256:${'A'.repeat(43)}=`;
    const entry = (name: string, role: string) =>
      `users: [{ name: ${name}, role: ${role}, site: lab, verifier: "${verifier}" }]\n`;
    writeFileSync(join(other, 'users.yaml'), entry('kim', 'provisioner'));
    expect(await refusal(other, {})).toMatch(/relay.user is lab in .* but the provisioner of lab is kim/);
    writeFileSync(join(other, 'users.yaml'), entry('lab', 'button'));
    expect(await refusal(other, {})).toMatch(/needs the login lab, which is another's/);
  });
});

it('enroll, flash and revoke explain themselves mostly by examples', async () => {
  for (const command of ['enroll', 'flash', 'revoke']) {
    const { code, stdout } = await dashbutton('.', command, '--help');
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`Examples:\n {2}dashbutton ${command} house-01`));
  }
});

describe('the files', () => {
  it('are as before when one of them cannot be changed', () => {
    const dir = workshop();
    writeFileSync(join(dir, 'old.key'), 'old', { mode: 0o640 });
    const change = () =>
      applyChanges([
        { path: join(dir, 'new.key'), text: 'new', secret: true },
        { path: join(dir, 'old.key'), text: 'new', secret: true },
        { path: join(dir, 'wifi.yaml'), text: undefined },
        { path: join(dir, 'missing.yaml'), text: undefined },
      ]);
    const before = contents(dir);
    expect(change).toThrow(/nothing was changed/);
    expect(contents(dir)).toEqual(before);
    expect(modeOf(dir, 'old.key')).toBe(0o640);
  });
});

describe('the questions on a terminal', () => {
  function terminal() {
    const input = Object.assign(new PassThrough(), { isTTY: true });
    const output = new PassThrough();
    let shown = '';
    let answered = 0;
    output.on('data', chunk => {
      shown += chunk;
    });
    const answer = async (question: string, text: string) => {
      const asked = () => stripVTControlCharacters(shown.slice(answered)).endsWith(question);
      while (!asked()) await new Promise(resolve => setTimeout(resolve, 2));
      answered = shown.length;
      for (const key of `${text}\r`) input.write(key);
    };
    return { input, output, answer, shown: () => shown };
  }

  it('take networks until an empty name, and never show a password', async () => {
    const { input, output, answer, shown } = terminal();
    const networks = askWifi({ input, output });
    await answer('Name of the network: ', 'Ada’s phone');
    await answer('Name of the network: ', 'Ada phone');
    await answer('empty: open): ', 'short');
    await answer('empty: open): ', 'hunter2hunter2');
    await answer('no more): ', 'workshop');
    await answer('empty: open): ', '');
    await answer('no more): ', '');
    expect(await networks).toEqual([
      { ssid: 'Ada phone', password: 'hunter2hunter2' },
      { ssid: 'workshop', password: '' },
    ]);
    expect(shown()).toContain('typographic apostrophe');
    expect(shown()).toContain('8 to 63');
    expect(shown()).not.toMatch(/hunter|short/);
  });

  it('end with a sentence when the person leaves', async () => {
    const { input, output } = terminal();
    const networks = askWifi({ input, output });
    input.end();
    await expect(networks).rejects.toThrow('nothing was changed');
  });
});
