/**
 * Tells webhooks what became of presses. What waits for each of them stands in the journal, written together with
 * what it is about: a crash repeats a notice (same id), it never loses one.
 */
import { createHash } from 'node:crypto';
import type { Logger } from '../../../config/src/log.ts';
import { messageOf } from '../../../config/src/setup-error.ts';
import { processRan } from '../common/clock.ts';
import type { Journal } from '../journal/index.ts';
import type { Webhook } from '../settings/config.ts';
import { Delivery } from './delivery.ts';
import { Poster } from './post.ts';

export interface WebhooksDeps {
  journal: Journal;
  webhooks: readonly Webhook[];
  log: Logger;
  /** Milliseconds since 1970. Default: this machine's clock. */
  now?: () => number;
  /** The time in which this process ran. Default: its own. */
  ran?: () => number;
  /** 0 to below 1, for jitter only. */
  random?: () => number;
}

/** For an operator. */
export interface RefusedNotice {
  /** Place in the settings, and origin of its URL. */
  webhook: string;
  id: string;
  /** When it happened, ISO 8601. */
  at: string;
  event: string;
  button: string;
  press: number;
  /** The receiver's answer. */
  reason: string;
}

/** Enough to tell ten webhooks apart, in hex digits. */
const hookDigits = 16;

export class Webhooks {
  readonly #deliveries: Delivery[];
  readonly #journal: Journal;
  /** By the webhook's name in the journal: the one for people. */
  readonly #names: ReadonlyMap<string, string>;

  /**
   * Starts at once with what an earlier process left. Make it before anything is written to the journal: notices
   * that are written without it are kept for nobody.
   * @throws SetupError when a secret cannot be one.
   */
  constructor(deps: WebhooksDeps) {
    const { journal, webhooks, log, now = Date.now, ran = processRan, random = Math.random } = deps;
    const urls = webhooks.map(({ url }) => url);
    const made = webhooks.map((webhook, i) => {
      const name = nameOf(webhook, i);
      return { ...webhook, name, hook: hookOf(urls, i), poster: new Poster(webhook, name) };
    });
    this.#journal = journal;
    this.#names = new Map(made.map(({ hook, name }) => [hook, name]));
    journal.connect({
      addressees: ({ event }) =>
        made.filter(({ events }) => events?.includes(event) ?? true).map(({ hook }) => hook),
      onNew: () => {
        for (const delivery of this.#deliveries) delivery.wake();
      },
    });
    forgetOthers(journal, new Set(made.map(({ hook }) => hook)), log);
    this.#deliveries = made.map(
      ({ hook, name, poster }) =>
        new Delivery({ hook, poster, journal, log: log.child({ webhook: name }), now, ran, random }),
    );
  }

  /** Notices that a webhook has refused for good, oldest first. */
  refused(): RefusedNotice[] {
    return this.#journal
      .refusedNotices()
      .map(({ hook, reason, notice: { id, at, event, button, press } }) => ({
        webhook: this.#names.get(hook) ?? hook,
        ...{ id, at, event, button, press, reason },
      }));
  }

  /** Those with these ids are sent again; without ids all. Resolves, once that is on disk, with how many they are. */
  async sendAgain(ids?: readonly string[]): Promise<number> {
    const wanted = this.#journal.refusedNotices().filter(({ notice }) => ids?.includes(notice.id) ?? true);
    for (const hook of new Set(wanted.map(each => each.hook))) {
      const theirs = wanted.filter(each => each.hook === hook);
      await this.#journal.tellAgain(
        hook,
        theirs.map(({ notice }) => notice.id),
      );
    }
    return wanted.length;
  }

  /** Ends the calls under way; they are made again after the next start. Within a second. */
  async stop(): Promise<void> {
    await Promise.all(this.#deliveries.map(delivery => delivery.stop()));
  }
}

/** For a log: without the path and the query, in which some services want a secret. */
function nameOf({ url }: Webhook, i: number): string {
  return `webhooks.${i} ${new URL(url).origin}`;
}

/**
 * The webhook's name in the journal: its URL, but not to be read from there. The place in the settings may change;
 * of one URL that stands there twice, each has a name of its own.
 */
function hookOf(urls: readonly string[], i: number): string {
  const url = urls[i] ?? '';
  const before = urls.slice(0, i).filter(each => each === url).length;
  return createHash('sha256').update(`${before} ${url}`).digest('hex').slice(0, hookDigits);
}

/** Notices for webhooks that are no longer in the settings. */
function forgetOthers(journal: Journal, known: ReadonlySet<string>, log: Logger): void {
  for (const hook of journal.waitingFor()) {
    if (known.has(hook)) continue;
    const refused = journal.refusedNotices().filter(each => each.hook === hook);
    const ids = [...journal.notices(hook), ...refused.map(({ notice }) => notice)].map(({ id }) => id);
    log.warn(
      { notices: ids.length, first: ids[0] },
      'dropped notices for a webhook that is no longer in the settings',
    );
    journal.settled(hook, ids).catch((error: unknown) => {
      // They are found again at the next start.
      log.warn({ reason: messageOf(error) }, 'the journal did not take that notices were dropped');
    });
  }
}
