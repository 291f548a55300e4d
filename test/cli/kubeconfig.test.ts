/** `dashbutton kubeconfig` as a process of its own: beside a provisioner that runs, and without one. */

import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startWorld } from '../../cli/demo/world.ts';
import { writeWhole } from '../../cli/write-whole.ts';
import { SetupError } from '../../config/src/setup-error.ts';
import { kubeconfigOf } from '../../provisioner/src/builds/hand-out.ts';
import type { Observation, Platform } from '../../provisioner/src/common/platform.ts';
import type { PressRecord } from '../../provisioner/src/journal/records.ts';
import { readKubeconfig } from '../../provisioner/src/kubernetes/kubeconfig.ts';
import { kubeInto } from '../../provisioner/src/kubernetes/new-cluster.ts';
import { nodesReady } from '../../provisioner/src/kubernetes/nodes.ts';
import { type Operator, startOperator } from '../../provisioner/src/operator/operator.ts';
import { startProvisioner } from '../../provisioner/src/provisioner.ts';
import type { Provisioner } from '../../provisioner/src/service.ts';
import { loadConfig } from '../../provisioner/src/settings/config.ts';
import { ownNetwork } from '../fixtures/addresses.ts';
import { until } from '../fixtures/patience.ts';
import { type Lab, startLab, TestButton } from '../provisioner/fixtures/lab.ts';
import { pressRecord } from '../provisioner/fixtures/records.ts';
import { dashbutton, secretsOf, writeSettings } from './fixtures/operator-lab.ts';

const never = new AbortController().signal;

/** With it, its cluster lets us in. */
async function works(kubeconfig: string): Promise<void> {
  const client = kubeInto(kubeconfig);
  const { ready, total } = await nodesReady(client, never).finally(() => client.close());
  expect(total).toBeGreaterThan(0);
  expect(ready).toBe(total);
}

describe('which cluster is ours to hand out', () => {
  const cluster = 'house-01-3';
  const presses = [
    pressRecord(1, { step: 'building', percent: 40 }),
    pressRecord(2, { step: 'released' }),
    pressRecord(3, { step: 'ready', id: 'uid-3' }),
    pressRecord(4, { step: 'failed', line: 'no datastore' }),
    pressRecord(5, { step: 'releasing' }),
    pressRecord(6, { step: 'rejected', cluster: '' }),
    pressRecord(7, { step: 'ready' }),
    pressRecord(8, { step: 'ready', profile: 'gone' }),
  ];
  const profile = { platform: 'p', rangePool: '10.0.0.0/8', rangePrefix: 16, expectS: 1, deadlineS: 1 };
  const config = { site: 'lab', profiles: { house: { ...profile, template: {} } } };
  const sight = { id: 'uid-3', description: 'dash button house-01 of lab, press 7' };

  function ask(name: string, seen: Observation, kubeconfig = 'secret') {
    let handed = 0;
    const platform: Pick<Platform, 'observe' | 'access'> = {
      observe: async () => seen,
      access: async () => {
        handed++;
        return { address: 'a', server: 'https://a', ca: '', kubeconfig };
      },
    };
    const platformAt = async (at: string) => (at === 'p' ? (platform as Platform) : undefined);
    const answer = kubeconfigOf(name, { config, presses, platformAt }, never);
    return { answer, handed: () => handed };
  }

  const refused: [string, Observation, string][] = [
    [
      'x',
      { kind: 'ready', ...sight },
      'no cluster "x" was made here: ready are house-01-3, house-01-7, house-01-8',
    ],
    ['', { kind: 'ready', ...sight }, 'no cluster "" was made here'],
    ['house-01-1', { kind: 'ready', ...sight }, 'house-01-1 is not ready yet: building, 40 %'],
    ['house-01-2', { kind: 'ready', ...sight }, 'house-01-2 was given back'],
    ['house-01-4', { kind: 'ready', ...sight }, 'house-01-4 never became ready: no datastore'],
    ['house-01-5', { kind: 'ready', ...sight }, 'house-01-5 is being given back'],
    [
      'house-01-8',
      { kind: 'ready', ...sight },
      'the profile gone of house-01-8 is no longer in the settings',
    ],
    [cluster, { kind: 'absent' }, `the platform has no cluster ${cluster} any more`],
    [cluster, { kind: 'deleting', ...sight }, `${cluster} is being removed from the platform`],
    [
      cluster,
      { kind: 'ready', ...sight, id: 'uid-9' },
      `another cluster is called ${cluster} on the platform`,
    ],
    [
      'house-01-7',
      { kind: 'ready', id: 'x', description: 'by hand' },
      'another cluster is called house-01-7',
    ],
  ];
  test.each(refused)('nothing is handed out of %j, seen as %j: %s', async (name, seen, words) => {
    const { answer, handed } = ask(name, seen);
    const error = await answer.catch(thrown => thrown);
    expect(error).toBeInstanceOf(SetupError);
    expect(error.message).toContain(words);
    expect(handed()).toBe(0);
  });

  test('ours: by its id, or by our mark where no id was seen; also one that is not well', async () => {
    expect(await ask(cluster, { kind: 'ready', ...sight, description: 'x' }).answer).toBe('secret');
    expect(await ask('house-01-7', { kind: 'ready', ...sight }).answer).toBe('secret');
    expect(await ask(cluster, { kind: 'failed', ...sight, message: 'a node died' }).answer).toBe('secret');
    await expect(ask(cluster, { kind: 'ready', ...sight }, '').answer).rejects.toMatchObject({
      transient: true,
    });
  });

  test('names no more than twenty', async () => {
    const many = Array.from({ length: 30 }, (_, i): PressRecord => pressRecord(i + 1, { step: 'ready' }));
    const none = { config, presses: many, platformAt: async () => undefined };
    const { message } = await kubeconfigOf('x', none, never).catch(error => error);
    expect(message.match(/house-01-\d+/g)).toHaveLength(20);
    const error = await kubeconfigOf('x', { ...none, presses: [] }, never).catch(thrown => thrown);
    expect(error.message).toBe('no cluster "x" was made here: none is ready');
  });
});

