/** PressHandler: checks what comes in on the press topics, decides, writes it down, and only then answers. */
import type { Logger } from '../../../config/src/log.ts';
import { messageOf } from '../../../config/src/setup-error.ts';
import type { Press, Status } from '../../../protocol/src/messages.ts';
import { decode, type Refusal } from '../../../protocol/src/node/envelope.ts';
import { pressedButton } from '../../../protocol/src/node/names-in-topics.ts';
import { pressSchema } from '../../../protocol/src/node/schemas.ts';
import type { SigningKey } from '../../../protocol/src/sign.ts';
import { maxQueued, type StatusOutbox } from '../buttons/status-outbox.ts';
import type { Clock } from '../common/clock.ts';
import type { Journal } from '../journal/index.ts';
import { beingReleased, clusterOf, newestLive } from '../journal/queries.ts';
import { type ButtonRecord, type PressRecord, stands } from '../journal/records.ts';
import { Answer, type Terms } from './answer.ts';
import type { Counters } from './counters.ts';
import { LogThrottle } from './log-throttle.ts';
import { type Decision, decide, type Known } from './policy.ts';

export interface PressHandlerDeps {
  journal: Journal;
  outbox: StatusOutbox;
  keys: ReadonlyMap<string, SigningKey>;
  termsOf: (button: string) => Terms;
  /** It is in the journal and its button knows: build, or give back. */
  onWork: (record: PressRecord) => void;
  /** A press was too old: perhaps the beacon that it read was. */
  onStale: () => void;
  counters: Counters;
  log: Logger;
  clock: Clock;
  /** What time it is, in seconds since 1970; after a jump also what it would be without: see ClockWatch. */
  readingsS: () => number[];
}

/** The status for a button whose signatures do not match ours. A genuine button ignores press 0. */
const wrongKey: Status = {
  press: 0,
  seq: 0,
  state: 'rejected',
  cluster: '',
  phase: '',
  percent: 0,
  upTo: 0,
  leftS: 0,
  lookAgainS: 0,
  code: 'KEY',
  line: 'Its key is not the labs: enroll it with --rekey, then flash',
};

const counterOf: Record<Refusal, 'tooLong' | 'badSignature' | 'badBody'> = {
  'too long': 'tooLong',
  'bad signature': 'badSignature',
  'bad body': 'badBody',
};

/** Button and number. */
type PressKey = `${string}/${number}`;

export class PressHandler {
  readonly #deps: PressHandlerDeps;
  /** Buttons whose last word was signed with another key than theirs. */
  readonly #strangers = new Set<string>();
  readonly #throttle = new LogThrottle();
  /** Orders that are decided and not yet on disk, by profile: the quota counts them too. */
  readonly #underWay = new Map<PressKey, string>();
  /** When this process accepted each button's last order, and when it began; by {@link Clock.ran}. */
  readonly #orderedMs = new Map<string, number>();
  readonly #startedMs: number;

  constructor(deps: PressHandlerDeps) {
    this.#deps = deps;
    this.#startedMs = deps.clock.ran();
  }

