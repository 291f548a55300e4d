/** What Cluster API's real controllers and their API server refuse: never ready too early, and a person is told why. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Status } from '../../../../protocol/src/messages.ts';
import {
  canManage,
  type ManagementCluster,
  startManagementCluster,
} from '../../../fixtures/controllers/management-cluster.ts';
import { capiReleases } from '../../../fixtures/controllers/programs.ts';
import { patience } from '../../../fixtures/patience.ts';
import {
  type Plan,
  quota,
  type RealFleet,
  reasons,
  shown,
  startFleet,
  tell,
  templateOf,
} from '../fixtures/real-fleet.ts';

const minutes = 60_000;
/** Long enough for a build that nothing is in the way of (seconds). */
const deadlineS = 60;

/** Name, plan, what a display shows, what the log says. */
type Row = [string, Plan, RegExp, RegExp];

/** All are pressed at once; each ends at its deadline, or at once. */
const rows: Row[] = [
  [
    'no-workers',
    { deadlineS, before: [quota('machinedeployments', 0)] },
    // Its controller says the one and the other in turn.
    /^failed: Not ready after 60 s: topology: (failed to create machinedeployments|MachineDeployment.* creation)/,
    // Its controller does not say why.
    /^topology: error reconciling the Cluster topology: failed to create machinedeployments/m,
  ],
  [
    'one-of-two',
    { deadlineS, template: templateOf(1, 3), before: [quota('machinedeployments', 1)] },
    // Its controller says the one and the other in turn.
    /^failed: Not ready after 60 s: topology: (failed to create machinedeployments|MachineDeployment.* creation)/,
    // Its controller does not say why.
    /^topology: error reconciling the Cluster topology: failed to create machinedeployments/m,
  ],
  [
    'no-class',
    { deadlineS, template: { class: 'nope' } },
    /^failed: Not ready after 60 s: topology: ClusterClass "nope" not found/,
    /ClusterClass\S* "nope" not found/,
  ],
  [
    'no-worker-class',
    { deadlineS, template: { workers: [{ class: 'nope', name: 'md-0', replicas: 1 }] } },
    /^failed: Cluster: 422: MachineDeploymentClass with name "nope" does not exist/,
    /"nope" does not exist in ClusterClass "in-memory"/,
  ],
  [
    'bad-version',
    { deadlineS, template: { version: 'v1.35.0-..' } },
    // 1.13 takes it, and its controller stops; 1.14 refuses it.
    /^failed: (Cluster: 422: .*|Not ready after 60 s: topology: old )version must be a valid semantic v/,
    /version must be a valid semantic version/,
  ],
];

describe.each(capiReleases)('Cluster API %s', release => {
  describe.skipIf(!canManage(release))('refusals of its controllers (needs npm run test:controllers)', () => {
    let cluster: ManagementCluster;
    let fleet: RealFleet;
    const ends: Record<string, Status> = {};

    beforeAll(
      async () => {
        cluster = await startManagementCluster(release);
        fleet = await startFleet(cluster, Object.fromEntries(rows.map(([name, plan]) => [name, plan])));
        const ended = async ([name]: Row) => {
          const button = fleet.buttons[name];
          await button?.press(1);
          const isEnd = ({ state }: Status) => state === 'ready' || state === 'failed';
          const end = await button?.until(isEnd, 2 * deadlineS * 1000);
          if (end !== undefined) ends[name] = end;
        };
        await Promise.all(rows.map(ended));
      },
      patience(8 * minutes),
    );

    afterAll(async () => {
      await fleet?.close();
      await cluster?.close();
    }, patience(minutes));

    test.each(
      rows,
    )('is not said to be ready, and why reaches display and log: %s', (name, _, display, log) => {
      const texts = shown(fleet.buttons[name]?.statuses ?? []);
      const said = reasons(fleet.log, name);
      tell(fleet, name);
      expect(ends[name]?.state).toBe('failed');
      expect(texts.at(-1)).toMatch(display);
      expect(said.join('\n')).toMatch(log);
    });

    test('nothing is left of what was begun', { timeout: patience(3 * minutes) }, async () => {
      for (const [name] of rows) {
        const gone = async () => (await fleet.clusters(name)).length === 0;
        await fleet.buttons[name]?.until(() => true);
        await expect.poll(gone, { timeout: patience(2 * minutes), interval: 500 }).toBe(true);
      }
    });
  });
});
