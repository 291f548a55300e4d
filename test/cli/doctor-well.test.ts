/** The doctor where nothing is broken: without a provisioner, and beside one that must not notice. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { stepNames } from '../../cli/doctor/doctor.ts';
import { countFree } from '../../cli/doctor/free-ranges.ts';
import { roomWarning } from '../../cli/doctor/step-journal.ts';
import { silentLog } from '../../config/src/log.ts';
import { Journal } from '../../provisioner/src/journal/index.ts';
import { startOperator } from '../../provisioner/src/operator/operator.ts';
import { startProvisioner } from '../../provisioner/src/provisioner.ts';
import type { Provisioner } from '../../provisioner/src/service.ts';
import { makeAuthority, makeServerPair } from '../../simulator/ccp/certificates.ts';
import { patience, until } from '../fixtures/patience.ts';
import { type Lab, startLab, TestButton } from '../provisioner/fixtures/lab.ts';
import { pressRecord } from '../provisioner/fixtures/records.ts';
import {
  allWell,
  dayMs,
  pairEndingIn,
  secureRelay,
  settingsIn,
  statesOf,
  visit,
  warningsOf,
} from './fixtures/doctor-lab.ts';
import { dashbutton, secretsOf, writeSettings } from './fixtures/operator-lab.ts';

let lab: Lab;
let settings: string;

beforeEach(async () => {
  lab = await startLab();
  settings = writeSettings(lab);
});

afterEach(() => lab.close());

const foundAt = (visited: Awaited<ReturnType<typeof visit>>, step: string) =>
  visited.results[stepNames.indexOf(step)]?.found ?? '';

test('all is well before the first start; nothing is made, and the beacon says offline', async () => {
  const button = await TestButton.connect(lab);
  onTestFinished(() => button.close());
  const visited = await visit(settings);
  expect(statesOf(visited), visited.text).toEqual(allWell);
  expect(visited.code).toBe(0);
  expect(warningsOf(visited)).toEqual([]);
  expect(visited.text).toMatch(/All is well\.$/);
  expect(foundAt(visited, 'proxy')).toBe('none: the relay is reached directly');
  expect(foundAt(visited, 'credentials')).toBe('logged in as lab, may hear its one button');
  expect(foundAt(visited, 'template objects')).toBe('house: all there, 256 of 256 ranges free');
  expect(foundAt(visited, 'journal')).toContain('not there yet, the first start makes it');
  expect(existsSync(lab.config.journal)).toBe(false);
  await until(() => button.beacons.length > 0, 'a beacon');
  expect(new Set(button.beacons.map(({ state }) => state))).toEqual(new Set(['offline']));
  // Gone, and not missed.
  await until(() => lab.relay.stats().clients === 1, 'the doctor to leave');
  const calls = lab.ccp.calls().filter(({ method, path }) => method !== 'GET' && !path.includes('login'));
  expect(calls.filter(({ method }) => method !== 'HEAD')).toEqual([]);
});

test('a journal that was left, and what it has reserved', async () => {
  const journal = await Journal.open(lab.config.journal);
  const record = pressRecord(1, { step: 'building', range: '172.16.16.0/20', cluster: 'house-01-1' });
  await journal.write({ presses: [record] });
  await journal.close();
  chmodSync(lab.config.journal, 0o750);
  const visited = await visit(settings);
  expect(statesOf(visited), visited.text).toEqual(allWell);
  expect(foundAt(visited, 'template objects')).toContain('255 of 256 ranges free');
  expect(foundAt(visited, 'journal')).toMatch(/whole, one press of 0 buttons; no provisioner runs$/);
  expect(warningsOf(visited)).toEqual([
    expect.stringMatching(/^journal: .* has mode 750, others may look into it/),
  ]);
});

test('the disk of the journal: a warning under 100 MiB', () => {
  expect(roomWarning('/x', 100 * 1024 * 1024)).toEqual([]);
  expect(roomWarning('/x', 100 * 1024 * 1024 - 1)).toEqual([
    '99 MiB are free on the disk of /x: make room before a press finds none',
  ]);
});

test('free ranges: whatever overlaps one takes it, whatever lies elsewhere takes none', () => {
  const free = (...used: string[]) => countFree('10.0.0.0/22', 24, used);
  expect(free()).toEqual({ free: 4, all: 4 });
  expect(free('10.0.1.0/24')).toEqual({ free: 3, all: 4 });
  expect(free('10.0.1.128/25', '10.0.1.0/24', '10.0.0.255/32')).toEqual({ free: 2, all: 4 });
  expect(free('10.0.2.0/23', '9.255.255.0/24', '10.0.4.0/24', 'fd00::/8', 'x')).toEqual({ free: 2, all: 4 });
  expect(free('10.0.0.0/8')).toEqual({ free: 0, all: 4 });
});

test('beside a provisioner that runs: nobody is thrown out, nothing is said', async () => {
  const provisioner: Provisioner = await startProvisioner(lab.config, { log: silentLog });
  onTestFinished(() => provisioner.stop());
  const operator = await startOperator(provisioner, lab.config, silentLog);
  expect(await provisioner.whenOnline(patience(10_000))).toBe(true);
  await until(() => Object.values(provisioner.health().platforms).every(({ ok }) => ok), 'the platform');
  const counters = () => ({ ...provisioner.counters });
  const atRelay = () => {
    const { logins, clients, refused } = lab.relay.stats();
    return { logins, clients, refused };
  };
  const before = { counters: counters(), relay: atRelay() };
  const visited = await visit(settings);
  expect(statesOf(visited), visited.text).toEqual(allWell);
  expect(visited.code).toBe(0);
  expect(warningsOf(visited)).toEqual([expect.stringContaining('a provisioner runs on this journal')]);
  expect(foundAt(visited, 'journal')).toContain('open in the provisioner that runs');
  const byCommand = await dashbutton(['doctor', '--config', settings]);
  expect(byCommand).toMatchObject({ code: 0, stderr: '' });
  expect(byCommand.stdout).toMatch(/All that was looked at is well; one warning\.\n$/);
  expect(provisioner.connected).toBe(true);
  expect({ counters: counters(), relay: atRelay() }).toEqual(before);
  // One that has no control socket holds its journal all the same.
  await operator.stop();
  const mute = await visit(settings);
  expect(statesOf(mute).filter(state => !state.startsWith('ok'))).toEqual([
    'skipped credentials',
    'skipped beacon',
    'skipped journal',
  ]);
  expect(mute.code).toBe(0);
  expect(warningsOf(mute)).toEqual(['a provisioner runs on this journal']);
  expect({ counters: counters(), relay: atRelay() }).toEqual(before);
  await provisioner.stop();
});

test('over TLS: who signed the certificate, for which name, until when', async () => {
  const authority = await makeAuthority('Lab authority');
  writeFileSync(join(lab.folder, 'relay.pem'), authority.certPem);
  const relay = (scheme: string, port: number) => ({
    ...settingsIn(settings).relay,
    url: `${scheme}://localhost:${port}`,
    ca: 'relay.pem',
  });
  const port = await secureRelay(lab, await makeServerPair('relay', ['localhost'], authority));
  const visited = await visit(writeSettings(lab, { relay: relay('mqtts', port) }));
  expect(statesOf(visited), visited.text).toEqual(allWell);
  expect(foundAt(visited, 'relay')).toMatch(
    /^localhost:\d+, TLSv1\.3, certificate of localhost by Lab authority until 20\d\d-\d\d-\d\d$/,
  );
  expect(warningsOf(visited)).toEqual([]);
  const soon = await pairEndingIn(20, ['localhost'], authority);
  const ending = await visit(writeSettings(lab, { relay: relay('mqtts', await secureRelay(lab, soon)) }));
  expect(statesOf(ending), ending.text).toEqual(allWell);
  expect(warningsOf(ending)).toEqual([
    expect.stringMatching(/^the relay's certificate ends on 20\S+, in (19|20) days: renew it$/),
  ]);
  const overWeb = await visit(
    writeSettings(lab, { relay: relay('wss', await secureRelay(lab, soon, 'wss')) }),
  );
  expect(statesOf(overWeb), overWeb.text).toEqual(allWell);
  expect(foundAt(overWeb, 'relay')).toMatch(/, WebSocket at \/mqtt$/);
});

test('warnings that stop nothing: clock, open secrets, ends of certificates', async () => {
  chmodSync(join(lab.folder, 'site.key'), 0o644);
  chmodSync(join(lab.folder, 'relay.password'), 0o640);
  const early = await visit(settings, { now: () => Date.now() - 600_000 });
  expect(statesOf(early), early.text).toEqual(allWell);
  expect(warningsOf(early)).toEqual([
    'siteKeyFile: site.key has mode 644, so others may read or change a secret: chmod 600 site.key',
    expect.stringMatching(/^this machine's clock is (599|600|601) s behind that of platform ccp: set it/),
  ]);
  expect(early.text).toMatch(/All that was looked at is well; 2 warnings\.$/);
  const late = await visit(settings, { now: () => Date.now() + 3640 * dayMs });
  expect(warningsOf(late)).toEqual([
    expect.stringContaining('siteKeyFile'),
    expect.stringMatching(/^the platform's \(ccp\) certificate ends on \S+, in \d days: renew it$/),
    expect.stringMatching(/ahead of that of platform ccp/),
  ]);
});

test('as a command: for a person, and for a machine; no secret in either', async () => {
  const ended = await dashbutton(['doctor', '--config', settings, '--profile', 'house']);
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  expect(ended.stdout).toMatch(
    /^ok {4}configuration {5}\S+settings-\S+: site lab, one platform, one profile, /,
  );
  expect(ended.stdout).toMatch(/\nok {4}journal .* \(\d+ ms\)\nAll is well\.\n$/);
  const machine = await dashbutton(['doctor', '--config', settings, '--json']);
  const lines = machine.stdout.trimEnd().split('\n');
  expect(lines.map(line => JSON.parse(line))).toEqual(
    stepNames.map(step => ({
      step,
      state: 'ok',
      found: expect.stringMatching(/./),
      problems: [],
      warnings: [],
      tookMs: expect.any(Number),
    })),
  );
  const secrets = [...secretsOf(lab), readFileSync(join(lab.folder, 'relay.password'), 'utf8')];
  for (const secret of secrets) expect(ended.stdout + machine.stdout).not.toContain(secret);
});
