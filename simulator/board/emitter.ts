/** Listeners by name, as Node's emitter has them, for a board that also runs where there is no Node. */

type Listener<A extends unknown[]> = (...args: A) => void;
type Events<E> = { [K in keyof E]: unknown[] };
/** Which arguments the listener takes, its event's name says. */
type Entry = { listener: unknown; once: boolean };

export class Emitter<E extends Events<E>> {
  readonly #entries = new Map<keyof E, Entry[]>();

  on<K extends keyof E>(event: K, listener: Listener<E[K]>): this {
    return this.#add(event, { listener, once: false });
  }

  /** For the next event only. */
  once<K extends keyof E>(event: K, listener: Listener<E[K]>): this {
    return this.#add(event, { listener, once: true });
  }

  off<K extends keyof E>(event: K, listener: Listener<E[K]>): this {
    return this.#keep(event, entry => entry.listener !== listener);
  }

  /** All of one event, or all. */
  removeAllListeners(event?: keyof E): this {
    if (event === undefined) this.#entries.clear();
    else this.#entries.delete(event);
    return this;
  }

  /** Calls whoever listens now, in the order in which they came. */
  emit<K extends keyof E>(event: K, ...args: E[K]): void {
    for (const entry of [...(this.#entries.get(event) ?? [])]) {
      if (entry.once) this.#keep(event, other => other !== entry);
      (entry.listener as Listener<E[K]>)(...args);
    }
  }

  #add(event: keyof E, entry: Entry): this {
    this.#entries.set(event, [...(this.#entries.get(event) ?? []), entry]);
    return this;
  }

  #keep(event: keyof E, wanted: (entry: Entry) => boolean): this {
    this.#entries.set(event, (this.#entries.get(event) ?? []).filter(wanted));
    return this;
  }
}
