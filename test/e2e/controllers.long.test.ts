/** One press, all the way, to Cluster API's real controllers: compiled bundle, relay, provisioner, their clusters. */
import { readFileSync, writeFileSync } from 'node:fs';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { heldMs } from '../../firmware/src/limits.ts';
import { startOperator } from '../../provisioner/src/operator/operator.ts';
import { loadConfig } from '../../provisioner/src/settings/config.ts';
import { dashbutton } from '../cli/fixtures/operator-lab.ts';
import {
  canManage,
  type ManagementCluster,
  startManagementCluster,
} from '../fixtures/controllers/management-cluster.ts';
import { className, workerClass } from '../fixtures/controllers/own-class.ts';
import { capiReleases } from '../fixtures/controllers/programs.ts';
import { patience, until } from '../fixtures/patience.ts';
import type { Caller } from '../provisioner/platforms/fixtures/kube-caller.ts';
import { HurriedClock } from './fixtures/hurried-clock.ts';
import { startLab } from './fixtures/lab.ts';

const minutes = 60_000;
const workers = 2;

describe.each(capiReleases)('Cluster API %s', release => {
  describe.skipIf(!canManage(release))('with its controllers (needs npm run test:controllers)', () => {
    let cluster: ManagementCluster;

    beforeAll(
      async () => {
        cluster = await startManagementCluster(release);
      },
      patience(4 * minutes),
    );

    afterAll(async () => cluster?.close(), patience(minutes));

    test('a press becomes a cluster with all its machines, its kubeconfig works, and nothing is left of it', {
      timeout: patience(6 * minutes),
    }, async () => {
      const namespace = await cluster.namespace();
      const lines: string[] = [];
      const log = pino(
        new Writable({
          write: (chunk, _, done) => {
            lines.push(String(chunk));
            done();
          },
        }),
      );
      const lab = await startLab({ provisioner: false, log });
      onTestFinished(() => lab.close());
      orderFrom(lab.provisionerFile, cluster.kubeconfig, namespace);
      const provisioner = await lab.startProvisioner();
      const operator = await startOperator(provisioner, loadConfig(lab.provisionerFile), log);
      lab.finally(() => operator.stop());
      await provisioner.whenOnline(patience(10_000));
      const clock = new HurriedClock();
      const { board, shows, showsKind, views } = lab.button('house-01', { clock });

      board.press();
      await showsKind('building');
      const ready = await showsKind('ready', { withinMs: 3 * minutes });
      expect(ready).toMatchObject({
        cluster: 'house-01-1',
        address: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      });
      // Not before all machines: at this moment, and not some seconds later.
      const clusters = `/apis/cluster.x-k8s.io/v1beta2/namespaces/${namespace}/clusters`;
      const { status } = await cluster.caller.must('GET', `${clusters}/house-01-1`);
      expect(status).toMatchObject({
        controlPlane: { readyReplicas: 1 },
        workers: { readyReplicas: workers },
      });

      const handed = await dashbutton(['kubeconfig', 'house-01-1', '--config', lab.provisionerFile]);
      expect(handed).toMatchObject({ code: 0, stderr: '' });
      expect(parse(handed.stdout)).toMatchObject({
        clusters: [{ cluster: { server: `https://${ready.address}` } }],
        users: [{ user: { 'client-key-data': expect.any(String) } }],
      });

      const from = views.length;
      board.hold(10 * heldMs);
      clock.hurry(5);
      await shows(view => view.kind === 'idle' && view.title === 'RELEASE?', { from, withinMs: minutes });
      clock.hurry(1);
      board.hold(1);
      const upAtMs = clock.nowMs() + 100;
      await until(() => clock.nowMs() > upAtMs, 'contacts that are at rest');
      board.press();
      await until(async () => (await cluster.caller.items(clusters)).length === 0, 'it to be gone', minutes);
      await leftNothing(cluster.caller, namespace);
      expect(views.filter(view => view.kind === 'error')).toEqual([]);
      expect(lines.filter(line => JSON.parse(line).level >= 50)).toEqual([]);
    });
  });
});

/** The lab's one profile orders from there. */
function orderFrom(settingsFile: string, kubeconfig: string, namespace: string): void {
  const settings = parse(readFileSync(settingsFile, 'utf8'));
  settings.platforms = { fleet: { type: 'cluster-api', namespace, kubeconfig } };
  Object.assign(settings.profiles.house, {
    platform: 'fleet',
    rangePool: '10.128.0.0/10',
    rangePrefix: 18,
    expectS: 30,
    template: {
      class: className,
      version: 'v1.35.0',
      controlPlane: { replicas: 1 },
      workers: [{ class: workerClass, name: 'md-0', replicas: workers }],
    },
  });
  writeFileSync(settingsFile, stringify(settings));
}

/** What a cluster is made of, and its Secrets. */
async function leftNothing(caller: Caller, namespace: string): Promise<void> {
  const lists = [
    'cluster.x-k8s.io/v1beta2/%/machines',
    'cluster.x-k8s.io/v1beta2/%/machinedeployments',
    'controlplane.cluster.x-k8s.io/v1beta2/%/kubeadmcontrolplanes',
    'infrastructure.cluster.x-k8s.io/v1beta2/%/devclusters',
    'infrastructure.cluster.x-k8s.io/v1beta2/%/devmachines',
  ].map(list => `/apis/${list.replace('%', `namespaces/${namespace}`)}`);
  for (const list of [...lists, `/api/v1/namespaces/${namespace}/secrets`]) {
    await until(async () => (await caller.items(list)).length === 0, `nothing is left in ${list}`);
  }
}
