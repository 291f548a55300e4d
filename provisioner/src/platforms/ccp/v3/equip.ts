/** Installs add-ons, one step at a call: the platform's own list of them says what is left to do. */
import { oneLine } from '../../../common/line.ts';
import { isRefusal, PlatformError } from '../../../common/platform.ts';
import { maxWordsLength } from '../answer-text.ts';
import { type Api, part } from '../api.ts';
import {
  type AddOnName,
  addOnNamed,
  bodyFor,
  chartsOf,
  conflictsIn,
  type Installed,
  installedOf,
} from './addons.ts';

/** An operator is given this long before its second part is asked for (`ccp-api`, section 4.5), in milliseconds. */
const operatorSettlesMs = 2_000;

/** Clusters whose add-ons are under way at once; the times of older ones are forgotten, which costs 2 s. */
const maxRemembered = 1_000;

export class Equipper {
  readonly #api: Api;
  readonly #nowMs: () => number;
  /** When each chart was first seen in the list by this process, by cluster id and name. */
  readonly #seenMs = new Map<string, number>();

  /** @param nowMs a clock that never goes back, in milliseconds. */
  constructor(api: Api, nowMs: () => number) {
    this.#api = api;
    this.#nowMs = nowMs;
  }

  /**
   * Asks for every chart whose turn has come. What is in the list already is never asked for again.
   * @returns what is under way, undefined when all is there. @throws PlatformError, not transient when one failed.
   */
  async step(id: string, wanted: readonly string[], signal: AbortSignal): Promise<string | undefined> {
    const names = [...new Set(wanted.map(named))];
    if (names.length === 0) return undefined;
    const installed = await this.#installed(id, signal);
    const open = names.filter(name => !this.#isDone(name, installed));
    for (const name of open) await this.#advance(id, name, installed, signal);
    if (open.length > 0) return `add-on ${open[0]} (${names.length - open.length + 1} of ${names.length})`;
    for (const chart of names.flatMap(chartsOf)) this.#seenMs.delete(`${id} ${chart}`);
    return undefined;
  }

  /** GET /v3/clusters/{id}/addons/: a page, or several. */
  async #installed(id: string, signal: AbortSignal): Promise<Map<string, Installed>> {
    const installed = installedOf(await this.#api.list(`/v3/clusters/${part(id)}/addons/`, signal));
    for (const chart of installed.keys()) this.#remember(`${id} ${chart}`);
    return installed;
  }

  #remember(key: string): void {
    if (this.#seenMs.has(key)) return;
    this.#seenMs.set(key, this.#nowMs());
    const [oldest] = this.#seenMs.keys();
    if (this.#seenMs.size > maxRemembered && oldest !== undefined) this.#seenMs.delete(oldest);
  }

  #isDone(name: AddOnName, installed: ReadonlyMap<string, Installed>): boolean {
    return chartsOf(name).every(chart => installed.get(chart)?.state === 'done');
  }

  async #advance(
    id: string,
    name: AddOnName,
    installed: ReadonlyMap<string, Installed>,
    signal: AbortSignal,
  ): Promise<void> {
    for (const chart of chartsOf(name)) {
      const found = installed.get(chart);
      if (found === undefined) return this.#install(id, name, chart, installed, signal);
      if (found.state === 'failed') throw failure(name, found.words || 'failed');
      const sinceMs = this.#nowMs() - (this.#seenMs.get(`${id} ${chart}`) ?? this.#nowMs());
      if (found.state !== 'done' || sinceMs < operatorSettlesMs) return;
    }
  }

  /** POST /v3/clusters/{id}/addons/ with the catalog's entry. */
  async #install(
    id: string,
    name: AddOnName,
    chart: string,
    installed: ReadonlyMap<string, Installed>,
    signal: AbortSignal,
  ): Promise<void> {
    const { body: catalog } = await this.#api.read(`/v3/clusters/${part(id)}/catalog`, signal);
    const body = bodyFor(catalog, chart);
    if (body === undefined) throw failure(name, `the platform's catalog has no ${chart}`);
    const others = conflictsIn(body, installed);
    if (others.length > 0) throw failure(name, `conflicts with ${others.join(', ')}`);
    try {
      await this.#api.post(`/v3/clusters/${part(id)}/addons/`, body, signal);
    } catch (error) {
      // A refusal may mean that an earlier call worked, whose answer was lost.
      if (!isRefusal(error) || !(await this.#installed(id, signal)).has(chart)) throw error;
    }
  }
}

function named(name: string): AddOnName {
  const known = addOnNamed(name);
  if (known === undefined) throw new PlatformError(`there is no add-on ${name}`, { transient: false });
  return known;
}

function failure(name: AddOnName, words: string): PlatformError {
  return new PlatformError(oneLine(`add-on ${name}: ${words}`, maxWordsLength), { transient: false });
}
