/** One cluster's life in awkward steps. What a step finds wrong is told; what stands at the end is removed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../config/src/setup-error.ts';
import { deleteOnce } from '../../provisioner/src/builds/delete.ts';
import {
  isRefusal,
  missingLine,
  type Observation,
  type Platform,
  type Target,
} from '../../provisioner/src/common/platform.ts';
import { askReady } from '../../provisioner/src/kubernetes/ready.ts';
import type { Profile } from '../../provisioner/src/settings/config.ts';

export interface TrialOptions {
  name: string;
  range: string;
  profile: Profile;
  /** A client that remembers nothing, as of a provisioner that has just been started. */
  open: () => Promise<Platform>;
  stop: AbortSignal;
}

/** Between two looks, by the usual build (milliseconds): as the provisioner does. */
const looksPerBuild = 40;
const minLookMs = 100;
const maxLookMs = 5_000;
const minSettleMs = 500;
const maxSettleMs = 30_000;
/** A removal that shows no effect is asked for again after so many looks. */
const looksPerOrder = 5;
/** For calls that must not hang (milliseconds). */
const cleanUpMs = 600_000;

class Broken extends Error {}

export class Trial {
  readonly #options: TrialOptions;
  readonly #tell: (line: string) => void;
  readonly #target: Target;
  readonly #mark: string;
  readonly #lookMs: number;
  #id: string | undefined;
  /** How many were made in our name, and what was said to those that were refused: of two at once one may be. */
  #orders = 0;
  readonly #refusals: string[] = [];
  #broken = 0;

  constructor(options: TrialOptions, tell: (line: string) => void) {
    const { name, profile } = options;
    this.#options = options;
    this.#tell = tell;
    this.#target = { name, template: profile.template, addOns: profile.addOns ?? [] };
    this.#lookMs = Math.min(maxLookMs, Math.max(minLookMs, (profile.expectS * 1000) / looksPerBuild));
    this.#mark = `dash button platform test ${name}`;
  }

