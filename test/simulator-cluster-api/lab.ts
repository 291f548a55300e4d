/** What the simulator's own tests need: a running one that ends with the test, and a client. */
import { randomInt } from 'node:crypto';
import { onTestFinished } from 'vitest';
import {
  type ClusterApiSimulator,
  type ClusterApiSimulatorOptions,
  startClusterApiSimulator,
} from '../../simulator/cluster-api/simulator.ts';
import { Client, clusterBody, clustersPath, type Json, until } from './client.ts';

/** 160 s become 40 ms. */
export const fast = 4000;

/** A block of addresses that no other test is likely to have. */
export function anyPool(): string {
  return `127.${randomInt(100, 250)}.${randomInt(16) * 16}.0/20`;
}

export async function startLab(options: ClusterApiSimulatorOptions = {}) {
  const lab = await startClusterApiSimulator({ speed: fast, addressPool: anyPool(), ...options });
  const client = new Client(lab.url, lab.ca, lab.token);
  onTestFinished(async () => {
    await client.close();
    await lab.close();
  });
  return { lab, client };
}

/** Waits until the onlooker sees a cluster in this state. */
export async function reached(lab: ClusterApiSimulator, name: string, state: string): Promise<void> {
  await until(() => lab.clusters().some(cluster => cluster.name === name && cluster.state === state));
}

/** Orders a cluster and reads every version of it up to the one that says `done`. */
export async function follow(
  client: Client,
  name: string,
  done: (object: Json) => boolean,
  order: { body?: object; version?: string } = {},
): Promise<Json[]> {
  const { body = clusterBody(name), version = 'v1beta2' } = order;
  const path = clustersPath(version);
  const before = (await client.get(path)).json.metadata.resourceVersion;
  const made = await client.apply(`${path}/${name}`, body);
  if (made.status !== 201) throw new Error(made.text);
  const watch = await client.watch(path, `resourceVersion=${before}&fieldSelector=metadata.name%3D${name}`);
  const events = await watch.until(all => all.some(({ object }) => done(object)));
  watch.stop();
  return events.map(({ object }) => object);
}

/** A condition's status, its reason, and what else it says. */
export function condition(object: Json, type: string) {
  const conditions = (object.status?.conditions ?? []) as {
    type: string;
    status: string;
    reason?: string;
    message?: string;
    severity?: string;
  }[];
  return conditions.find(one => one.type === type);
}
