/** Failures that can be asked for. Each works until it is used up (`times`) or healed. */
import { SetupError } from '../../config/src/setup-error.ts';

/** What goes wrong, and how. */
export type Failure = FailureCause & {
  /** How many calls (or clusters) it hits, 1 or more. Left out: every one until it is healed. */
  times?: number;
};

export type FailureCause =
  /** Calls end with this status (500 to 599, or 429; 500 when left out) before they do anything. */
  | ({ kind: 'serverError'; status?: number; retryAfterS?: number } & CallFilter)
  /** Writes of Clusters are answered 500, as while the controllers that have to be asked do not run. */
  | { kind: 'webhookSilent' }
  /** Calls are answered 403, whatever rights there are. */
  | ({ kind: 'forbidden' } & CallFilter)
  /** Calls that the login has the right to are answered 403 all the same, with these words: a quota, a webhook. */
  | ({ kind: 'denied'; message: string } & CallFilter)
  /** Calls are answered 401, whatever token they carry. */
  | ({ kind: 'unauthorized' } & CallFilter)
  /** Connections are cut before anything is done. */
  | ({ kind: 'drop' } & CallFilter)
  /** Calls are carried out to their end, then the connection is cut instead of the answer. */
  | ({ kind: 'lostAnswer' } & CallFilter)
  /** Every answer comes later by `delayMs` of real time. */
  | ({ kind: 'slow'; delayMs: number } & CallFilter)
  /** Writes that make something wait until this is healed, then they are carried out. */
  | { kind: 'blockCreate' }
  /**
   * History is forgotten: the next watches are told 410, as the event ERROR (as the watch cache does; the default) or
   * as the answer's status (as a server does that just started). Watches that are open get the event at once.
   */
  | { kind: 'watchGone410'; as?: 'event' | 'status' }
  /** Every open watch is cut every so often (real ms). */
  | {
      kind: 'cutWatches';
      everyMs: number /** In the middle (default) or with an end in order. */;
      how?: 'cut' | 'end';
    }
  /**
   * A cluster's build stops at this step (infrastructure when left out), with this reason and message. `terminal`
   * (default): for good, `failureReason` and phase Failed; else the condition blocks until this is healed.
   */
  | {
      kind: 'controllerFails';
      reason?: string;
      message?: string;
      at?: 'infrastructure' | 'controlPlane' | 'workers';
      terminal?: boolean;
      /** The cluster's name; any when left out. */
      cluster?: string;
    }
  /** Deleted clusters stay, their finalizer on them, until this is healed. */
  | { kind: 'stuckFinalizer'; cluster?: string };

/** Which calls are hit; all when nothing is said. */
export interface CallFilter {
  method?: string;
  /** What the path begins with. */
  path?: string;
  /** `clusters`, `secrets`, … */
  resource?: string;
  /** As RBAC names it: get, list, watch, create, update, patch, delete. */
  verb?: string;
}

export interface FilteredCall {
  method: string;
  path: string;
  resource: string;
  verb: string;
}

type Kind = Failure['kind'];
export type OfKind<K extends Kind> = Extract<FailureCause, { kind: K }>;

/** True when a filter lets this call through. */
export function hits(filter: CallFilter, call: FilteredCall): boolean {
  return (
    (filter.method ?? call.method) === call.method &&
    call.path.startsWith(filter.path ?? '/') &&
    (filter.resource ?? call.resource) === call.resource &&
    (filter.verb ?? call.verb) === call.verb
  );
}

/** The failures that are switched on. Of several of one kind, the oldest is used first. */
export class Failures {
  readonly #active = new Set<{ failure: Failure; left: number; healed: () => void; end: Promise<void> }>();

  /** Switches one on; the returned function heals it. Throws SetupError for impossible values. */
  add(failure: Failure): () => void {
    checkFailure(failure);
    let healed = () => {};
    const end = new Promise<void>(resolve => {
      healed = resolve;
    });
    const entry = { failure: { ...failure }, left: failure.times ?? Number.POSITIVE_INFINITY, healed, end };
    this.#active.add(entry);
    return () => {
      this.#active.delete(entry);
      healed();
    };
  }

  /** Heals all. */
  clear(): void {
    for (const entry of this.#active) {
      this.#active.delete(entry);
      entry.healed();
    }
  }

  /** The failure that hits, if there is one. Uses it up by one. */
  take<K extends Kind>(kind: K, wanted: (failure: OfKind<K>) => boolean = () => true) {
    for (const entry of this.#active) {
      if (entry.failure.kind !== kind) continue;
      const failure = entry.failure as OfKind<K>;
      if (!wanted(failure)) continue;
      entry.left -= 1;
      if (entry.left <= 0) this.#active.delete(entry);
      return { failure, end: entry.end };
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
  if (kind === 'cutWatches' && !(failure.everyMs > 0)) {
    throw new SetupError(
      `the failure cutWatches cannot happen every ${failure.everyMs} ms: expected more than 0`,
    );
  }
  if (kind === 'serverError') {
    const { status = 500 } = failure;
    if (status !== 429 && (!Number.isInteger(status) || status < 500 || status > 599)) {
      throw new SetupError(
        `the failure serverError cannot have status ${status}: expected 429 or 500 to 599`,
      );
    }
  }
}
