/**
 * Backpressure: what happens when a client's socket takes no more. aedes lets everybody wait until it does, because a publish is done
 * only when each receiver has been written to: others were seen to wait 20 s. Here they wait a moment at most; the
 * socket's own buffer is the client's queue, bounded, and who fills it or takes nothing for too long is dropped.
 */
import type { Client } from 'aedes';
import type { Limits } from './limits.ts';

/** How long others wait for one client at a time: what a healthy one needs to empty its buffer (milliseconds). */
const graceMs = 50;

export type StallReason = 'queue-full' | 'stalled';

/** aedes calls it on a client whose socket said "no more". */
type WaitForDrain = (this: Client, done: (error: null, client: Client) => void) => void;

interface Stall {
  waiting: (() => void)[];
  grace: NodeJS.Timeout | undefined;
  drop: NodeJS.Timeout;
}

/**
 * One function for all clients; there is state only while a client is stalled.
 * @param queueBytes of this client, see limits.ts
 * @param onDrop told before a client is dropped
 */
export function makeWaitForDrain(
  { stallTimeoutMs }: Pick<Limits, 'stallTimeoutMs'>,
  queueBytes: (client: Client) => number,
  onDrop: (client: Client, reason: StallReason) => void,
): WaitForDrain {
  const stalls = new WeakMap<Client, Stall>();
  const begin = (client: Client): Stall => {
    const stall: Stall = {
      waiting: [],
      grace: setTimeout(() => release(stall), graceMs),
      drop: setTimeout(() => drop(client, stall, 'stalled'), stallTimeoutMs).unref(),
    };
    stalls.set(client, stall);
    // aedes emits it when it closes a client, too.
    client.conn.once('drain', () => {
      clearTimeout(stall.drop);
      stalls.delete(client);
      release(stall);
    });
    return stall;
  };
  const drop = (client: Client, stall: Stall, reason: StallReason) => {
    clearTimeout(stall.drop);
    release(stall);
    if (client.conn.destroyed) return;
    onDrop(client, reason);
    client.conn.destroy();
  };
  return function (this: Client, done) {
    const goOn = () => done(null, this);
    if (this.closed || this.conn.destroyed) {
      setImmediate(goOn);
      return;
    }
    const stall = stalls.get(this) ?? begin(this);
    if (this.conn.writableLength > queueBytes(this)) drop(this, stall, 'queue-full');
    if (stall.grace === undefined) setImmediate(goOn);
    else stall.waiting.push(goOn);
  };
}

/** Nobody waits for this client any more, until it has drained. */
function release(stall: Stall): void {
  clearTimeout(stall.grace);
  stall.grace = undefined;
  // Never inside one another: thousands may wait.
  for (const goOn of stall.waiting.splice(0)) setImmediate(goOn);
}
