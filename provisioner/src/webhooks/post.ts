/** One POST to one webhook, directly: the settings' proxy leads to the relay, a webhook is reached from within the lab. */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'undici';
import { oneLine } from '../common/line.ts';
import type { Notice } from '../journal/notice.ts';
import type { Webhook } from '../settings/config.ts';
import { signatureHeaders, webhookKey } from '../settings/webhook-signature.ts';
import { nodeReason } from '../uplink/hop-error.ts';

/** For all of a call; a receiver that works longer should answer first (milliseconds). */
export const callTimeoutMs = 10_000;

/** Nobody reads the answer's body; one that is longer costs the connection (bytes). */
const maxAnswerBytes = 65_536;

/** In a log, in characters. */
const maxReasonLength = 200;

/**
 * taken: answered with 2xx. refused: a 4xx, which another try would not change. retry: anything else, and why.
 * `afterMs`: not before, said the receiver.
 */
export type Outcome =
  | { kind: 'taken' }
  | { kind: 'refused'; reason: string }
  | { kind: 'retry'; reason: string; afterMs?: number };

export class Poster {
  readonly #url: string;
  readonly #key: Buffer;
  readonly #agent: Agent;

  /** @throws SetupError when the secret cannot be one. @param what names the webhook in errors. */
  constructor({ url, secret, ca }: Webhook, what: string) {
    this.#url = url;
    this.#key = webhookKey(secret, `the secret of ${what}`);
    const connect = { timeout: callTimeoutMs, ...(ca === undefined ? {} : { ca }) };
    this.#agent = new Agent({ connections: 1, connect });
  }

  /** Never rejects. Redirects are not followed: what was signed for one place goes nowhere else. */
  async post(notice: Notice, nowMs: number): Promise<Outcome> {
    const body = JSON.stringify(notice);
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), callTimeoutMs);
    try {
      const answer = await request(this.#url, {
        dispatcher: this.#agent,
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'user-agent': userAgent(),
          ...signatureHeaders(this.#key, notice.id, nowMs, body),
        },
        body,
        signal: limit.signal,
      });
      // The status has decided; read all the same, so that the connection can be used again.
      await answer.body.dump({ limit: maxAnswerBytes }).catch(() => {});
      return outcomeOf(answer.statusCode, answer.headers['retry-after']);
    } catch (error) {
      const reason = limit.signal.aborted ? `no answer within ${callTimeoutMs} ms` : nodeReason(error);
      return { kind: 'retry', reason: oneLine(reason, maxReasonLength) };
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends a call under way, and every later one. */
  close(): Promise<void> {
    return this.#agent.destroy();
  }
}

/** Of all 4xx those that speak of the moment (RFC 9110, 8470, 6585): timeout, too early, too many requests. */
const mayPass = [408, 425, 429];

function outcomeOf(status: number, retryAfter: string | string[] | undefined): Outcome {
  if (status >= 200 && status < 300) return { kind: 'taken' };
  if (status >= 400 && status < 500 && !mayPass.includes(status))
    return { kind: 'refused', reason: `it answered ${status}` };
  const afterS = Number(retryAfter);
  const after = Number.isFinite(afterS) && afterS > 0 ? { afterMs: afterS * 1000 } : {};
  return { kind: 'retry', reason: `it answered ${status}`, ...after };
}

let agentName: string | undefined;

/** `dashbutton/<version>`. */
function userAgent(): string {
  if (agentName === undefined) {
    const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
    agentName = `dashbutton/${String(version)}`;
  }
  return agentName;
}
