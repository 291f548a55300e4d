/** Reception: checks what comes in on the press topics, decides, writes it down, and only then answers. */
import type { Logger } from '../../config/src/log.ts';
import { messageOf } from '../../config/src/setup-error.ts';
import type { Code, Press, Status } from '../../protocol/src/messages.ts';
import { decode, type Refusal } from '../../protocol/src/node/envelope.ts';
import { pressSchema } from '../../protocol/src/node/schemas.ts';
import type { SigningKey } from '../../protocol/src/sign.ts';
import { pressTopic } from '../../protocol/src/topics.ts';
import { Complaints } from './complaints.ts';
import type { Counters } from './counters.ts';
import { type Desk, maxQueued, type Update } from './desk.ts';
import { type Decision, decide } from './intake.ts';
import type { Journal } from './journal.ts';
import { lookAgainS } from './progress.ts';
import type { ButtonRecord, PressRecord } from './records.ts';

/** What the button's profile says that is needed to accept a press. */
export interface Terms {
  profile: string;
  /** How long a build usually takes, and when it counts as failed, in seconds. */
  usualS: number;
  deadlineS: number;
}

export interface ReceptionDeps {
  journal: Journal;
  desk: Desk;
  keys: ReadonlyMap<string, SigningKey>;
  termsOf: (button: string) => Terms;
  /** A press is in the journal and its button knows: build. */
  onAccepted: (record: PressRecord) => void;
  /** A press was too old: perhaps the beacon that it read was. */
  onStale: () => void;
  counters: Counters;
  log: Logger;
  /** Milliseconds since 1970. */
  now: () => number;
}

/** The status for a button whose signatures do not match ours. A genuine button ignores press 0. */
const wrongKey: Status = {
  press: 0,
  seq: 0,
  state: 'rejected',
  cluster: '',
  phase: '',
  percent: 0,
  leftS: 0,
  lookAgainS: 0,
  code: 'KEY',
  line: 'Signature does not match this key',
};

const counterOf: Record<Refusal, 'tooLong' | 'badSignature' | 'badBody'> = {
  'too long': 'tooLong',
  'bad signature': 'badSignature',
  'bad body': 'badBody',
};

export class Reception {
  readonly #deps: ReceptionDeps;
  readonly #buttons: ReadonlyMap<string, string>;
  readonly #complaints = new Complaints();

  constructor(deps: ReceptionDeps) {
    this.#deps = deps;
    this.#buttons = new Map([...deps.keys.keys()].map(button => [pressTopic(button), button]));
  }

  /** Takes a payload from the relay. Never throws: these bytes may be anybody's. */
  take(topic: string, payload: Uint8Array): void {
    const { keys, counters, desk } = this.#deps;
    counters.received++;
    const button = this.#buttons.get(topic);
    const key = button === undefined ? undefined : keys.get(button);
    if (button === undefined || key === undefined) {
      this.#complain('(none)', 'unknown topic', topic.length);
      return;
    }
    const decoded = decode(key, topic, payload, pressSchema);
    if (!decoded.ok) {
      this.#refuse(button, decoded.reason, decoded.detail);
    } else if (desk.queued(button) >= maxQueued) {
      counters.dropped++;
      this.#complain(button, 'too many presses at once', maxQueued);
    } else {
      void this.#handle(button, decoded.message);
    }
  }

  async #handle(button: string, press: Press): Promise<void> {
    const { desk, log } = this.#deps;
    let decision: Decision = { kind: 'repeat' };
    try {
      await desk.update(button, before => {
        decision = decide(this.#knownOf(before, press), press, Math.floor(this.#deps.now() / 1000));
        return this.#updateFor(before, press, decision);
      });
      this.#after(button, press, decision);
    } catch (error) {
      // Not on disk, so not accepted: the button repeats its press.
      log.error({ button, press: press.press, reason: messageOf(error) }, 'press could not be written');
    }
  }