  /** Buttons that sign with another key than the settings have for them, as far as their last words tell. */
  get strangers(): string[] {
    return [...this.#strangers].filter(button => this.#deps.keys.has(button));
  }

  /** Takes a payload from the relay. Never throws: these bytes may be anybody's. */
  take(topic: string, payload: Uint8Array): void {
    const { keys, counters, outbox } = this.#deps;
    counters.received++;
    const button = pressedButton(topic);
    const key = button === undefined ? undefined : keys.get(button);
    if (button === undefined || key === undefined) {
      this.#complain('(none)', 'unknown topic', topic.length);
      return;
    }
    const decoded = decode(key, topic, payload, pressSchema);
    if (decoded.ok) this.#strangers.delete(button);
    if (!decoded.ok) {
      this.#refuse(button, decoded.reason, decoded.detail);
    } else if (outbox.queued(button) >= maxQueued) {
      counters.dropped++;
      this.#complain(button, 'too many presses at once', maxQueued);
    } else {
      void this.#handle(button, decoded.message);
    }
  }

  async #handle(button: string, press: Press): Promise<void> {
    const { outbox, journal, log, clock, readingsS, termsOf } = this.#deps;
    const terms = termsOf(button);
    let decision: Decision = { kind: 'repeat' };
    try {
      await outbox.update(button, before => {
        decision = decide(this.#knownOf(before, press, terms), press, ...readingsS());
        if (decision.kind === 'accept') this.#underWay.set(`${button}/${press.press}`, terms.profile);
        return new Answer(journal, before, press, terms, clock.now()).to(decision);
      });
      this.#after(button, press, decision);
    } catch (error) {
      // Not on disk, so not accepted: the button repeats its press.
      this.#deps.counters.unwritten++;
      if (!this.#throttle.mayBeSaid(`unwritten ${button}`, performance.now())) return;
      log.error({ button, press: press.press, reason: messageOf(error) }, 'press could not be written');
    } finally {
      this.#underWay.delete(`${button}/${press.press}`);
    }
  }

  #knownOf(before: ButtonRecord, press: Press, { profile, rules }: Terms): Known {
    const { journal } = this.#deps;
    const { button, building, lastPress, recoveredAt } = before;
    const live = newestLive(journal, button)?.press;
    const releasing = beingReleased(journal, button);
    const told = releasing !== undefined && releasing.cluster === before.status.cluster;
    const orders = journal.presses().filter(record => record.cluster !== '');
    const own = orders.filter(record => record.button === button);
    const known = new Set(orders.map(record => `${record.button}/${record.press}`));
    // Other buttons' orders that are being written at this moment count too.
    const unseen = [...this.#underWay].filter(([key, of]) => of === profile && !known.has(key));
    return {
      lastPress,
      heard: journal.press(button, press.press) !== undefined,
      standing: own.filter(stands).length,
      standingOfAll:
        orders.filter(record => record.profile === profile && stands(record)).length + unseen.length,
      rules,
      ...(own.length === 0 ? {} : { sinceOrderS: this.#sinceOrderMs(button, own) / 1000 }),
      ...(building === undefined ? {} : { building }),
      ...(recoveredAt === undefined ? {} : { recoveredS: Math.floor(recoveredAt / 1000) }),
      ...(told ? { releasing: releasing.press } : {}),
      ...(live === undefined ? {} : { live }),
    };
  }

  /** Measured where this process accepted it; else what the wall's clock says, if that is possible. Below 0: not known. */
  #sinceOrderMs(button: string, own: readonly PressRecord[]): number {
    const { now, ran } = this.#deps.clock;
    const orderedMs = this.#orderedMs.get(button);
    if (orderedMs !== undefined) return ran() - orderedMs;
    const sinceMs = now() - Math.max(...own.map(record => record.acceptedAt));
    return sinceMs < 0 ? sinceMs : Math.max(sinceMs, ran() - this.#startedMs);
  }

  #after(button: string, press: Press, decision: Decision): void {
    const { counters, outbox, journal, log, onWork } = this.#deps;
    // What a broken or hostile sender can repeat at will is said once a minute.
    const cheap = decision.kind === 'repeat' || decision.kind === 'replay' || decision.kind === 'reject';
    const said = !cheap || this.#throttle.mayBeSaid(`${decision.kind} ${button}`, performance.now());
    if (said)
      log.info({ button, press: press.press, decision: decision.kind, batteryMv: press.batteryMv }, 'press');
    switch (decision.kind) {
      case 'repeat':
        counters.repeated++;
        outbox.sayAgain(button);
        return;
      case 'replay':
        counters.replayed++;
        outbox.sayAgain(button);
        return;
      case 'join':
        counters.joined++;
        return;
      case 'show':
        counters.shown++;
        return;
      case 'release':
        counters.releases++;
        onWork(clusterOf(journal, button, decision.of));
        return;
      case 'reject':
        counters.rejected++;
        if (decision.code === 'QUOTA') counters.quota++;
        if (decision.code !== 'STALE') return;
        counters.stale++;
        this.#deps.onStale();
        return;
      case 'accept':
        counters.accepted++;
        this.#orderedMs.set(button, this.#deps.clock.ran());
        onWork(clusterOf(journal, button, press.press));
    }
  }

  #refuse(button: string, reason: Refusal, detail: string): void {
    this.#deps.counters[counterOf[reason]]++;
    if (reason === 'bad signature') this.#strangers.add(button);
    // Signed with the button's true key: a button with a wrong one sees that signatures do not match.
    if (reason === 'bad signature' && this.#throttle.mayBeSaid(`key ${button}`, performance.now())) {
      this.#deps.outbox.mention(button, wrongKey);
    }
    this.#complain(button, reason, detail);
  }

  #complain(button: string, reason: string, detail: string | number): void {
    if (!this.#throttle.mayBeSaid(`${reason} ${button}`, performance.now())) return;
    this.#deps.log.warn({ button, reason, detail }, 'press not taken (said once a minute at most)');
  }
}
