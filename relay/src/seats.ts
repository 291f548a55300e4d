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

interface Seat {
  client: Client;
  /** aedes has it on its list and will say when it has left. */
  registered: boolean;
  /** Resolves when this connection, and all before it, have left. */
  left: Promise<unknown>;
  leave: () => void;
}

export class Seats {
  readonly #holders = new Map<string, Seat>();
  readonly #seats = new WeakMap<Client, Seat>();
  readonly #timeoutMs: number;

  /** @param timeoutMs a new connection never waits longer than this for an old one */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** Resolves when `client` is alone under this name: true, or false when a still newer one has taken over. */
  async take(name: string, client: Client): Promise<boolean> {
    const previous = this.#holders.get(name);
    const seat = this.#newSeat(client, previous);
    this.#holders.set(name, seat);
    // Closed before it was on aedes' list: aedes will not say so.
    client.conn.once('close', () => seat.registered || this.left(client));
    if (previous) {
      previous.client.close();
      await Promise.race([previous.left, sleep(this.#timeoutMs, undefined, { ref: false })]);
    }
    return this.#holders.get(name) === seat;
  }

  /** aedes has put the client on its list. */
  registered(client: Client): void {
    const seat = this.#seats.get(client);
    if (seat) seat.registered = true;
  }

  /** aedes has taken the client from its list; its will, if it had one, is on the way. */
  left(client: Client): void {
    const seat = this.#seats.get(client);
    if (!seat) return;
    seat.leave();
    if (this.#holders.get(client.id) === seat) this.#holders.delete(client.id);
  }

  #newSeat(client: Client, previous: Seat | undefined): Seat {
    let leave = (): void => {};
    const own = new Promise<void>(resolve => {
      leave = resolve;
    });
    const seat = { client, registered: false, left: Promise.all([previous?.left, own]), leave };
    this.#seats.set(client, seat);
    return seat;
  }
}
