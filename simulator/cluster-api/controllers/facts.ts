/** How far a cluster is: what the played controllers know, before it is put into the words of a status. */

export type Step = 'infrastructure' | 'controlPlane' | 'workers';

/** What holds a cluster up. */
export interface Blocked {
  at: Step;
  /** One word in CamelCase. */
  reason: string;
  message: string;
  /** For good. */
  terminal: boolean;
}

export interface Facts {
  /** Undefined: not asked yet. */
  topology: 'none' | 'reconciled' | { reason: string; message: string };
  /** What is missing or not ready, for the message of its condition. */
  infrastructureKind: string;
  controlPlaneKind: string;
  /** The objects that the cluster refers to are there. */
  infrastructureExists: boolean;
  /** The clusters' machines can come. */
  infrastructureReady: boolean;
  endpoint: { host: string; port: number } | undefined;
  /** The first control plane machine answers. */
  initialized: boolean;
  controlPlane: { desired: number; ready: number };
  workers: { desired: number; ready: number };
  blocked: Blocked | undefined;
  deleting: boolean;
}

export function firstFacts(): Facts {
  return {
    topology: 'none',
    infrastructureKind: 'Infrastructure',
    controlPlaneKind: 'ControlPlane',
    infrastructureExists: false,
    infrastructureReady: false,
    endpoint: undefined,
    initialized: false,
    controlPlane: { desired: 0, ready: 0 },
    workers: { desired: 0, ready: 0 },
    blocked: undefined,
    deleting: false,
  };
}

/**
 * `status.phase`. It says Provisioned as soon as there is infrastructure and an endpoint: long before the control plane
 * answers.
 */
export function phaseOf(facts: Facts): string {
  if (facts.deleting) return 'Deleting';
  if (facts.blocked?.terminal) return 'Failed';
  if (facts.infrastructureReady && facts.endpoint !== undefined) return 'Provisioned';
  return facts.infrastructureExists ? 'Provisioning' : 'Pending';
}

/** Nothing is missing any more. */
export function isComplete({ initialized, controlPlane, workers, blocked }: Facts): boolean {
  return (
    initialized &&
    blocked === undefined &&
    controlPlane.ready >= controlPlane.desired &&
    workers.ready >= workers.desired
  );
}
