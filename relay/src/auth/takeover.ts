/**
 * One connection per name, the newest ([MQTT-3.1.4-2]). A button or provisioner whose radio died comes back while
 * its old connection still looks alive: the new one must win, and nothing of the old one may come after it.
 *
 * aedes closes the old connection too, but lets the new one in without waiting for it. If the old one is closing by
 * itself in the same moment, it then strikes the new one off the list: which can never be taken over again. And only
 * the luck of ticks sends the old one's last will (beacon: offline) before the new one's first message (beacon:
 * online). So a new connection waits here, before it is let in, until the old one has left and its will is on the way.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'aedes';

interface Holder {
  client: Client;
  /** aedes has it on its list and will say when it has left. */
  registered: boolean;
  /** Resolves when this connection, and all before it, have left. */
  left: Promise<unknown>;
  leave: () => void;
}

export class Takeovers {
  readonly #holders = new Map<string, Holder>();
  readonly #takeovers = new WeakMap<Client, Holder>();
  readonly #timeoutMs: number;

  /** @param timeoutMs a new connection never waits longer than this for an old one */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** Resolves when `client` is alone under this name: true, or false when a still newer one has taken over. */
  async take(name: string, client: Client): Promise<boolean> {
    const previous = this.#holders.get(name);
    const holder = this.#newHolder(client, previous);
    this.#holders.set(name, holder);
    // Closed before it was on aedes' list: aedes will not say so.
    client.conn.once('close', () => holder.registered || this.left(client));
    if (previous) {
      previous.client.close();
      await Promise.race([previous.left, sleep(this.#timeoutMs, undefined, { ref: false })]);
    }
    return this.#holders.get(name) === holder;
  }

  /** aedes has put the client on its list. */
  registered(client: Client): void {
    const holder = this.#takeovers.get(client);
    if (holder) holder.registered = true;
  }

  /** aedes has taken the client from its list; its will, if it had one, is on the way. */
  left(client: Client): void {
    const holder = this.#takeovers.get(client);
    if (!holder) return;
    holder.leave();
    if (this.#holders.get(client.id) === holder) this.#holders.delete(client.id);
  }

  #newHolder(client: Client, previous: Holder | undefined): Holder {
    let leave = (): void => {};
    const own = new Promise<void>(resolve => {
      leave = resolve;
    });
    const holder = { client, registered: false, left: Promise.all([previous?.left, own]), leave };
    this.#takeovers.set(client, holder);
    return holder;
  }
}
