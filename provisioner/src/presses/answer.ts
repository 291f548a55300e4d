/** What a decision about a press changes: records, and the status that answers it. */
import type { Press } from '../../../protocol/src/messages.ts';
import { expectReleaseS, percentTaken, releaseLeftS, usualS } from '../buttons/progress.ts';
import type { Update } from '../buttons/status-outbox.ts';
import {
  phaseCallingOff,
  type Said,
  saidAccepted,
  saidBuilding,
  saidReady,
  saidRejected,
  saidReleasing,
} from '../buttons/statuses.ts';
import type { Journal } from '../journal/index.ts';
import { clusterOf, pastReleasesMs } from '../journal/queries.ts';
import type { ButtonRecord, PressRecord } from '../journal/records.ts';
import type { Rules } from '../settings/rules.ts';
import type { Decision } from './policy.ts';

/** What the button's profile says that is needed to answer a press. */
export interface Terms {
  profile: string;
  /** How long a build usually takes, and when it counts as failed, in seconds. */
  usualS: number;
  deadlineS: number;
  /** The percent at which a build's first step ends; 0 when unknown. */
  upTo: number;
  rules: Rules;
}

/** Answers presses of one button; made anew for each. */
export class Answer {
  readonly #journal: Journal;
  readonly #before: ButtonRecord;
  readonly #press: Press;
  readonly #terms: Terms;
  readonly #nowMs: number;

  constructor(journal: Journal, before: ButtonRecord, press: Press, terms: Terms, nowMs: number) {
    this.#journal = journal;
    this.#before = before;
    this.#press = press;
    this.#terms = terms;
    this.#nowMs = nowMs;
  }

  /** Undefined when nothing changes. */
  to(decision: Decision): Update | undefined {
    const lastPress = this.#press.press;
    switch (decision.kind) {
      case 'repeat':
      case 'replay':
        return undefined;
      case 'accept': {
        const { upTo, usualS: usual } = this.#terms;
        const record = this.#record({ step: 'accepted', cluster: `${this.#before.button}-${lastPress}` });
        const status = saidAccepted(record.cluster, upTo, usual);
        return { presses: [record], lastPress, building: lastPress, status };
      }
      case 'join':
        return { presses: [this.#about(decision.of)], lastPress, status: this.#newsOf(decision.of) };
      case 'show':
        return {
          presses: [this.#about(decision.of)],
          lastPress,
          status: saidReady(
            clusterOf(this.#journal, this.#before.button, decision.of),
            this.#nowMs,
            this.#terms.rules,
          ),
        };
      case 'release':
        return this.#release(decision.of);
      case 'reject': {
        const { code, line } = decision;
        const record = this.#record({ step: 'rejected', line, endedAt: this.#nowMs });
        return { presses: [record], lastPress, status: saidRejected(code, line) };
      }
    }
  }

  /** The order is on record with the cluster before the platform hears of it. */
  #release(of: number): Update {
    const cluster = clusterOf(this.#journal, this.#before.button, of);
    const release = {
      by: 'button' as const,
      press: this.#press.press,
      percent: 0,
      askedAt: this.#nowMs,
    };
    const made: PressRecord = { ...cluster, step: 'releasing', release };
    return {
      presses: [made, this.#about(of)],
      lastPress: this.#press.press,
      // What is called off is not being built any more.
      ...(this.#before.building === of ? { building: null } : {}),
      status: this.#releasing(made),
    };
  }

  /** The same news under the new number; said anew when the last word was about something else. */
  #newsOf(of: number): Said {
    const record = clusterOf(this.#journal, this.#before.button, of);
    if (this.#before.status.cluster === record.cluster) return this.#before.status;
    if (record.step === 'releasing') return this.#releasing(record);
    return saidBuilding(record, this.#terms.usualS);
  }

  #releasing({ cluster, profile, release, address }: PressRecord): Said {
    const wasReady = address !== undefined;
    const { percent = 0, askedAt = this.#nowMs } = release ?? {};
    const usual = usualS(pastReleasesMs(this.#journal, profile), expectReleaseS);
    const left = releaseLeftS(usual, Math.max(0, this.#nowMs - askedAt) / 1000);
    const upTo = percent < percentTaken ? percentTaken : 100;
    return saidReleasing(cluster, wasReady ? 'giving it back' : phaseCallingOff, percent, upTo, left);
  }

  /** The record of a press that is about another one's cluster. */
  #about(of: number): PressRecord {
    return this.#record({ step: 'joined', of, endedAt: this.#nowMs });
  }

  #record(change: Partial<PressRecord>): PressRecord {
    const { press, batteryMv, rssiDbm, firmware } = this.#press;
    return {
      button: this.#before.button,
      press,
      profile: this.#terms.profile,
      step: 'rejected',
      history: [],
      cluster: '',
      acceptedAt: this.#nowMs,
      deadlineAt: this.#nowMs + this.#terms.deadlineS * 1000,
      percent: 0,
      told: { batteryMv, rssiDbm, firmware },
      ...change,
    };
  }
}
