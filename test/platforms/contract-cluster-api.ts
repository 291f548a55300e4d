/** Rows of the contract's table for Cluster API: on its simulator and on a real API server, in both versions and both ways. */
import type { ApiVersion } from '../../provisioner/src/platforms/cluster-api/objects.ts';
import type { Platform } from '../../provisioner/src/platforms/platform.ts';
import { assetsFolder } from '../kubernetes/real-api-server.ts';
import { orderOf, type Row, until, type World } from './contract-world.ts';
import { Front, type Seen, type Stroke } from './front.ts';
import {
  driverFor,
  type Management,
  type Mode,
  type RealServer,
  simulated,
  startRealServer,
  templateFor,
} from './management.ts';
import { partKinds, sampleCluster } from './own-crds.ts';
import { pathOf } from './played-controllers.ts';

/** 160 nominal seconds in one real one. */
const speed = 160;

const versions: readonly ApiVersion[] = ['v1beta1', 'v1beta2'];
const modes: readonly Mode[] = ['topology', 'manifests'];

export const clusterApiRows: readonly Row[] = versions.flatMap(version =>
  modes.flatMap(mode => [
    {
      name: `cluster-api ${version} ${mode}`,
      start: async () => worldOf(await simulated(version, speed), mode),
    },
    realRow(version, mode),
  ]),
);

function realRow(version: ApiVersion, mode: Mode): Row {
  const assets = assetsFolder();
  const name = `cluster-api ${version} ${mode} on a real kube-apiserver`;
  if (assets === undefined) return { name: `${name} (KUBEBUILDER_ASSETS names none)` };
  let real: RealServer | undefined;
  return {
    name,
    start: async () => {
      real ??= await startRealServer(assets, version);
      return worldOf(await real.management(), mode);
    },
    end: async () => real?.close(),
  };
}

async function worldOf(management: Management, mode: Mode): Promise<World> {
  const { backend, version, namespace, caller } = management;
  const front = await Front.start(backend);
  const drivers: Platform[] = [];
  const clusters = pathOf(version, namespace, 'clusters');
  const driver = () => {
    const made = driverFor({ url: front.url, ca: front.ca, token: backend.token }, namespace);
    drivers.push(made);
    return made;
  };
  const once = (stroke: Stroke) => {
    const isOrder = applyOf('clusters');
    front.strike = seen => {
      if (!isOrder(seen)) return undefined;
      front.strike = () => undefined;
      return stroke;
    };
  };
  const world: World = {
    template: templateFor(mode),
    driver,
    clusters: async () => (await caller.items(clusters)).map(({ metadata }) => metadata.name).sort(),
    order: async name => {
      const { spec, metadata } = await caller.must('GET', `${clusters}/${name}`);
      const { uid, labels, annotations, ownerReferences, deletionTimestamp } = metadata;
      return { spec, uid, labels, annotations, ownerReferences, deletionTimestamp };
    },
    foreign: async (name, range) => {
      await caller.must('POST', clusters, sampleCluster(version, name, namespace, range));
      const stranger = driver();
      await until(stranger, orderOf(world, name, range), 'ready');
    },
    failNext: words => management.failNext(words),
    loseAnswer: () => once('lose'),
    doubleOrder: () => once('double'),
    close: async () => {
      await Promise.all(drivers.map(one => one.close()));
      await front.close();
      await management.close();
    },
  };
  if (mode === 'topology') return world;
  const plurals = Object.values(partKinds).flatMap(kinds => Object.values(kinds));
  return {
    ...world,
    stopInTheMiddle: () => {
      front.strike = seen => (plurals.some(plural => applyOf(plural)(seen)) ? 'cut' : undefined);
      return () => {
        front.strike = () => undefined;
      };
    },
    parts: async name => {
      const lists = await Promise.all(
        plurals.map(plural => caller.items(pathOf(version, namespace, plural))),
      );
      return lists.flat().filter(({ metadata }) => metadata.labels?.['dashbutton.dev/cluster'] === name)
        .length;
    },
  };
}

/** An apply in earnest of an object of this kind. */
export function applyOf(plural: string): (seen: Seen) => boolean {
  return ({ method, path, query }) =>
    method === 'PATCH' && path.includes(`/${plural}/`) && query.get('dryRun') === null;
}