  /** @returns how many steps were not kept. */
  async run(): Promise<number> {
    try {
      await this.#step('it can be used', platform => platform.check(this.#signal));
      await this.#step('it has what the template names', platform => this.#template(platform));
      await this.#step('nothing of the name is there', platform => this.#absent(platform));
      await this.#step('asked for twice at once it is one cluster, with our mark', platform =>
        this.#twice(platform),
      );
      await this.#step('the process that ordered it ends, another one goes on', platform =>
        this.#ready(platform),
      );
      await this.#step('its API server answers with the kubeconfig that is handed out', platform =>
        this.#access(platform),
      );
      await this.#step("somebody else's order of the same name does not get it", platform =>
        this.#foreign(platform),
      );
      await this.#step('removed, and removed again', platform => this.#removed(platform));
    } catch (error) {
      // Without it the steps behind it would say nothing.
      if (!(error instanceof Broken)) throw error;
    } finally {
      await this.#cleanUp();
    }
    const all = this.#broken === 0 && !this.#options.stop.aborted;
    this.#tell(
      all
        ? 'It keeps the contract.'
        : 'It does not: docs/script-platform.md and docs/cluster-api.md say what is expected.',
    );
    return all ? 0 : Math.max(1, this.#broken);
  }

  get #signal(): AbortSignal {
    return this.#options.stop;
  }

  /** As long as a build gives an order that it does not see. */
  get #settleMs(): number {
    return Math.min(maxSettleMs, Math.max(minSettleMs, this.#options.profile.expectS * 100));
  }

  get #deadlineMs(): number {
    return this.#options.profile.deadlineS * 1000;
  }

  /** With a client of its own. @throws Broken when it was not kept. */
  async #step(name: string, work: (platform: Platform) => Promise<unknown>): Promise<void> {
    const startMs = performance.now();
    const platform = await this.#options.open();
    const took = () => `${((performance.now() - startMs) / 1000).toFixed(1)} s`;
    try {
      await work(platform);
      this.#tell(`kept    ${name} (${took()})`);
    } catch (error) {
      this.#broken += 1;
      this.#tell(`BROKEN  ${name} (${took()}): ${messageOf(error)}`);
      throw new Broken();
    } finally {
      await platform.close();
    }
  }

  async #template(platform: Platform): Promise<void> {
    const missing = await platform.checkTemplate(this.#target.template, this.#signal);
    if (missing.length > 0) throw new Error(missing.map(missingLine).join('; '));
  }

  async #absent(platform: Platform): Promise<void> {
    const { kind } = await platform.observe(this.#target, this.#signal);
    if (kind !== 'absent') throw new Error(`expected absent, found ${kind}`);
  }

  #create(platform: Platform, description = this.#mark): Promise<string> {
    const { range } = this.#options;
    if (description === this.#mark) this.#orders += 1;
    const origin = { profile: 'platform-test', acceptedAt: Date.now() };
    return platform.create({ ...this.#target, range, description, origin }, this.#signal).then(
      () => '',
      error => {
        if (isRefusal(error) && description === this.#mark) this.#refusals.push(messageOf(error));
        return messageOf(error) || 'no words';
      },
    );
  }

  async #twice(platform: Platform): Promise<void> {
    // Some block until it is built, some refuse the second: what counts is what is seen.
    void this.#create(platform);
    void this.#create(platform);
    await this.#until(platform, seen => seen.kind !== 'absent', true);
    const other = await this.#options.open();
    const again = await other.observe(this.#target, this.#signal);
    if (again.kind !== 'absent') this.#note(again);
    const listed = (await platform.clusters(this.#signal)).filter(({ name }) => name === this.#target.name);
    if (listed.length > 1) throw new Error(`${listed.length} clusters of that name stand`);
  }

  async #ready(platform: Platform): Promise<void> {
    const seen = await platform.observe(this.#target, this.#signal, true);
    // As the provisioner does: for one that is not there any more, and otherwise not.
    if (seen.kind === 'absent') void this.#create(platform);
    await this.#until(platform, ({ kind }) => kind === 'ready', true);
  }

  /** Looks until it fits: the id stays, the mark is ours, steps do not go back. @throws Error at the deadline. */
  async #until(
    platform: Platform,
    fits: (seen: Observation) => boolean,
    builds: boolean,
  ): Promise<Observation> {
    const endMs = performance.now() + this.#deadlineMs;
    let part = 0;
    let last = '';
    for (;;) {
      const seen = await platform.observe(this.#target, this.#signal, builds).catch(error => {
        if (isRefusal(error)) throw error;
        last = messageOf(error);
        return undefined;
      });
      if (seen !== undefined) {
        last = seen.kind === 'building' ? `building: ${seen.phase}` : seen.kind;
        if (seen.kind !== 'absent') this.#note(seen);
        if (seen.kind === 'failed') throw new Error(`failed: ${seen.message}`);
        if (seen.kind === 'building' && seen.total > 0) {
          if (seen.done / seen.total < part) throw new Error(`went back to ${seen.done} of ${seen.total}`);
          part = seen.done / seen.total;
        }
        if (fits(seen)) return seen;
        if (seen.kind === 'absent' && this.#refusals.length === this.#orders)
          throw new Error(`refused: ${this.#refusals[0]}`);
      }
      if (performance.now() > endMs)
        throw new Error(`not within ${this.#deadlineMs / 1000} s; last: ${last}`);
      await sleep(this.#lookMs, undefined, { signal: this.#signal });
    }
  }

  #note({ id, description }: { id: string; description: string }): void {
    if (!description.includes(this.#mark)) {
      throw new Error(`it has lost our mark: expected "${this.#mark}", found "${description}"`);
    }
    if (this.#id !== undefined && this.#id !== id) throw new Error(`its id was ${this.#id} and is ${id}`);
    this.#id = id;
  }

  async #access(platform: Platform): Promise<void> {
    const endMs = performance.now() + this.#deadlineMs;
    for (;;) {
      const access = await platform.access(this.#target, this.#signal);
      const why = await askReady(access, this.#signal);
      if (why === undefined) return;
      if (performance.now() > endMs) throw new Error(`${access.server}: ${why}`);
      await sleep(this.#lookMs, undefined, { signal: this.#signal });
    }
  }

  async #foreign(platform: Platform): Promise<void> {
    const answer = await this.#create(platform, 'somebody else');
    const seen = await platform.observe(this.#target, this.#signal);
    if (seen.kind === 'absent') throw new Error('it is gone');
    this.#note(seen);
    if (answer === '')
      throw new Error('create said yes, although a cluster of that name is there with another mark');
  }

  async #removed(platform: Platform): Promise<void> {
    await this.#remove(platform, this.#signal, this.#deadlineMs);
    await platform.remove(this.#target, this.#id ?? this.#target.name, this.#signal);
    await this.#absent(platform);
    const listed = (await platform.clusters(this.#signal)).filter(({ name }) => name === this.#target.name);
    if (listed.length > 0) throw new Error('its list still has it');
  }

  async #remove(platform: Platform, signal: AbortSignal, limitMs: number): Promise<void> {
    const endMs = performance.now() + limitMs;
    let looks = 0;
    const ours = { target: this.#target, id: this.#id, mark: this.#mark };
    while ((await deleteOnce(platform, ours, () => looks++ % looksPerOrder === 0, signal)).kind !== 'gone') {
      if (performance.now() > endMs) throw new Error(`not gone within ${limitMs / 1000} s`);
      await sleep(this.#lookMs, undefined, { signal });
    }
  }

  /** Whatever has happened, also Ctrl-C. */
  async #cleanUp(): Promise<void> {
    if (this.#orders === 0) return;
    // By its mark: an id may be what is wrong.
    this.#id = undefined;
    const signal = AbortSignal.timeout(cleanUpMs);
    const platform = await this.#options.open();
    try {
      const limitMs = Math.min(this.#deadlineMs, cleanUpMs);
      await this.#remove(platform, signal, limitMs);
      // An order that was cut off may come true after the first look.
      await sleep(this.#settleMs, undefined, { signal });
      await this.#remove(platform, signal, limitMs);
    } catch (error) {
      this.#broken += 1;
      this.#tell(
        `LEFT    ${this.#target.name} could not be removed: ${messageOf(error)}. Remove it by hand.`,
      );
    } finally {
      await platform.close();
    }
  }
}