describe('a lab', () => {
  let lab: Lab;
  let settings: string;
  let provisioner: Provisioner | undefined;
  let operator: Operator | undefined;
  let log = '';

  beforeAll(async () => {
    lab = await startLab();
    settings = writeSettings(lab);
    const logger = pino(
      {},
      {
        write: line => {
          log += line;
        },
      },
    );
    provisioner = await startProvisioner(lab.config, { log: logger });
    operator = await startOperator(provisioner, lab.config, logger);
    const button = await TestButton.connect(lab);
    await button.press(1);
    await button.until(status => status.press === 1 && status.state === 'ready');
    await button.close();
  });

  afterAll(async () => {
    await stop();
    await lab.close();
  });

  async function stop(): Promise<void> {
    await operator?.stop();
    await provisioner?.stop();
    operator = undefined;
    provisioner = undefined;
  }

  const run = (args: string[]) => dashbutton(['kubeconfig', ...args, '--config', settings]);

  test('from the running provisioner, which notes the name and nothing else', async () => {
    const ended = await run(['house-01-1']);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    await works(ended.stdout);
    const noted = log.split('\n').filter(line => line.includes('kubeconfig handed'));
    expect(noted).toHaveLength(1);
    const { level: _, time: _t, pid: _p, hostname: _h, ...entry } = JSON.parse(noted[0] ?? '');
    expect(entry).toEqual({ cluster: 'house-01-1', msg: 'kubeconfig handed to the command line' });
    for (const data of ended.stdout.match(/-data: *(\S+)/g) ?? [])
      expect(log).not.toContain(data.replace(/^\S+ */, ''));
    expect(log).not.toContain('apiVersion');
    for (const secret of secretsOf(lab)) expect(log).not.toContain(secret);
  });

  test('into a new file of mode 600, never over an old one', async () => {
    const out = join(lab.folder, 'house.kubeconfig');
    const ended = await run(['house-01-1', '--out', out]);
    expect(ended).toMatchObject({ code: 0, stdout: '' });
    expect(ended.stderr).toBe(`${out}: the kubeconfig of house-01-1, for you only\n`);
    expect(statSync(out).mode & 0o777).toBe(0o600);
    await works(readFileSync(out, 'utf8'));
    const handed = log.match(/kubeconfig handed/g)?.length;
    writeFileSync(out, 'mine');
    expect(await run(['house-01-1', '--out', out])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining(`${out} is there already`),
    });
    expect(readFileSync(out, 'utf8')).toBe('mine');
    // Nobody was asked for a secret that had nowhere to go.
    expect(log.match(/kubeconfig handed/g)?.length).toBe(handed);
  });

  test('a name that is not known: those that are', async () => {
    expect(await run(['house-01-9'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: 'dashbutton: no cluster "house-01-9" was made here: ready is house-01-1\n',
    });
  });

  test('without a provisioner: journal and platform', async () => {
    await stop();
    const ended = await run(['house-01-1']);
    expect(ended).toMatchObject({ code: 0, stderr: 'no provisioner runs: this is what its journal says\n' });
    await works(ended.stdout);
    const mend = lab.ccp.fail({ kind: 'serverError', method: 'GET', path: '/2/clusters' });
    const failed = await run(['house-01-1']);
    mend();
    expect(failed).toMatchObject({ code: 1, stdout: '' });
    for (const secret of secretsOf(lab)) expect(failed.stderr).not.toContain(secret);
    expect(await run(['house-01-9'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('house-01-1'),
    });
  });
});

describe('the demo, whose cloud is Cluster API', () => {
  test('one press; its kubeconfig comes out of the Secret', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'dashbutton-'));
    const lines: string[] = [];
    const log = pino({}, { write: line => lines.push(line) });
    const network = await ownNetwork();
    const world = await startWorld({
      dir,
      buttons: [{ name: 'cloud-01', profile: 'cloud', board: 'heltec-wifi-kit-32' }],
      speed: 80,
      cloud: 'cluster-api',
      platform: { addressPool: `${network}.0.0/17` },
      fleet: { addressPool: `${network}.128.0/17` },
      log,
    });
    let operator: Operator | undefined;
    try {
      const config = loadConfig(world.provisionerFile);
      operator = await startOperator(world.provisioner, config, log);
      const board = world.board('cloud-01');
      board.shelve();
      board.press();
      await until(() => world.provisioner.presses().some(({ step }) => step === 'ready'), 'the cluster');
      board.powerOff();
      const [cluster] = world.fleet?.clusters() ?? [];
      expect(cluster?.name).toBe('cloud-01-1');
      expect(world.platform.clusters()).toEqual([]);
      const ended = await dashbutton(['kubeconfig', 'cloud-01-1', '--config', world.provisionerFile]);
      expect(ended).toMatchObject({ code: 0, stderr: '' });
      expect(readKubeconfig(ended.stdout).cluster.server).toBe(cluster?.apiUrl);
      await works(ended.stdout);
      // Neither the new cluster's secrets nor those of the way in.
      const secrets = [ended.stdout, readFileSync(join(dir, 'fleet.kubeconfig'), 'utf8')].flatMap(text =>
        [...text.matchAll(/(?:-key-data|token): *(\S+)/g)].map(([, secret]) => secret ?? ''),
      );
      expect(secrets.length).toBeGreaterThan(1);
      for (const secret of secrets) expect(lines.join('')).not.toContain(secret);
      expect(statSync(join(dir, 'fleet.kubeconfig')).mode & 0o777).toBe(0o600);
    } finally {
      await operator?.stop();
      await world.close();
      rmSync(dir, { recursive: true, force: true });
    }
  });
});

describe('the file', () => {
  test('does not follow a link, not even to nowhere; leaves no half; takes the mask of 0777', () => {
    const dir = mkdtempSync(join(tmpdir(), 'dashbutton-'));
    try {
      symlinkSync(join(dir, 'nowhere'), join(dir, 'link'));
      expect(() => writeWhole(join(dir, 'link'), 'x')).toThrow('is there already');
      mkdirSync(join(dir, 'folder'));
      expect(() => writeWhole(join(dir, 'folder'), 'x')).toThrow('is there already');
      expect(() => writeWhole(join(dir, 'no', 'x'), 'x')).toThrow('cannot be written');
      expect(readdirSync(dir).sort()).toEqual(['folder', 'link']);
      const before = process.umask(0o777);
      try {
        writeWhole(join(dir, 'masked'), 'ä'.repeat(100_000));
      } finally {
        process.umask(before);
      }
      expect(statSync(join(dir, 'masked')).mode & 0o777).toBe(0o600);
      expect(readFileSync(join(dir, 'masked'), 'utf8')).toBe('ä'.repeat(100_000));
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});
