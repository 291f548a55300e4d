/** The conditions of a cluster in the words of each API version. */
import type { JsonObject } from '../../ccp/api-fields.ts';
import { type Facts, isComplete } from './facts.ts';

/** One condition without its times. */
export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  /** v1beta1 only, and there only when it is not True. */
  severity?: 'Error' | 'Warning' | 'Info';
  reason?: string;
  message?: string;
}

const yes = (type: string, reason: string, message = ''): Condition => ({
  type,
  status: 'True',
  reason,
  message,
});
const no = (type: string, reason: string, message = ''): Condition => ({
  type,
  status: 'False',
  reason,
  message,
});

/** v1beta2: each has a reason, also a true one. `Available` is the summary. */
export function newConditions(facts: Facts): Condition[] {
  const parts = [
    infrastructure(facts),
    initialized(facts),
    controlPlane(facts),
    workers(facts),
    facts.initialized
      ? yes('RemoteConnectionProbe', 'ProbeSucceeded')
      : no('RemoteConnectionProbe', 'ProbeFailed', 'Remote connection not established yet'),
  ];
  const bad = parts.filter(({ status, type }) => status !== 'True' && type !== 'ControlPlaneInitialized');
  const available =
    bad.length === 0
      ? yes('Available', 'Available')
      : no(
          'Available',
          'NotAvailable',
          bad.map(({ type, message }) => `* ${type}: ${message || 'not ready'}`).join('\n'),
        );
  const growing = !isComplete(facts);
  return [
    available,
    ...parts,
    growing
      ? yes('ScalingUp', 'ScalingUp', `Scaling up to ${facts.controlPlane.desired + facts.workers.desired}`)
      : no('ScalingUp', 'NotScalingUp'),
    no('ScalingDown', 'NotScalingDown'),
    no('RollingOut', 'NotRollingOut'),
    no('Paused', 'NotPaused'),
    facts.deleting
      ? yes('Deleting', 'WaitingForInfrastructureDeletion', 'waiting for the machines to go')
      : no('Deleting', 'NotDeleting'),
    ...topology(facts),
  ];
}

function infrastructure(facts: Facts): Condition {
  const { infrastructureKind: kind, blocked } = facts;
  const type = 'InfrastructureReady';
  if (blocked?.at === 'infrastructure') return no(type, blocked.reason, blocked.message);
  if (facts.infrastructureReady) return yes(type, 'Ready');
  if (!facts.infrastructureExists) return no(type, 'DoesNotExist', `${kind} does not exist`);
  return no(type, 'NotReady', `${kind} status.initialization.provisioned is false`);
}

function initialized({ initialized: is }: Facts): Condition {
  const type = 'ControlPlaneInitialized';
  return is ? yes(type, 'Initialized') : no(type, 'NotInitialized', 'Control plane not yet initialized');
}

function controlPlane({ controlPlane: { ready, desired }, blocked, initialized: is }: Facts): Condition {
  const type = 'ControlPlaneAvailable';
  if (blocked?.at === 'controlPlane') return no(type, blocked.reason, blocked.message);
  // Available as soon as the first machine answers and most of them do.
  if (is && ready * 2 >= desired) return yes(type, 'Available');
  return no(type, 'NotAvailable', `${ready} of ${desired} control plane machines are available`);
}

function workers({ workers: { ready, desired }, blocked }: Facts): Condition {
  const type = 'WorkersAvailable';
  if (blocked?.at === 'workers') return no(type, blocked.reason, blocked.message);
  if (ready >= desired) return yes(type, desired === 0 ? 'NoWorkers' : 'Available');
  return no(type, 'NotAvailable', `${ready} of ${desired} worker machines are available`);
}

function topology({ topology: state }: Facts): Condition[] {
  if (state === 'none') return [];
  if (state === 'reconciled') return [yes('TopologyReconciled', 'ReconcileSucceeded')];
  return [no('TopologyReconciled', state.reason, state.message)];
}

/** v1beta1: no reason when it is true, a severity when it is not. `Ready` is the summary. */
export function oldConditions(facts: Facts): Condition[] {
  const { blocked, controlPlane: cp } = facts;
  const say = (
    type: string,
    is: boolean,
    reason: string,
    message = '',
    severity: Condition['severity'] = 'Info',
  ): Condition =>
    is
      ? { type, status: 'True' }
      : { type, status: 'False', severity, reason, ...(message === '' ? {} : { message }) };
  const stop = (at: string, type: string) =>
    blocked?.at === at ? say(type, false, blocked.reason, blocked.message, 'Error') : undefined;
  const infra =
    stop('infrastructure', 'InfrastructureReady') ??
    say('InfrastructureReady', facts.infrastructureReady, 'WaitingForInfrastructure');
  const plane =
    stop('controlPlane', 'ControlPlaneReady') ??
    say(
      'ControlPlaneReady',
      facts.initialized && cp.ready >= cp.desired,
      facts.initialized ? 'ScalingUp' : 'WaitingForControlPlane',
      facts.initialized ? `Scaling up control plane to ${cp.desired} replicas (actual ${cp.ready})` : '',
      facts.initialized ? 'Warning' : 'Info',
    );
  const state = facts.topology;
  const reconciled =
    state === 'none'
      ? []
      : [
          state === 'reconciled'
            ? say('TopologyReconciled', true, '')
            : say('TopologyReconciled', false, state.reason, state.message, 'Error'),
        ];
  const worst = [plane, infra].find(({ status }) => status !== 'True');
  const ready = worst === undefined ? say('Ready', true, '') : { ...worst, type: 'Ready' };
  return [
    ready,
    say('ControlPlaneInitialized', facts.initialized, 'WaitingForControlPlaneProviderInitialized'),
    plane,
    infra,
    ...reconciled,
  ];
}

/** With the time of the last transition: that of the condition before, if it said the same. */
export function timed(
  conditions: readonly Condition[],
  before: readonly JsonObject[],
  now: string,
  more: JsonObject = {},
): JsonObject[] {
  return conditions.map(condition => {
    const old = before.find(({ type }) => type === condition.type);
    const same = old?.status === condition.status;
    return { ...condition, ...more, lastTransitionTime: (same ? old?.lastTransitionTime : now) ?? now };
  });
}
