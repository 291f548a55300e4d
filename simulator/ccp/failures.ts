/** Failures that can be asked for. Each works until it is used up (`times`) or cleared. */
import { SetupError } from '../../config/src/setup-error.ts';

/** What goes wrong, and how. */
export type Failure = FailureCause & {
  /** How many calls it hits (1 or more). Left out: every one until it is cleared. */
  times?: number;
};

export type FailureCause =
  /** The right password is refused. */
  | { kind: 'badLogin' }
  /** A create is refused, in the platform's own words or in these. */
  | { kind: 'full'; message?: string }
  /**
   * A node of the next cluster (its first worker, when nothing else is said) breaks while being made: its `error_log` says why, the cluster ends in error.
   * The blocked create of v2 answers with an error status, or with a 2xx whose record has no `uuid` (both are guesses
   * that clients are known to guard against). With EKS it is a worker in any case.
   */
  | { kind: 'nodeError'; message?: string; node?: 'master' | 'worker'; answer?: 'status' | 'withoutUuid' }
  /**
   * To Kubernetes, so many nodes of each cluster (1 when left out, the youngest) are not Ready, whatever the platform
   * says. `times` counts the looks at the nodes.
   */
  | { kind: 'nodesNotReady'; count?: number }
  /** Every answer comes later by `delayMs` of real time. */
  | { kind: 'slow'; delayMs: number }
  /** Calls are carried out later by `delayMs` of real time, as if they had waited in a gateway's queue. */
  | ({ kind: 'delayed'; delayMs: number } & CallFilter)
  /** Calls are carried out to their end, then the connection is cut instead of the answer. */
  | ({ kind: 'lostAnswer' } & CallFilter)
  /** A gateway tries calls again: they are carried out twice, one after the other; the second answer goes back. */
  | ({ kind: 'doubled' } & CallFilter)
  /** An add-on of v3 (the next, or the next of this name) ends in a failed state. */
  | { kind: 'addOnError'; name?: string; message?: string }
  /**
   * The connection of a create breaks at this fraction of the build (0 to 1, half when left out). The cluster
   * goes on being built. A create of v3 does not wait for the build: its connection breaks at once.
   */
  | { kind: 'drop'; atFraction?: number }
  /** Calls end with this status (500 to 599, 500 when left out) before they do anything. */
  | ({ kind: 'serverError'; status?: number } & CallFilter);

/** Which calls are hit; all when nothing is said. `path` is a prefix without a slash at its end. */
export interface CallFilter {
  method?: string;
  path?: string;
}

type Kind = Failure['kind'];
type OfKind<K extends Kind> = Extract<FailureCause, { kind: K }>;

/** What a failed node has in its error log when the failure names nothing else. Our own words. */
export const defaultNodeError = 'timed out waiting for the virtual machine to report an IP address';

/** The same for an add-on. */
export const defaultAddOnError = 'timed out waiting for the condition';

/** True when a filter lets this call through. */
export function hits(filter: CallFilter, call: { method: string; path: string }): boolean {
  return (filter.method ?? call.method) === call.method && call.path.startsWith(filter.path ?? '/');
}

/** The failures that are switched on. Of several of one kind, the oldest is used first. */
export class Failures {
  readonly #active = new Set<{ failure: Failure; left: number }>();

  /** Switches one on; the returned function switches it off again. Throws SetupError for impossible values. */
  add(failure: Failure): () => void {
    checkFailure(failure);
    const entry = { failure: { ...failure }, left: failure.times ?? Number.POSITIVE_INFINITY };
    this.#active.add(entry);
    return () => {
      this.#active.delete(entry);
    };
  }

  /** Switches off all failures, or all of one kind. */
  clear(kind?: Kind): void {
    for (const entry of this.#active) {
      if (kind === undefined || entry.failure.kind === kind) this.#active.delete(entry);
    }
  }

  /** The failure that hits this call, if there is one. Uses it up by one. */
  take<K extends Kind>(kind: K, wanted: (failure: OfKind<K>) => boolean = () => true): OfKind<K> | undefined {
    for (const entry of this.#active) {
      if (entry.failure.kind !== kind) continue;
      const failure = entry.failure as OfKind<K>;
      if (!wanted(failure)) continue;
      entry.left -= 1;
      if (entry.left <= 0) this.#active.delete(entry);
      return failure;
    }
    return undefined;
  }
}

function checkFailure(failure: Failure): void {
  const { kind, times } = failure;
  if (times !== undefined && (!Number.isInteger(times) || times < 1)) {
    throw new SetupError(`the failure ${kind} cannot happen ${times} times: expected 1 or more`);
  }
  if ((kind === 'slow' || kind === 'delayed') && !(failure.delayMs >= 0)) {
    throw new SetupError(`the failure ${kind} cannot wait ${failure.delayMs} ms: expected 0 or more`);
  }
  if (kind === 'drop') {
    const { atFraction = 0 } = failure;
    if (!(atFraction >= 0 && atFraction <= 1)) {
      throw new SetupError(`the failure drop cannot happen at ${atFraction}: expected 0 to 1`);
    }
  }
  if (kind === 'serverError') {
    const { status = 500 } = failure;
    if (!Number.isInteger(status) || status < 500 || status > 599) {
      throw new SetupError(`the failure serverError cannot have status ${status}: expected 500 to 599`);
    }
  }
}
