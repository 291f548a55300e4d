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
   * The blocked create answers with an error status, or with a 2xx whose record has no `uuid` (both are guesses
   * that clients are known to guard against).
   */
  | { kind: 'nodeError'; message?: string; node?: 'master' | 'worker'; answer?: 'status' | 'withoutUuid' }
  /** Every answer comes later by `delayMs` of real time. */
  | { kind: 'slow'; delayMs: number }
  /**
   * The connection of a create breaks at this fraction of the build (0 to 1, half when left out). The cluster
   * goes on being built.
   */
  | { kind: 'drop'; atFraction?: number }
  /** Calls end with this status (500 to 599, 500 when left out) before they do anything. `path` is a prefix. */
  | { kind: 'serverError'; status?: number; method?: string; path?: string };

type Kind = Failure['kind'];
type OfKind<K extends Kind> = Extract<FailureCause, { kind: K }>;

/** What a failed node has in its error log when the failure names nothing else. Our own words. */
export const defaultNodeError = 'timed out waiting for the virtual machine to report an IP address';

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
  take<K extends Kind>(kind: K, hits: (failure: OfKind<K>) => boolean = () => true): OfKind<K> | undefined {
    for (const entry of this.#active) {
      if (entry.failure.kind !== kind) continue;
      const failure = entry.failure as OfKind<K>;
      if (!hits(failure)) continue;
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
  if (kind === 'slow' && !(failure.delayMs >= 0)) {
    throw new SetupError(`the failure slow cannot wait ${failure.delayMs} ms: expected 0 or more`);
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
