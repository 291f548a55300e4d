/** A platform that is a program of the user's. What counts is what `observe` says, never an exit code. */
import {
  type Access,
  type ClusterRequest,
  type Listed,
  type Missing,
  type Observation,
  type Platform,
  PlatformError,
  type Target,
  type Template,
} from '../../common/platform.ts';
import { accessOf } from '../../kubernetes/endpoint.ts';
import { accessSchema, describeSchema, listSchema, observeSchema, type Request } from './contract.ts';
import { NotSupported, Program } from './program.ts';
import type { ScriptConfig } from './settings.ts';

/** A list is believed for so long without asking again, in milliseconds. */
const recentMs = 60_000;

interface Description {
  list: boolean;
  steps: number;
}

export class ScriptPlatform implements Platform {
  readonly #program: Program;
  /** For each cluster one look and one change at a time: a create that waits for its cluster must not hide how far it is. */
  readonly #looks = new Chains();
  readonly #changes = new Chains();
  /** Creates that run, by the cluster's name. */
  readonly #creating = new Map<string, AbortController>();
  /** The last look at each that was seen, with the range that this process asked for it. */
  readonly #seen = new Map<string, Listed>();
  readonly #ranges = new Map<string, string>();
  #description: Promise<Description> | undefined;
  #steps = 0;
  #list: { clusters: Listed[]; atMs: number } | undefined;

  constructor(config: ScriptConfig) {
    this.#program = new Program(config);
  }

  async check(signal: AbortSignal): Promise<void> {
    await this.#describe(signal);
    await this.#optional(() => this.#program.ask('check', undefined, signal));
  }

  async checkTemplate(_template: Template, _signal: AbortSignal): Promise<Missing[]> {
    return [];
  }

  stepsOf(): number {
    return this.#steps;
  }

  async clusters(signal: AbortSignal, all = false): Promise<Listed[]> {
    const atMs = performance.now();
    const { list } = await this.#describe(signal);
    if (list) {
      const { clusters } = await this.#program.read('list', listSchema, undefined, signal);
      this.#list = {
        atMs,
        clusters: clusters.map(({ name, id = name, mark = '', ranges = [], building = false }) => ({
          ...{ name, id, description: mark, isBuilding: building },
          ranges: ranges.length > 0 ? ranges : this.#rangeOf(name),
        })),
      };
      return this.#list.clusters;
    }
    if (all)
      throw new NotSupported('its program has no verb list, so nobody can say what stands', {
        transient: false,
      });
    // All that is known: those that were looked at. The journal knows the ranges of ours.
    return [...this.#seen.values()];
  }

  recent(): readonly Listed[] | undefined {
    if (this.#list === undefined || performance.now() - this.#list.atMs > recentMs) return undefined;
    return this.#list.clusters;
  }

  async create({ name, template, range, description }: ClusterRequest, signal: AbortSignal): Promise<void> {
    this.#ranges.set(name, range);
    await this.#changes.run(name, signal, async () => {
      const called = new AbortController();
      this.#creating.set(name, called);
      try {
        const either = AbortSignal.any([signal, called.signal]);
        await this.#program.ask('create', { name, template, range, mark: description }, either);
      } finally {
        this.#creating.delete(name);
      }
    });
  }

  async observe(target: Target, signal: AbortSignal): Promise<Observation> {
    await this.#describe(signal);
    const told = await this.#looks.run(target.name, signal, () =>
      this.#program.read('observe', observeSchema, clusterOf(target), signal),
    );
    if (told.state === 'absent') {
      this.#seen.delete(target.name);
      return { kind: 'absent' };
    }
    const { id = target.name, mark: description = '' } = told;
    const isBuilding = told.state === 'building';
    const ranges = this.#rangeOf(target.name);
    this.#seen.set(target.name, { name: target.name, id, description, ranges, isBuilding });
    switch (told.state) {
      case 'building': {
        const { phase = 'building', done = 0, total = this.#steps } = told;
        return { kind: 'building', id, description, phase, done: Math.min(done, total), total };
      }
      case 'failed':
        return { kind: 'failed', id, description, message: told.message || 'failed, without a word' };
      default:
        return { kind: told.state, id, description };
    }
  }

  async equip(): Promise<undefined> {
    return undefined;
  }

  /** What still creates it is ended first. */
  async remove(target: Target, id: string, signal: AbortSignal): Promise<void> {
    this.#creating.get(target.name)?.abort();
    await this.#changes.run(target.name, signal, () =>
      this.#program.ask('delete', { ...clusterOf(target), id }, signal),
    );
    this.#ranges.delete(target.name);
  }

  async access(target: Target, signal: AbortSignal): Promise<Access> {
    const text = await this.#looks.run(target.name, signal, () =>
      this.#program.ask('access', clusterOf(target), signal),
    );
    return accessOf(kubeconfigIn(text));
  }

  async close(): Promise<void> {
    this.#program.close();
    await Promise.all([this.#looks.ended(), this.#changes.ended()]);
  }

  #rangeOf(name: string): string[] {
    const range = this.#ranges.get(name);
    return range === undefined ? [] : [range];
  }

  /** Asked once; again when it gave no answer. */
  #describe(signal: AbortSignal): Promise<Description> {
    this.#description ??= this.#optional(() =>
      this.#program.read('describe', describeSchema, undefined, signal),
    )
      .then(({ list = false, steps = 0 } = {}) => {
        this.#steps = steps;
        return { list, steps };
      })
      .catch(error => {
        this.#description = undefined;
        throw error;
      });
    return this.#description;
  }

  /** What a program need not have. */
  async #optional<T>(ask: () => Promise<T>): Promise<T | undefined> {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof NotSupported) return undefined;
      throw error;
    }
  }
}

/** One after the other, by name. */
class Chains {
  readonly #tails = new Map<string, Promise<unknown>>();

  run<T>(name: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const mine = (this.#tails.get(name) ?? Promise.resolve()).then(() => {
      if (signal.aborted) throw new PlatformError('was ended', { transient: true });
      return work();
    });
    const tail = mine
      .catch(() => {})
      .finally(() => {
        if (this.#tails.get(name) === tail) this.#tails.delete(name);
      });
    this.#tails.set(name, tail);
    return mine;
  }

  async ended(): Promise<void> {
    await Promise.all(this.#tails.values());
  }
}

function clusterOf({ name, template }: Target): NonNullable<Request['cluster']> {
  return { name, template };
}

/** The document, or the kubeconfig itself, as YAML or as JSON. */
function kubeconfigIn(text: string): string {
  try {
    const checked = accessSchema.safeParse(JSON.parse(text));
    if (checked.success) return checked.data.kubeconfig;
  } catch {} // YAML
  return text;
}