  #knownOf(before: ButtonRecord, press: Press) {
    return {
      lastPress: before.lastPress,
      heard: this.#deps.journal.press(before.button, press.press) !== undefined,
      ...(before.building === undefined ? {} : { building: before.building }),
    };
  }

  /** What a decision changes. Pure but for the clock. */
  #updateFor(before: ButtonRecord, press: Press, decision: Decision): Update | undefined {
    const heard = (record: Partial<PressRecord>) => this.#record(before.button, press, record);
    switch (decision.kind) {
      case 'repeat':
      case 'replay':
        return undefined;
      case 'accept': {
        const { usualS } = this.#deps.termsOf(before.button);
        const record = heard({ step: 'accepted', cluster: `${before.button}-${press.press}` });
        const times = { leftS: usualS, lookAgainS: lookAgainS(usualS) };
        const status = {
          state: 'accepted' as const,
          cluster: record.cluster,
          phase: 'accepted',
          percent: 0,
          ...times,
        };
        return { presses: [record], lastPress: press.press, building: press.press, status };
      }
      case 'join': {
        // The same news under the new number: the press and seq of a status are the desk's to give.
        const record = heard({ step: 'joined', of: decision.building, endedAt: this.#deps.now() });
        return { presses: [record], lastPress: press.press, status: before.status };
      }
      case 'reject': {
        const record = heard({ step: 'rejected', line: decision.line, endedAt: this.#deps.now() });
        return { presses: [record], lastPress: press.press, status: rejected(decision.code, decision.line) };
      }
    }
  }

  #after(button: string, press: Press, decision: Decision): void {
    const { counters, desk, journal, log } = this.#deps;
    log.info({ button, press: press.press, decision: decision.kind, batteryMv: press.batteryMv }, 'press');
    switch (decision.kind) {
      case 'repeat':
        counters.repeated++;
        desk.sayAgain(button);
        return;
      case 'replay':
        counters.replayed++;
        desk.sayAgain(button);
        return;
      case 'join':
        counters.joined++;
        return;
      case 'reject':
        counters.rejected++;
        if (decision.code !== 'STALE') return;
        counters.stale++;
        this.#deps.onStale();
        return;
      case 'accept': {
        counters.accepted++;
        const record = journal.press(button, press.press);
        if (record !== undefined) this.#deps.onAccepted(record);
      }
    }
  }

  #record(button: string, press: Press, change: Partial<PressRecord>): PressRecord {
    const { profile, deadlineS } = this.#deps.termsOf(button);
    const acceptedAt = this.#deps.now();
    return {
      button,
      press: press.press,
      profile,
      step: 'rejected',
      cluster: '',
      acceptedAt,
      deadlineAt: acceptedAt + deadlineS * 1000,
      percent: 0,
      told: { batteryMv: press.batteryMv, rssiDbm: press.rssiDbm, firmware: press.firmware },
      ...change,
    };
  }

  #refuse(button: string, reason: Refusal, detail: string): void {
    this.#deps.counters[counterOf[reason]]++;
    // Signed with the button's true key: a button with a wrong one sees that signatures do not match.
    if (reason === 'bad signature' && this.#complaints.mayBeSaid(`key ${button}`, performance.now())) {
      this.#deps.desk.mention(button, wrongKey);
    }
    this.#complain(button, reason, detail);
  }

  #complain(button: string, reason: string, detail: string | number): void {
    if (!this.#complaints.mayBeSaid(`${reason} ${button}`, performance.now())) return;
    this.#deps.log.warn({ button, reason, detail }, 'press not taken (said once a minute at most)');
  }
}

function rejected(code: Code, line: string): Omit<Status, 'press' | 'seq'> {
  return {
    state: 'rejected',
    cluster: '',
    phase: 'rejected',
    percent: 0,
    leftS: 0,
    lookAgainS: 0,
    code,
    line,
  };
}
