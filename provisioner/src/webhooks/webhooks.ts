/**
 * Tells webhooks what became of presses. What waits for each of them stands in the journal, written together with
 * what it is about: a crash repeats a notice (same id), it never loses one.
 */
import { createHash } from 'node:crypto';
import type { Logger } from '../../../config/src/log.ts';
import { messageOf } from '../../../config/src/setup-error.ts';
import type { Journal } from '../journal/index.ts';
import type { Webhook } from '../settings/config.ts';
import { Courier } from './courier.ts';
import { Poster } from './post.ts';

export interface WebhooksDeps {
  journal: Journal;
  webhooks: readonly Webhook[];
  log: Logger;
  /** Milliseconds since 1970. Default: this machine's clock. */
  now?: () => number;
  /** 0 to below 1, for jitter only. */
  random?: () => number;
}

/** Enough to tell ten webhooks apart, in hex digits. */
const hookDigits = 16;

export class Webhooks {
  readonly #couriers: Courier[];

  /**
   * Starts at once with what an earlier process left. Make it before anything is written to the journal: notices
   * that are written without it are kept for nobody.
   * @throws SetupError when a secret cannot be one.
   */
  constructor({ journal, webhooks, log, now = Date.now, random = Math.random }: WebhooksDeps) {
    const urls = webhooks.map(({ url }) => url);
    const made = webhooks.map((webhook, i) => {
      const name = nameOf(webhook, i);
      return { ...webhook, name, hook: hookOf(urls, i), poster: new Poster(webhook, name) };
    });
    journal.connect({
      addressees: ({ event }) =>
        made.filter(({ events }) => events?.includes(event) ?? true).map(({ hook }) => hook),
      onNew: () => {
        for (const courier of this.#couriers) courier.wake();
      },
    });
    forgetOthers(journal, new Set(made.map(({ hook }) => hook)), log);
    this.#couriers = made.map(
      ({ hook, name, poster }) =>
        new Courier({ hook, poster, journal, log: log.child({ webhook: name }), now, random }),
    );
  }

  /** Ends the calls under way; they are made again after the next start. Within a second. */
  async stop(): Promise<void> {
    await Promise.all(this.#couriers.map(courier => courier.stop()));
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
    const ids = journal.notices(hook).map(({ id }) => id);
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
