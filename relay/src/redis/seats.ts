/**
 * One connection per name across all nodes: what ../seats.ts does within one. Redis keeps who has the seat; a newer
 * connection takes it in one step and then asks the node of the older one to close that, and waits (never long) until
 * it has left and its will is on the way. So the will (beacon: offline) cannot come after the new one's first
 * message (beacon: online).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'aedes';
import type { Message, Messages } from './messages.ts';
import type { Store } from './store.ts';

interface Seat {
  name: string;
  /** `<node id> <number>` */
  id: string;
  /** Undefined: held only while the will of a dead node's client is published. */
  client: Client | undefined;
  /** aedes has the client on its list and will say when it has left. */
  registered: boolean;
  left: Promise<void>;
  leave: () => void;
}

/** From node to node: please give this seat back; it is given back. */
type Letter = { kind: 'leave'; seat: string; from: string } | { kind: 'left'; seat: string };

/** Where a node gets its letters. Clients cannot publish there: `$` is the server's own. */
const mailbox = (node: string) => `$nodes/${node}`;
const nodeOf = (seat: string) => seat.split(' ')[0] ?? '';

export class SeatsAcross {
  readonly #node: string;
  readonly #store: Store;
  readonly #mq: Messages;
  readonly #timeoutMs: number;
  readonly #onFailed: (error: Error) => void;
  /** Seats of this node by id; of each client. */
  readonly #held = new Map<string, Seat>();
  readonly #seats = new WeakMap<Client, Seat>();
  /** The last one under each name that is waiting for another node. */
  readonly #turns = new Map<string, Promise<unknown>>();
  /** Seats that another node has been asked for. */
  readonly #asked = new Map<string, () => void>();
  #count = 0;

  /** @param timeoutMs a new connection never waits longer than this for an old one */
  constructor(node: string, store: Store, mq: Messages, timeoutMs: number, onFailed: (error: Error) => void) {
    this.#node = node;
    this.#store = store;
    this.#mq = mq;
    this.#timeoutMs = timeoutMs;
    this.#onFailed = onFailed;
  }

  /** Resolves when letters arrive. */
  open(): Promise<void> {
    return new Promise(resolve =>
      this.#mq.on(
        mailbox(this.#node),
        (message, done) => {
          this.#read(message);
          done();
        },
        resolve,
      ),
    );
  }

  /** Resolves when `client` is alone under this name on all nodes; false when it has been closed meanwhile. */
  async take(name: string, client: Client): Promise<boolean> {
    const seat = this.#newSeat(name, client);
    // Closed before it was on aedes' list: aedes will not say so.
    client.conn.once('close', () => seat.registered || this.left(client));
    // One after the other: a second one here must not pass a first one that still waits for another node.
    const turn = (this.#turns.get(name) ?? Promise.resolve()).then(() => this.#takeOver(seat));
    const settled = turn.catch(() => {});
    this.#turns.set(name, settled);
    await turn.finally(() => this.#turns.get(name) === settled && this.#turns.delete(name));
    return !client.closed;
  }

  /** The seat of a client whose node is dead, while `speak` publishes its will. False: somebody else has it. */
  async inherit(name: string, deadNode: string, speak: () => Promise<void>): Promise<boolean> {
    const seat = this.#newSeat(name, undefined);
    try {
      if (!(await this.#store.inherit(name, deadNode, seat.id))) return false;
      await speak();
      await this.#store.settled();
      return true;
    } finally {
      await this.#giveBack(seat);
    }
  }

  /** aedes has put the client on its list. */
  registered(client: Client): void {
    const seat = this.#seats.get(client);
    if (seat) seat.registered = true;
  }

  /** aedes has taken the client from its list; its will, if it had one, is being published. */
  left(client: Client): void {
    const seat = this.#seats.get(client);
    if (!seat || !this.#held.has(seat.id)) return;
    this.#store
      .settled()
      .then(() => this.#giveBack(seat))
      .catch(this.#onFailed);
  }

  #newSeat(name: string, client: Client | undefined): Seat {
    let leave = (): void => {};
    const left = new Promise<void>(resolve => {
      leave = resolve;
    });
    const seat = { name, id: `${this.#node} ${++this.#count}`, client, registered: false, left, leave };
    this.#held.set(seat.id, seat);
    if (client) this.#seats.set(client, seat);
    return seat;
  }

  async #takeOver(seat: Seat): Promise<void> {
    if (seat.client?.closed) return;
    const before = await this.#store.take(seat.name, seat.id);
    if (!before) return;
    const node = nodeOf(before);
    if (node === this.#node) return this.#atMost(this.#held.get(before)?.left);
    if (!(await this.#store.isAlive(node))) return;
    const answer = new Promise<void>(resolve => this.#asked.set(before, resolve));
    this.#send(node, { kind: 'leave', seat: before, from: this.#node });
    await this.#atMost(answer).finally(() => this.#asked.delete(before));
  }

  async #atMost(wait: Promise<void> | undefined): Promise<void> {
    await Promise.race([wait, sleep(this.#timeoutMs, undefined, { ref: false })]);
  }

  async #giveBack(seat: Seat): Promise<void> {
    this.#held.delete(seat.id);
    // The answer to `leave` goes out on the same connection behind the will, so it also arrives behind it.
    seat.leave();
    await this.#store.release(seat.name, seat.id);
  }

  #send(node: string, letter: Letter): void {
    this.#mq.emit({ topic: mailbox(node), payload: Buffer.from(JSON.stringify(letter)) });
  }

  #read({ payload }: Message): void {
    const letter = JSON.parse(payload.toString()) as Letter;
    if (letter.kind === 'left') {
      this.#asked.get(letter.seat)?.();
      return;
    }
    const seat = this.#held.get(letter.seat);
    seat?.client?.close();
    const answer = () => this.#send(letter.from, { kind: 'left', seat: letter.seat });
    Promise.resolve(seat?.left).then(answer, this.#onFailed);
  }
}
