/** What enroll refuses: one clear sentence for each mistake, and no file is touched. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { askWifi } from '../../cli/enroll/ask.ts';
import { applyChanges } from '../../cli/enroll/changes.ts';
import { enroll } from '../../cli/enroll/enroll.ts';
import type { EnrollOptions } from '../../cli/enroll/plan.ts';
import { SetupError } from '../../config/src/setup-error.ts';
import { until } from '../fixtures/patience.ts';
import { contents, dashbutton, modeOf, workshop } from './fixtures/workshop.ts';

type Case = [what: string, change: Partial<EnrollOptions>, ...words: RegExp[]];

const cases: Case[] = [
  ['a name that is none', { button: 'House 1' }, /"House 1" is no name for a button: .*lower-case/],
  ['a name with a path in it', { button: '../desk' }, /no name for a button/],
  ['the name of the provisioner', { button: 'lab' }, /lab is the provisioner's own login/],
  ['a site that is none', { site: 'Lab!' }, /"Lab!" is no name for a site/],
  ['another site', { site: 'attic' }, /--site attic: \S+provisioner.yaml is for the site lab/],
  ['a profile that there is not', { profile: 'palace' }, /profile: there is no such profile; there is house/],
  ['a board that there is not', { board: 'uno' }, /no board "uno": there is firebeetle-2-esp32-e and heltec/],
  [
    'a relay that is none',
    { relay: ['http://relay'] },
    /--relay http:\/\/relay: expected mqtt:\/\/host:1883/,
  ],
  ['a relay with a login', { relay: ['mqtt://desk:hunter2@relay'] }, /--relay holds a login/],
  ['a relay with an IPv6 address', { relay: ['mqtt://[::1]:1883'] }, /IPv4 only/],
  ['a Wi-Fi file that is missing', { wifi: 'none.yaml' }, /Wi-Fi file none.yaml .*no such file/],
  [
    'one voltage where two are needed',
    { battery: '3.52=3.41' },
    /--battery 3.52=3.41: expected <meter>=<button>,/,
  ],
  ['millivolts', { battery: '3520=3410,4120=3980' }, /--battery .*: expected .* in volts/],
  ['two voltages that are nearly one', { battery: '3.9=3.8,4.1=4.0' }, /lie 0.20 V apart, at least 0.3/],
  [
    'meter and button the wrong way round',
    { battery: '3.5=4.1,4.1=3.5' },
    /that makes a ratio of -2.00 .* expected some 2 and 142: measure/,
  ],
  [
    'a voltage that is mistyped',
    { battery: '3.52=3.41,4.12=3.08' },
    /makes a ratio of .* measure both again/,
  ],
  [
    'a battery on a board that cannot measure it',
    { battery: '3.52=3.41,4.12=3.98', board: 'esp32-ssd1306' },
    /the board esp32-ssd1306 cannot measure its battery/,
  ],
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
  test.each(cases)('one mistake is one sentence: %s', async (_what, change, ...words) => {
    const message = await refusal(dir, change);
    for (const word of words) expect(message).toMatch(word);
    expect(
      message
        .trim()
        .split('\n')
        .filter(line => !line.endsWith('has one problem:')),
    ).toHaveLength(1);
  });

  test.each([
    [`- { ssid: ${'x'.repeat(32)} }`, /0.ssid: has 32 bytes, and the chip cuts a name at 31: .* shorter/],
    [`- { ssid: ${'Ж'.repeat(16)} }`, /0.ssid: has 32 bytes \(letters beyond ASCII are 2 to 4 bytes each\)/],
    ['- { ssid: "home\\0page" }', /0.ssid: has a control character in it, and the chip cuts/],
    ['- { ssid: home, password: hunter2 }', /0.password: expected 8 to 63/],
    [
      `- { ssid: home, password: "${'0a'.repeat(32)}" }`,
      /password: is a key of 64 hexadecimal digits, .* at 63/,
    ],
    [
      `- { ssid: home, password: hunter2${'y'.repeat(57)} }`,
      /password: is longer than 63 characters, and the chip/,
    ],
    [`[${'{ ssid: home },'.repeat(6)}]`, /at most 5 networks/],
    ['- { ssid: home, password: 12345678 }', /0.password: expected text: put it in quotes/],
    ['- { ssid: home, pasword: hunter2hunter2 }', /pasword: there is no such setting/],
    ['[]', /at least one network/],
    ['ssid: home', /expected a list of networks/],
    ['- [', /not YAML/],
  ])('a Wi-Fi file that is wrong: %s', async (text, word) => {
    const wifi = join(dir, 'bad.yaml');
    writeFileSync(wifi, text);
    expect(await refusal(dir, { wifi })).toMatch(word);
  });

  test('several mistakes all at once, with exit code 2', async () => {
    const before = contents(dir);
    const ended = await dashbutton(dir, 'enroll', 'Desk', '--relay', 'x', '--board', 'uno');
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    for (const word of ['"Desk"', '--relay x', 'no board "uno"', '--profile'])
      expect(ended.stderr).toContain(word);
    expect(ended.stderr).not.toMatch(/\n\s+at |node:internal|Error:/);
    expect(contents(dir)).toEqual(before);
  });

  test('to ask where there is no terminal, and to find a button to revoke, with exit code 2', async () => {
    const asked = await dashbutton(dir, 'enroll', 'desk', '--profile', 'house');
    expect(asked).toMatchObject({ code: 2, stderr: expect.stringContaining('--wifi') });
    const revoked = await dashbutton(dir, 'revoke', 'desk');
    expect(revoked).toMatchObject({ code: 2, stderr: expect.stringContaining('no button "desk"') });
    const nowhere = await dashbutton(dir, 'revoke', 'desk', '--users', 'no', '--config', 'nor');
    expect(nowhere).toMatchObject({ code: 2, stderr: expect.stringContaining('neither no nor nor') });
  });

  test('a file that is in the way, a broken users file, and broken settings', async () => {
    const broken = workshop();
    writeFileSync(join(broken, 'desk.key'), 'something');
    expect(await refusal(broken, {})).toMatch(/desk.key is there already/);
    writeFileSync(join(broken, 'users.yaml'), 'users:\n  - { name: lab, verifier: hunter2 }\n');
    expect(await refusal(broken, {})).toMatch(/users.0.role/);
    writeFileSync(join(broken, 'provisioner.yaml'), 'site: lab\nbuttons: 7\n');
    const message = await refusal(broken, {
      button: 'shelf',
      users: join(broken, 'new.yaml'),
      relay: ['mqtt://r'],
    });
    expect(message).toMatch(/relay: /);
    expect(message).toMatch(/platforms: /);
  });

  test('a login that is another, in the settings and in the users file', async () => {
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

test('enroll, flash and revoke explain themselves mostly by examples', async () => {
  for (const command of ['enroll', 'flash', 'revoke']) {
    const { code, stdout } = await dashbutton('.', command, '--help');
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`Examples:\n {2}dashbutton ${command} house-01`));
  }
});

describe('the files', () => {
  test('are as before when one of them cannot be changed', () => {
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
      await until(asked, `the question "${question}"`);
      answered = shown.length;
      for (const key of `${text}\r`) input.write(key);
    };
    return { input, output, answer, shown: () => shown };
  }

  test('take networks until an empty name, and never show a password', async () => {
    const { input, output, answer, shown } = terminal();
    const networks = askWifi({ input, output });
    await answer('Name of the network: ', 'Ada’s telephone in the back room');
    await answer('Name of the network: ', 'Ada’s phone');
    await answer('empty: open): ', 'seven77');
    await answer('empty: open): ', 'hunter2hunter2');
    await answer('no more): ', 'workshop');
    await answer('empty: open): ', '');
    await answer('no more): ', '');
    expect(await networks).toEqual([
      { ssid: 'Ada’s phone', password: 'hunter2hunter2' },
      { ssid: 'workshop', password: '' },
    ]);
    expect(shown()).toContain('has 34 bytes');
    expect(shown()).toContain('8 to 63');
    expect(shown()).not.toMatch(/hunter|seven77/);
  });

  test('end with a sentence when the person leaves', async () => {
    const { input, output } = terminal();
    const networks = askWifi({ input, output });
    input.end();
    await expect(networks).rejects.toThrow('nothing was changed');
  });
});
