/** How a cluster comes to be: the order of steps and when each happens. */
import { isObject } from '../../ccp/api-fields.ts';
import { metadataOf } from '../store.ts';
import { dig, type PlayedCluster } from './cluster.ts';
import type { ControllerContext } from './controller-context.ts';
import { openEndpoint, writeSecret } from './endpoint.ts';
import type { Step } from './facts.ts';
import { belongsTo, classProblem, generate } from './topology.ts';
import { referred, wantedOf } from './wanted.ts';

/** The calendar in nominal ms: assumed, so that one control plane machine and two workers take 160 s, as with `ccp`. */
const calendar = {
  acceptMs: 1_000,
  infrastructureMs: 29_000,
  /** Between the endpoint and the Secret. */
  secretMs: 5_000,
  initializeMs: 75_000,
  /** Each further machine of the control plane. */
  controlPlaneMs: 25_000,
  workerMs: 25_000,
};

/** How long a cluster of this size takes (nominal ms). */
export function buildMs(controlPlane: number, workers: number): number {
  const { acceptMs, infrastructureMs, secretMs, initializeMs, controlPlaneMs, workerMs } = calendar;
  const base = acceptMs + infrastructureMs + secretMs + initializeMs;
  return base + Math.max(0, controlPlane - 1) * controlPlaneMs + workers * workerMs;
}

/** Builds until the cluster is complete, broken or deleted, or the simulator is closed. Never rejects. */
export async function build(cluster: PlayedCluster, lab: ControllerContext): Promise<void> {
  const { facts } = cluster;
  const wait = async (ms: number) => (await lab.wait(ms)) && !cluster.over;
  // The finalizer comes at once: a cluster without it could vanish while machines are made for it.
  cluster.setFinalizer(true);
  cluster.publish();
  if (!(await wait(calendar.acceptMs)) || !(await described(cluster, lab))) return;
  cluster.publish();
  if (!(await wait(calendar.infrastructureMs)) || !(await passes('infrastructure', cluster, lab))) return;
  if (!(await openEndpoint(cluster, lab))) return stop(cluster, 'no free address for the control plane');
  if (cluster.over) return;
  facts.infrastructureReady = true;
  cluster.publish();
  if (!(await wait(calendar.secretMs))) return;
  await writeSecret(cluster, lab);
  if (!(await wait(calendar.initializeMs)) || !(await passes('controlPlane', cluster, lab))) return;
  facts.initialized = true;
  facts.controlPlane.ready = Math.min(1, facts.controlPlane.desired);
  cluster.publish();
  await grow(cluster, lab);
}

/** Waits until all that the cluster is made of is there: its class, or the objects that it refers to. */
async function described(cluster: PlayedCluster, lab: ControllerContext): Promise<boolean> {
  const { facts } = cluster;
  const over = () => cluster.over;
  if (isObject(cluster.spec.topology)) {
    const known = await lab.until(() => {
      const problem = classProblem(cluster, lab);
      facts.topology = problem ?? 'reconciled';
      cluster.publish();
      return problem === undefined;
    }, over);
    if (!known) return false;
    generate(cluster, lab);
  }
  facts.infrastructureKind = String(dig(cluster.spec, 'infrastructureRef', 'kind') ?? 'Infrastructure');
  facts.controlPlaneKind = String(dig(cluster.spec, 'controlPlaneRef', 'kind') ?? 'ControlPlane');
  const refs = () => [cluster.spec.infrastructureRef, cluster.spec.controlPlaneRef];
  const there = await lab.until(() => refs().every(ref => referred(ref, cluster, lab) !== undefined), over);
  if (!there) return false;
  for (const ref of refs()) adopt(referred(ref, cluster, lab), cluster, lab);
  facts.infrastructureExists = true;
  count(cluster, lab);
  return true;
}

/** The controllers make the cluster the owner of what it refers to, whoever made it. */
function adopt(entry: ReturnType<typeof referred>, cluster: PlayedCluster, lab: ControllerContext): void {
  if (entry === undefined) return;
  const { labels, ownerReferences } = belongsTo(cluster);
  lab.write(entry.place, before => {
    const metadata = metadataOf(before);
    const owners = Array.isArray(metadata.ownerReferences) ? metadata.ownerReferences : [];
    const owned = owners.some(owner => isObject(owner) && owner.uid === cluster.uid);
    const old = isObject(metadata.labels) ? metadata.labels : {};
    return {
      ...before,
      metadata: {
        ...metadata,
        labels: { ...old, ...labels },
        ownerReferences: owned ? owners : [...owners, ...ownerReferences],
      },
    };
  });
}

/**
 * Machines one after another, the control plane's first, until there are as many as are wanted at that moment. Called
 * again when more may be wanted: manifests may come when all else stands. Never rejects.
 */
export async function grow(cluster: PlayedCluster, lab: ControllerContext): Promise<void> {
  const { facts } = cluster;
  if (cluster.growing || cluster.over || !facts.initialized || facts.blocked !== undefined) return;
  cluster.growing = true;
  await addMachines(cluster, lab);
  cluster.growing = false;
}

async function addMachines(cluster: PlayedCluster, lab: ControllerContext): Promise<void> {
  const { facts } = cluster;
  const steps = [
    ['controlPlane', calendar.controlPlaneMs],
    ['workers', calendar.workerMs],
  ] as const;
  for (const [step, ms] of steps) {
    count(cluster, lab);
    if (step === 'workers' && facts.workers.desired > 0 && !(await passes('workers', cluster, lab))) return;
    while (facts[step].ready < facts[step].desired) {
      if (!(await lab.wait(ms)) || cluster.over) return;
      count(cluster, lab);
      facts[step].ready = Math.min(facts[step].ready + 1, facts[step].desired);
      cluster.publish();
    }
  }
}

function count(cluster: PlayedCluster, lab: ControllerContext): void {
  const { controlPlane, workers } = wantedOf(cluster, lab);
  cluster.facts.controlPlane.desired = controlPlane;
  cluster.facts.workers.desired = workers;
}

const defaultReasons: Record<Step, [reason: string, message: string]> = {
  infrastructure: ['InfrastructureProvisioningFailed', 'the load balancer could not be made'],
  controlPlane: ['ControlPlaneInitializationFailed', 'the first machine did not join'],
  workers: ['WorkersProvisioningFailed', 'the machines did not join'],
};

/** False when a failure was asked for here and is for good; else waits until it is healed. */
async function passes(step: Step, cluster: PlayedCluster, lab: ControllerContext): Promise<boolean> {
  const hit = lab.failures.take(
    'controllerFails',
    ({ at = 'infrastructure', cluster: name = cluster.name }) => at === step && name === cluster.name,
  );
  if (hit === undefined) return true;
  const [defaultReason, defaultMessage] = defaultReasons[step];
  const { reason = defaultReason, message = defaultMessage, terminal = true } = hit.failure;
  cluster.facts.blocked = { at: step, reason, message, terminal };
  cluster.publish();
  if (terminal) return false;
  await hit.end;
  if (!(await lab.wait(0)) || cluster.over) return false;
  cluster.facts.blocked = undefined;
  cluster.publish();
  return true;
}

function stop(cluster: PlayedCluster, message: string): void {
  cluster.facts.blocked = { at: 'infrastructure', reason: 'CreateError', message, terminal: true };
  cluster.publish();
}
