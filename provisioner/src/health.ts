/** How every part is doing: for health checks, metrics and the doctor. */
import type { Logger } from '../../config/src/log.ts';
import { messageOf } from '../../config/src/setup-error.ts';
import type { Jump } from './common/clock.ts';
import type { Platform } from './common/platform.ts';
import type { Fault } from './uplink/hop-error.ts';
import type { Learned } from './uplink/quiet-limit.ts';
import type { RelayState } from './uplink/relays.ts';
import type { Rival } from './uplink/rivals.ts';

/** `reason` is one line for a person, `fault` of a relay the same for a program. */
export type PartHealth = { ok: true } | { ok: false; reason: string; fault?: Fault };

export const healthy: PartHealth = { ok: true };

export interface Health {
  /** Well when one relay at least is: presses come, and are answered. */
  relay: PartHealth;
  /** Each by its host:port. */
  relays: Readonly<Record<string, PartHealth>>;
  /** Of relays whose connections are cut on the way when they are quiet, as far as that is known. */
  quiet?: Readonly<Record<string, Learned>>;
  journal: PartHealth;
  /** By the platform's name in the settings; as the last check saw it. */
  platforms: Readonly<Record<string, PartHealth>>;
  /** Buttons that sign with another key than the settings have for them. */
  strangers?: readonly string[];
  /** How often this machine's clock has jumped since the start, and how the last time. */
  clock?: { readonly count: number; readonly last?: Jump };
  /** Another provisioner with the same login, as it was heard last. */
  rival?: Rival;
}

/** What the parts say of themselves. */
export interface PartsToAsk {
  relays: readonly Pick<RelayState, 'name' | 'connected' | 'lastError' | 'lastFault' | 'learned'>[];
  /** Undefined while a relay is connected. */
  lastError: string | undefined;
  /** Why the journal cannot be written; undefined while it can. */
  journalBroken: string | undefined;
  platforms: Record<string, PartHealth>;
  strangers: readonly string[];
  clock: { readonly count: number; readonly last?: Jump };
  rival: Rival | undefined;
}

const notYet = 'not connected yet';

export function healthOf({ relays, lastError, journalBroken, rival, ...more }: PartsToAsk): Health {
  const one = (isWell: boolean, reason = notYet, fault?: Fault): PartHealth =>
    isWell ? healthy : { ok: false, reason, ...(fault === undefined ? {} : { fault }) };
  return {
    relay: one(
      relays.some(({ connected }) => connected),
      lastError,
    ),
    relays: Object.fromEntries(
      relays.map(({ name, connected, lastError: why, lastFault }) => [name, one(connected, why, lastFault)]),
    ),
    quiet: Object.fromEntries(
      relays.flatMap(({ name, learned }) => (learned === undefined ? [] : [[name, learned]])),
    ),
    journal: one(journalBroken === undefined, journalBroken),
    ...more,
    ...(rival === undefined ? {} : { rival }),
  };
}

/**
 * How often each platform is asked, in milliseconds: an operator hears of a changed password before the next press,
 * and a slow list (6 s were seen) is not asked for all the time.
 */
const checkEveryMs = 300_000;

/** Asks each platform at once and then now and again, and says in the log when one begins or ceases to answer. */
export class PlatformChecks {
  readonly #platforms: ReadonlyMap<string, Platform>;
  readonly #log: Logger;
  readonly #last = new Map<string, PartHealth>();
  readonly #stop = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #onAnswer: (name: string, platform: Platform, signal: AbortSignal) => void;

  /** @param onAnswer called when a platform begins to answer: at the start, and after each time that it did not. */
  constructor(
    platforms: ReadonlyMap<string, Platform>,
    log: Logger,
    onAnswer: (name: string, platform: Platform, signal: AbortSignal) => void = () => {},
  ) {
    this.#platforms = platforms;
    this.#log = log;
    this.#onAnswer = onAnswer;
    this.#timer = setInterval(() => this.#askAll(), checkEveryMs);
    this.#askAll();
  }

  health(): Record<string, PartHealth> {
    const unasked: PartHealth = { ok: false, reason: 'not asked yet' };
    return Object.fromEntries(
      [...this.#platforms.keys()].map(name => [name, this.#last.get(name) ?? unasked]),
    );
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#stop.abort();
  }

  #askAll(): void {
    for (const [name, platform] of this.#platforms) void this.#ask(name, platform);
  }

  async #ask(name: string, platform: Platform): Promise<void> {
    const now = await platform.check(this.#stop.signal).then(
      () => healthy,
      (error: unknown): PartHealth => ({ ok: false, reason: messageOf(error) }),
    );
    if (this.#stop.signal.aborted) return;
    const before = this.#last.get(name);
    this.#last.set(name, now);
    if (now.ok && before?.ok !== true) {
      this.#log.info({ platform: name }, 'platform answers');
      this.#onAnswer(name, platform, this.#stop.signal);
    }
    if (!now.ok && before?.ok !== false) {
      this.#log.warn({ platform: name, reason: now.reason }, 'platform cannot be used now');
    }
  }
}
