/** What a build waits for, in a few words for a display. Pure. */
import { leafOf, reasonIn } from '../../kubernetes/server-reasons.ts';
import type { Condition, Facts } from './facts.ts';

/** Reasons that say no more than that it is not done yet: their message may. */
const emptyReasons = ['', 'ClusterCreating', 'NotReady', 'NotAvailable', 'NotUpToDate', 'NotInitialized'];

/** `ReadyUnknown`, `AvailableUnknown`, …: nobody has looked yet. */
const unknownReason = /Unknown$/;

/** Characters of a reason behind `topology: `. */
const room = 30;

export interface Machines {
  ready: number;
  desired: number;
}

/** As many words as there are, the useful ones first: a display cuts them. */
export function phaseOf(facts: Facts, isPaused: boolean, { ready, desired }: Machines): string {
  const { conditions } = facts;
  const wordsOf = (...types: string[]) => types.map(type => said(conditions, type)).find(it => it !== '');
  const because = (what: string, words = '') => (words === '' ? what : `${what}: ${words}`);
  if (isPaused) return 'paused by somebody on the platform';
  const topology = topologyTrouble(conditions);
  if (topology !== undefined && topology !== '') return because('topology', reasonIn(topology, room).reason);
  if (!facts.infrastructure) return because('infrastructure', wordsOf('InfrastructureReady'));
  if (!facts.initialized) {
    const words = wordsOf('ControlPlaneInitialized', 'ControlPlaneAvailable', 'ControlPlaneReady');
    return because('control plane', words ?? 'first machine is starting');
  }
  if (!facts.endpoint) return 'waiting for the endpoint';
  const types = ['ControlPlaneAvailable', 'ControlPlaneReady', 'WorkersAvailable', 'Available', 'Ready'];
  return because(`machines ${ready}/${desired}`, wordsOf(...types));
}

/** Why the objects are not what was ordered, empty without words; undefined while they are. */
export function topologyTrouble(conditions: readonly Condition[]): string | undefined {
  const condition = conditions.find(({ type }) => type === 'TopologyReconciled');
  if (condition === undefined || condition.status === 'True') return undefined;
  return lastOf(condition.message) || (condition.reason === 'ClusterCreating' ? '' : condition.reason);
}

/** Of an upgrade the last bullet says what is held back; anything else is one sentence. */
function lastOf(message: string): string {
  return (message.split('\n').at(-1) ?? '').replace(/^[\s*]+/, '').trim();
}

/** The reason of a condition that is not met, or, where that says nothing, its message; else empty. */
function said(conditions: readonly Condition[], wanted: string): string {
  const condition = conditions.find(({ type }) => type === wanted);
  if (condition === undefined || condition.status === 'True') return '';
  const { reason, message } = condition;
  if (!emptyReasons.includes(reason) && !unknownReason.test(reason)) return reason;
  return leafOf(message);
}
