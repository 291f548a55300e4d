/**
 * Hands each message to those who subscribed to its topic, in place of aedes' own mqemitter. Our subscriptions are exact
 * topics, so one Map does; patterns (aedes' own, and a conformance suite's) are looked through. What made us replace it,
 * measured on aedes 1.2.0 with mqemitter 7.1.0:
 *
 * - Beyond 100 messages in flight it queues every topic: one client that stops reading stalls all others.
 * - Queued messages that nobody subscribed to are finished one inside the other: 17,000 of them (8 buttons that press
 *   2,000 times each) overflowed the stack and ended the process.
 * - It keeps two Maps for every topic: 0.4 kB for each button.
 */
import type { AedesPublishPacket } from 'aedes';
import { isPattern, patternOf } from './topic-pattern.ts';

type Done = (error?: Error) => void;
type Receiver = (packet: AedesPublishPacket, done: Done) => void;

/** aedes calls these of what it is given as `mq`. */
export class TopicRouter {
  closed = false;
  /** How many messages have been handed on. */
  round = 0;
  /** Nothing is queued here: aedes and its tools may look. */
  readonly current = 0;
  readonly concurrency = 0;
  readonly length = 0;
  /** A lone receiver stands by itself: a button's own topic has only one. */
  readonly #exact = new Map<string, Receiver | Set<Receiver>>();
  readonly #patterns: { topic: string; fits: (topic: string) => boolean; receiver: Receiver }[] = [];

  on(topic: string, receiver: Receiver, done?: () => void): this {
    if (isPattern(topic)) this.#patterns.push({ topic, fits: patternOf(topic), receiver });
    else this.#add(topic, receiver);
    if (done !== undefined) setImmediate(done);
    return this;
  }

  removeListener(topic: string, receiver: Receiver, done?: () => void): this {
    const at = this.#patterns.findIndex(each => each.topic === topic && each.receiver === receiver);
    if (at >= 0) this.#patterns.splice(at, 1);
    else this.#remove(topic, receiver);
    if (done !== undefined) setImmediate(done);
    return this;
  }

  /** `done` comes when every receiver has taken it, and never before this returns: see above. */
  emit(packet: AedesPublishPacket, done: Done = () => {}): this {
    if (this.closed) {
      setImmediate(done, new Error('the router is closed'));
      return this;
    }
    this.round += 1;
    const receivers = this.#receiversOf(packet.topic);
    let left = receivers.length;
    if (left === 0) setImmediate(done);
    for (const receiver of receivers) {
      receiver.call(this, packet, () => {
        left -= 1;
        if (left === 0) done();
      });
    }
    return this;
  }

  close(done: () => void): this {
    this.closed = true;
    setImmediate(done);
    return this;
  }

  #add(topic: string, receiver: Receiver): void {
    const had = this.#exact.get(topic);
    if (had === undefined) this.#exact.set(topic, receiver);
    else if (had instanceof Set) had.add(receiver);
    else if (had !== receiver) this.#exact.set(topic, new Set([had, receiver]));
  }

  #remove(topic: string, receiver: Receiver): void {
    const had = this.#exact.get(topic);
    if (had === receiver) this.#exact.delete(topic);
    else if (had instanceof Set && had.delete(receiver) && had.size === 0) this.#exact.delete(topic);
  }

  /** A copy: who subscribes meanwhile is not concerned. */
  #receiversOf(topic: string): Receiver[] {
    const had = this.#exact.get(topic);
    const exact = had === undefined ? [] : had instanceof Set ? [...had] : [had];
    const fitting = this.#patterns.filter(({ fits }) => fits(topic));
    return fitting.length === 0 ? exact : [...exact, ...fitting.map(({ receiver }) => receiver)];
  }
}
