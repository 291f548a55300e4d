/**
 * What to do next for a press: a pure decision from the journal's step, what the platform shows, and what
 * became of our own create call. Whatever died before, the same three things decide.
 */

import type { Observation } from '../common/platform.ts';
import type { Step } from '../journal/records.ts';

/** Our own create calls in this process. A restart begins with `none`. */
export interface Create {
  /** none: not called yet; flying: waiting; done: answered well; died: no decision; refused: a decision. */
  state: 'none' | 'flying' | 'done' | 'died' | 'refused';
  /** The platform's words with `died` and `refused`. */
  words: string;
  /** What a display shows of `died`. */
  brief?: string;
  tries: number;
}

/** Another's cluster is never touched, and never counted as ours. */
export const nameTaken = 'Name taken: the platform has a cluster of this name that is not ours';

export interface Situation {
  step: Step;
  observation: Observation;
  create: Create;
  /** How long the platform has not shown the cluster, in milliseconds. */
  absentForMs: number;
  /** How long a cluster that was asked for may stay unseen: a platform lists it a moment after the call. */
  settleMs: number;
}

export type Act =
  | { kind: 'create' }
  | { kind: 'wait' }
  | { kind: 'follow'; observation: Extract<Observation, { kind: 'building' }> }
  | { kind: 'verify' }
  | { kind: 'fail'; words: string };

/** For a press that has its range. */
export function nextAct(situation: Situation): Act {
  const { step, observation, create } = situation;
  if (step === 'reserved') {
    return observation.kind === 'absent' ? { kind: 'create' } : { kind: 'fail', words: nameTaken };
  }
  switch (observation.kind) {
    case 'building':
      return { kind: 'follow', observation };
    case 'ready':
      return { kind: 'verify' };
    case 'deleting':
      return { kind: 'fail', words: 'Somebody removes the cluster from the platform' };
    case 'failed':
      return { kind: 'fail', words: create.state === 'refused' ? create.words : observation.message };
    case 'absent':
      return absent(situation);
  }
}

/** The cluster was asked for, perhaps by an earlier process, and is not there. */
function absent({ step, create, absentForMs, settleMs }: Situation): Act {
  if (create.state === 'flying') return { kind: 'wait' };
  // Looked at after the refusal: a refusal of our second call may mean that the first one worked.
  if (create.state === 'refused') return { kind: 'fail', words: create.words };
  if (absentForMs < settleMs) return { kind: 'wait' };
  // It was there. Somebody took it away; building it again would be against their will.
  if (step !== 'creating') return { kind: 'fail', words: 'Cluster is gone from the platform' };
  if (create.state === 'done') return { kind: 'fail', words: 'Platform said done, but has no such cluster' };
  // Nobody has decided against it, however often: only the deadline ends that.
  return { kind: 'create' };
}
