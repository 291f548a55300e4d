/** Simple records of the platform that can be listed, added, changed and removed: providers and ACI profiles. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { badRequest, recordNotFound } from '../errors.ts';
import type { Answer, Call } from '../router.ts';
import { checkBody } from './check.ts';

/** What is inside one laboratory at most; nobody needs more, and a runaway client should find out. */
const maxRecords = 100;

export class Records<T extends object> {
  readonly #all = new Map<string, T & { id: string }>();
  readonly #schema: z.ZodType<T>;
  readonly #isUsed: (id: string) => boolean;
  readonly #hidden: Partial<Record<keyof T, ''>>;

  /**
   * @param hidden what takes the place of fields that can be written and not read
   * @param isUsed whether a cluster needs the record, which then cannot be removed (assumed)
   */
  constructor(
    first: readonly (T & { id: string })[],
    schema: z.ZodType<T>,
    hidden: Partial<Record<keyof T, ''>>,
    isUsed: (id: string) => boolean,
  ) {
    for (const record of first) this.#all.set(record.id, record);
    this.#schema = schema;
    this.#hidden = hidden;
    this.#isUsed = isUsed;
  }

  find(id: string): (T & { id: string }) | undefined {
    return this.#all.get(id);
  }

  list(): Answer {
    return { status: 200, json: [...this.#all.values()].map(record => this.#view(record)) };
  }

  read(call: Call): Answer {
    return { status: 200, json: this.#view(this.#byId(call)) };
  }

  /** All fields that the schema wants. */
  add(call: Call): Answer {
    if (this.#all.size >= maxRecords) throw badRequest(`there are ${maxRecords} already`);
    const record = { ...checkBody(call.body, this.#schema), id: randomUUID() };
    this.#all.set(record.id, record);
    return { status: 200, json: this.#view(record) };
  }

  /** Fields that are not there stay as they are. */
  change(call: Call): Answer {
    const old = this.#byId(call);
    const given = checkBody(call.body, z.record(z.string(), z.unknown()));
    const record = { ...checkBody(JSON.stringify({ ...old, ...given }), this.#schema), id: old.id };
    this.#all.set(record.id, record);
    return { status: 200, json: this.#view(record) };
  }

  /** The code is assumed. */
  remove(call: Call): Answer {
    const { id } = this.#byId(call);
    if (this.#isUsed(id)) throw badRequest('a cluster uses it');
    this.#all.delete(id);
    return { status: 204 };
  }

  #byId(call: Call): T & { id: string } {
    const record = this.#all.get(call.params.id ?? '');
    if (record === undefined) throw recordNotFound();
    return record;
  }

  #view(record: T & { id: string }): object {
    return { ...record, ...this.#hidden };
  }
}
