/** What an import refuses: one clear sentence for each mistake, and never a word of a secret. */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Imported, importProfile } from '../../cli/profile/import.ts';
import { SetupError } from '../../config/src/setup-error.ts';
import { programFile } from '../fixtures/programs.ts';
import { input, v2Payload } from './fixtures/profile-payloads.ts';
import { dashbutton, workshop } from './fixtures/workshop.ts';

const from = (text: string | Buffer): Promise<Imported> => importProfile({ payload: '-' }, input(text));

async function refusal(attempt: Promise<unknown>): Promise<string> {
  const error: unknown = await attempt.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(SetupError);
  const { message } = error as SetupError;
  expect(message).not.toContain('hunter2');
  expect(message.split('\n')).toHaveLength(1);
  expect(message.length).toBeLessThan(300);
  return message;
}

const order = JSON.stringify(v2Payload());
const deep = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`;

const cases: [what: string, text: string, words: RegExp][] = [
  ['nothing', '', /standard input is empty: .*Network/],
  ['blanks', ' \r\n\t ', /is empty/],
  ['no JSON', 'the password is hunter2', /is not JSON.*view source/],
  ['a mistake in JSON', '{\n  "ssh_password": "hunter2",,\n}', /is not JSON/],
  ['half of it', order.slice(0, -20), /ends in the middle.*was all of it copied|is not JSON/],
  ["the browser's own view", 'type: 1\nssh_password: hunter2', /is not JSON.*"view source"/],
  ['curl', "curl 'https://ccp/2/clusters' -H 'Cookie: CXAccessToken=hunter2'", /is a curl command .*Payload/],
  ['curl of Windows', 'curl.exe "https://ccp/2/clusters"', /is a curl command/],
  ['fetch', 'await fetch("https://ccp/2/clusters", {"body": "hunter2"});', /JavaScript call .*Payload/],
  ['PowerShell', '$session = New-Object Microsoft.PowerShell', /PowerShell command/],
  ['a request with headers', 'POST /2/clusters HTTP/1.1\r\nCookie: hunter2', /with its headers/],
  ['an answer with headers', 'HTTP/1.1 200 OK\r\n\r\n{}', /answer with its headers/],
  ['a page', '<!doctype html><title>hunter2</title>', /web page/],
  ['a kubeconfig', 'apiVersion: v1\nusers: [{ token: hunter2 }]', /Kubernetes YAML/],
  ['a HAR', '{"log":{"entries":[{"cookies":["hunter2"]}]}}', /HAR file.*Payload/],
  ['a list', `[${order}]`, /is a list .*one order/],
  ['an empty list', '[]', /is a list/],
  ['a page of a list', '{"count":1,"results":[]}', /page of a list/],
  ['a login', '{"username":"admin","password":"hunter2"}', /is the login/],
  ['a text', '"hunter2"', /not an object/],
  ['a number', '5', /not an object/],
  ['null', 'null', /not an object/],
  ['no type', '{"name":"x"}', /has no type, .*expected 1 \(v2, vSphere\), "vsphere" \(v3\) or "eks"/],
  ['type null', '{"type":null}', /has no type/],
  ['another type', '{"type":"aks"}', /type "aks" is none that is known: expected 1/],
  ['a number for a type', '{"type":2}', /type 2 is none/],
  ['an odd type', '{"type":{"password":"hunter2"}}', /the payload's type is none/],
  ['a long type', `{"type":"${'hunter2'.repeat(20)}"}`, /the payload's type is none/],
  ['a type of every object', '{"type":"constructor"}', /type "constructor" is none/],
  ['depth', deep, /nests deeper than 20 levels/],
];

describe('standard input with', () => {
  test.each(cases)('it is no order: %s', async (_, text, words) => {
    expect(await refusal(from(text))).toMatch(words);
  });

  test('too much of it', async () => {
    expect(await refusal(from(Buffer.alloc(2 * 1024 * 1024, 'a')))).toMatch(/larger than 1048576 bytes/);
  });

  test('UTF-16, as a Windows shell writes it', async () => {
    expect(await refusal(from(Buffer.from(`\uFEFF${order}`, 'utf16le')))).toMatch(
      /not UTF-8.*save it as UTF-8/,
    );
  });

  test('a byte order mark and Windows line ends is right', async () => {
    const text = `\uFEFF${JSON.stringify(v2Payload(), null, 2).replaceAll('\n', '\r\n')}\r\n`;
    expect((await from(text)).out).toContain('house:');
  });
});

describe('a file', () => {
  const ofFile = (payload: string) => refusal(importProfile({ payload }, input('')));

  test('that is missing, a folder, or too large', async () => {
    const dir = workshop({ settings: false });
    expect(await ofFile(join(dir, 'none.json'))).toMatch(/none\.json cannot be read: there is no such file/);
    mkdirSync(join(dir, 'folder'));
    expect(await ofFile(join(dir, 'folder'))).toMatch(/it is a folder/);
    writeFileSync(join(dir, 'big.json'), `"${'a'.repeat(2 * 1024 * 1024)}"`);
    expect(await ofFile(join(dir, 'big.json'))).toMatch(/big\.json is larger than 1048576 bytes/);
  });

  test('is named in the sentence', async () => {
    const dir = workshop({ settings: false });
    writeFileSync(join(dir, 'payload.json'), '[]');
    expect(await ofFile(join(dir, 'payload.json'))).toMatch(/payload\.json is a list/);
  });
});

describe('on the command line', () => {
  test('a mistake is one sentence and code 2', async () => {
    const dir = workshop({ settings: false });
    writeFileSync(join(dir, 'payload.json'), '{"type":1,"password":"hunter2",,}');
    const ended = await dashbutton(dir, 'profile', 'import', 'payload.json');
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toMatch(/^dashbutton: payload\.json is not JSON[^\n]*\n$/);
    expect((await dashbutton(dir, 'profile', 'import')).code).toBe(2);
    expect((await dashbutton(dir, 'profile', 'import', 'payload.json', '--colour')).code).toBe(2);
  });

  test('what the provisioner would refuse is printed, and code 2', async () => {
    const dir = workshop({ settings: false });
    writeFileSync(join(dir, 'payload.json'), JSON.stringify(v2Payload({ masters: 3 })));
    const ended = await dashbutton(dir, 'profile', 'import', 'payload.json');
    expect(ended.code).toBe(2);
    expect(ended.stdout).toContain('masters: 3');
    expect(ended.stderr).toMatch(
      /^dashbutton: the profile has one problem:\n {2}profiles\.house\.template\.masters: /m,
    );
  });

  test('- reads standard input, and help has examples', async () => {
    const child = spawn(process.execPath, [programFile('cli'), 'profile', 'import', '-'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    let stdout = '';
    child.stdout.on('data', chunk => {
      stdout += String(chunk);
    });
    child.stdin.end(order);
    const code = await new Promise(resolve => child.once('close', resolve));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ {2}house:\n/);
    for (const words of [['profile'], ['profile', 'import']]) {
      const help = await dashbutton('.', ...words, '--help');
      expect(help).toMatchObject({ code: 0, stdout: expect.stringContaining('Examples:') });
    }
  });
});
