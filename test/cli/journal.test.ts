/** `journal copy` and `journal recover`: beside a provisioner that runs, and on the day on which its machine is lost. */
import { existsSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { copy } from '../../cli/journal/copy.ts';
import { recoverJournal } from '../../cli/journal/recover.ts';
import { silentLog } from '../../config/src/log.ts';
import { messageOf, SetupError } from '../../config/src/setup-error.ts';
import { readCopy } from '../../provisioner/src/journal/copy.ts';
import { readJournal } from '../../provisioner/src/journal/index.ts';
import { type Operator, startOperator } from '../../provisioner/src/operator/operator.ts';
import { startProvisioner } from '../../provisioner/src/provisioner.ts';
import type { Provisioner } from '../../provisioner/src/service.ts';
import { patience } from '../fixtures/patience.ts';
import { type Lab, startLab, TestButton } from '../provisioner/fixtures/lab.ts';
import { dashbutton, secretsOf, writeSettings } from './fixtures/operator-lab.ts';

let lab: Lab;
let settings: string;
let provisioner: Provisioner | undefined;
let operator: Operator | undefined;
const nobody = { input: process.stdin, output: process.stderr };
const quick = { pauseMs: 10, quietMs: 300 };

async function start(journal = lab.config.journal): Promise<void> {
  const config = { ...lab.config, journal };
  provisioner = await startProvisioner(config, { log: silentLog });
  operator = await startOperator(provisioner, config, silentLog);
  expect(await provisioner.whenOnline(patience(10_000))).toBe(true);
}

async function stop(): Promise<void> {
  await operator?.stop();
  await provisioner?.stop();
  [operator, provisioner] = [undefined, undefined];
}

async function recovered(change: { without?: string[]; copy?: string } = {}): Promise<string[]> {
  const lines: string[] = [];
  const options = { config: settings, without: [], yes: true, ...change };
  await recoverJournal(options, nobody, line => lines.push(line), quick);
  return lines;
}

async function refusal(asked: Promise<unknown>): Promise<string> {
  const error: unknown = await asked.catch(error => error);
  expect(error).toBeInstanceOf(SetupError);
  return messageOf(error);
}

/** The tests follow one story. */
beforeAll(async () => {
  lab = await startLab({ ccp: { speed: 300 } });
  settings = writeSettings(lab);
  await start();
  const button = await TestButton.connect(lab);
  await button.press(1);
  await button.until(({ state }) => state === 'ready');
  await button.close();
});

afterAll(async () => {
  await stop();
  await lab?.close();
});

const at = (name: string) => join(lab.folder, name);

test('copy: one file while the provisioner runs, whole, for its owner, without a secret', async () => {
  const out = at('copy.txt');
  const ended = await dashbutton(['journal', 'copy', '--config', settings, '--out', out]);
  expect(ended).toMatchObject({ code: 0, stdout: '', stderr: `${out}: whole, one press of one button\n` });
  const text = readFileSync(out, 'utf8');
  expect(readCopy(text, out)).toMatchObject({ site: 'lab', presses: provisioner?.presses() });
  expect(statSync(out).mode & 0o777).toBe(0o600);
  for (const secret of secretsOf(lab)) expect(text).not.toContain(secret);
  expect(await refusal(copy({ config: settings, out }, () => {}))).toContain('is there already');
  const said = await copy({ config: settings }, () => {});
  expect(readCopy(said ?? '', 'it').presses).toEqual(provisioner?.presses());
});

test('recover: refused while there is a journal, and without anybody to be asked', async () => {
  const message = await refusal(recovered());
  expect(message).toMatch(/there is a journal in .*: nothing was changed/);
  expect(await dashbutton(['journal', 'recover', '--config', settings])).toMatchObject({ code: 2 });
});

test('copy and recover while no provisioner runs: from the folder; nothing is asked of a journal that is there', async () => {
  await stop();
  const lines: string[] = [];
  const text = await copy({ config: settings }, line => lines.push(line));
  expect(readCopy(text ?? '', 'it').presses).toHaveLength(1);
  expect(lines[0]).toMatch(/no provisioner runs/);
});

test('recover: refused while a provisioner of this site runs, here or elsewhere', async () => {
  await start();
  renameSync(lab.config.journal, at('elsewhere'));
  expect(await refusal(recovered())).toMatch(
    /a provisioner answers at .*journal\.sock: it still knows its journal/,
  );
  expect(readCopy((await copy({ config: settings }, () => {})) ?? '', 'it').presses).toHaveLength(1);
  await stop();
  await start(at('elsewhere'));
  expect(await refusal(recovered())).toMatch(/no journal was made, .*(runs elsewhere|is online)/s);
  expect(existsSync(lab.config.journal)).toBe(false);
  await stop();
});

test('recover: a platform or a relay that does not answer is no empty one', async () => {
  const heal = lab.ccp.fail({ kind: 'serverError', method: 'GET', path: '/2/clusters' });
  const message = await refusal(recovered());
  expect(message).toMatch(/no journal was made, because not all is known: ccp: 500.*--without/s);
  expect(await refusal(recovered({ without: ['cpp'] }))).toMatch(
    /--without cpp: there is no such .*, there is ccp, 127/,
  );
  expect(existsSync(lab.config.journal)).toBe(false);
  const lines = await recovered({ without: ['ccp'] });
  heal();
  expect(lines.join('\n')).toMatch(/left out: ccp: 500.*only it knows are not in this/);
  // Its button is told nothing else than before, and its number is known.
  const { presses, buttons } = await readJournal(lab.config.journal);
  expect(presses).toEqual([]);
  expect(buttons).toMatchObject([{ lastPress: 1, status: { state: 'ready', cluster: 'house-01-1' } }]);
  renameSync(lab.config.journal, at('without'));
  await lab.relay.close();
  expect(await refusal(recovered())).toMatch(/127\.0\.0\.1:\d+: RELAY .*not reachable/);
  await lab.restartRelay();
});

test('recover: a copy that is another site’s, or damaged, is refused', async () => {
  const text = readFileSync(at('copy.txt'), 'utf8');
  writeFileSync(at('damaged.txt'), text.slice(0, -20));
  expect(await refusal(recovered({ copy: at('damaged.txt') }))).toContain('is not whole');
  expect(await refusal(recovered({ copy: at('none.txt') }))).toContain('there is no such file');
  expect(readdirSync(lab.folder).filter(name => name.startsWith('journal'))).toEqual([]);
});

test('recover: a relay that has forgotten all is told of, and the platform alone is enough to go on', async () => {
  await lab.restartRelay();
  const text = (await recovered()).join('\n');
  expect(text).toMatch(/^house-01-1 +building +house +172\.16\.0\.0\/20 /m);
  expect(text).toMatch(/no relay retains a status of house-01: its last number may be higher than 1/);
  await start();
  const button = await TestButton.connect(lab);
  const told = await button.until(({ state }) => state === 'ready');
  expect(told).toMatchObject({ press: 1, cluster: 'house-01-1', address: lab.ccp.clusters()[0]?.address });
  await button.press(2, { action: 'release', time: Math.floor(Date.now() / 1000) + 1 });
  await button.until(({ state }) => state === 'released');
  await button.close();
  expect(lab.ccp.clusters()).toEqual([]);
});
