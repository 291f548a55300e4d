/**
 * Speaks to the buttons. For each button one thing after the other: change the records, write them,
 * then publish. So what a button is told is always on disk, and never in the wrong order.
 */
import type { Status } from '../../../protocol/src/messages.ts';
import { encode } from '../../../protocol/src/node/envelope.ts';
import type { SigningKey } from '../../../protocol/src/sign.ts';
import { statusTopic } from '../../../protocol/src/topics.ts';
import type { Journal } from '../journal/index.ts';
import type { Notice } from '../journal/notice.ts';
import type { ButtonRecord, PressRecord } from '../journal/records.ts';

/** Waiting work per button. More presses than this at once are dropped: the button repeats itself. */
export const maxQueued = 16;

/** What a change does: records to write, and the status that follows, without press and seq. */
export interface Update {
  presses?: readonly PressRecord[];
  lastPress?: number;
  /** The press whose build is under way; null when it is over; absent: as before. */
  building?: number | null;
  status?: Omit<Status, 'press' | 'seq'>;
}

/** The events of a change, for those who want to be told elsewhere. */
export type NoticesOf = (before: PressRecord | undefined, after: PressRecord) => readonly Notice[];

export type Publish = (topic: string, payload: Buffer, retain: boolean) => void;

export interface StatusOutboxDeps {
  journal: Journal;
  keys: ReadonlyMap<string, SigningKey>;
  publish: Publish;
  noticesOf?: NoticesOf;
}

export class StatusOutbox {
  readonly #journal: Journal;
  readonly #keys: ReadonlyMap<string, SigningKey>;
  readonly #publish: Publish;
  readonly #noticesOf: NoticesOf;
  readonly #tails = new Map<string, Promise<unknown>>();
  readonly #queued = new Map<string, number>();

  constructor({ journal, keys, publish, noticesOf = () => [] }: StatusOutboxDeps) {
    this.#journal = journal;
    this.#keys = keys;
    this.#publish = publish;
    this.#noticesOf = noticesOf;
  }

  /** How many things wait for this button. */
  queued(button: string): number {
    return this.#queued.get(button) ?? 0;
  }

  /**
   * Runs `change` when all earlier work for this button is done, writes what it returns and publishes.
   * `change` must not wait for anything: it decides on what the journal says at that moment.
   * @returns what `change` returned. Rejects when the journal could not be written; then nothing was published.
   */
  update<T extends Update | undefined>(button: string, change: (before: ButtonRecord) => T): Promise<T> {
    this.#queued.set(button, this.queued(button) + 1);
    const work = (this.#tails.get(button) ?? Promise.resolve()).then(async () => {
      const before = this.#journal.button(button);
      const update = change(before);
      if (update !== undefined) await this.#apply(before, update);
      return update;
    });
    const tail = work
      .catch(() => {})
      .then(() => {
        this.#queued.set(button, this.queued(button) - 1);
      });
    this.#tails.set(button, tail);
    return work;
  }

  /** Publishes a button's status as the journal has it. */
  sayAgain(button: string): void {
    const payload = this.newest(button);
    if (payload !== undefined) this.#publish(statusTopic(button), payload, true);
  }

  /** The same payload: what a relay should retain for this button. Undefined for one that is not ours. */
  newest(button: string): Buffer | undefined {
    const key = this.#keys.get(button);
    return key && encode(key, statusTopic(button), this.#journal.button(button).status);
  }

  /** Something said in passing: not kept, not retained, belongs to no press. */
  mention(button: string, status: Status): void {
    const key = this.#keys.get(button);
    const topic = statusTopic(button);
    if (key !== undefined) this.#publish(topic, encode(key, topic, status), false);
  }

  /** Resolves when all work that is queued now is done. */
  async drained(): Promise<void> {
    await Promise.all(this.#tails.values());
  }

  async #apply(before: ButtonRecord, update: Update): Promise<void> {
    const after = nextButton(before, update);
    const presses = update.presses ?? [];
    // In the same write as the step, so that neither is ever without the other.
    const notices = presses.flatMap(record =>
      this.#noticesOf(this.#journal.press(record.button, record.press), record),
    );
    await this.#journal.write({ presses, button: after, notices });
    // As the journal has it, to the byte: so what comes back from a relay can be held against it.
    if (update.status !== undefined) this.sayAgain(before.button);
  }
}

/** The button's record after an update; pure. Every status answers the highest number heard. */
export function nextButton(before: ButtonRecord, update: Update): ButtonRecord {
  const lastPress = Math.max(before.lastPress, update.lastPress ?? 0);
  const building = update.building === undefined ? before.building : (update.building ?? undefined);
  const seq = before.status.press === lastPress ? before.status.seq + 1 : 1;
  const { recoveredAt } = before;
  return {
    button: before.button,
    lastPress,
    ...(recoveredAt === undefined ? {} : { recoveredAt }),
    ...(building === undefined ? {} : { building }),
    status: update.status === undefined ? before.status : { ...update.status, press: lastPress, seq },
  };
}
