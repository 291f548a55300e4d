/**
 * Which nodes are alive, by signs of life in Redis; and the last words of clients whose node has died.
 *
 * aedes has this too (heartbeats over $SYS, every 60 s), but calls a node dead after three minutes and looks every
 * four, and asks our access rules with no user at hand: then the will is refused, and the beacon stays "online".
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { SeatsAcross } from './seats.ts';
import type { Store, Will } from './store.ts';
import type { Timing } from './timing.ts';

/** Enough to read what has arrived, in milliseconds. */
const graceMs = 50;

export interface Members {
  /** Stops the signs of life. */
  stop(): void;
}

/**
 * Joins the other nodes, and gives signs of life until stopped.
 * @param publish a dead client's will, to everybody
 * @param onFailed told once when Redis does not answer in time, or counts this node as dead
 */
export async function join(
  node: string,
  store: Store,
  seats: SeatsAcross,
  timing: Timing,
  publish: (name: string, will: Will) => Promise<void>,
  onFailed: (error: Error) => void,
): Promise<Members> {
  await store.join(node, timing.leaseMs);
  let running = true;
  const fail = (error: Error) => {
    if (running) onFailed(error);
  };

  async function bury(dead: string): Promise<void> {
    // One after the other: only provisioners have wills, and of these there are few.
    for (const [name, will] of await store.willsOf(dead)) {
      await seats.inherit(name, dead, () => publish(name, will));
    }
    await store.bury(dead);
  }

  async function buryAll(): Promise<void> {
    for (const dead of await store.deadNodes()) await bury(dead);
  }

  async function giveSign(): Promise<void> {
    const late = new AbortController();
    const tooLate = sleep(timing.answerMs, undefined, { signal: late.signal, ref: false })
      // If this process itself was held up, the answer may be here, unread.
      .then(() => sleep(graceMs, undefined, { signal: late.signal, ref: false }))
      .then(() => {
        throw new Error(`no answer within ${timing.answerMs} ms`);
      });
    const alive = await Promise.race([store.renew(node, timing.leaseMs), tooLate]).finally(() =>
      late.abort(),
    );
    if (!alive) throw new Error('this node was silent for too long');
  }

  async function live(): Promise<void> {
    let burying = false;
    while (running) {
      await giveSign();
      // Beside the signs of life, which must not wait for it.
      if (!burying) {
        burying = true;
        buryAll()
          .catch(fail)
          .finally(() => {
            burying = false;
          });
      }
      await sleep(timing.heartbeatMs, undefined, { ref: false });
    }
  }

  live().catch(fail);
  return {
    stop: () => {
      running = false;
    },
  };
}
