/**
 * Driver for Cluster API: a press is a Cluster object in a management cluster, whose controllers build the machines.
 * All looks are answered from one shared watch; see {@link ClusterWatcher}.
 */
import type { Logger } from '../../../../config/src/log.ts';
import { maxPhaseLength } from '../../../../protocol/src/messages.ts';
import { oneLine } from '../../common/line.ts';
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
import type { CallerOptions } from '../../kubernetes/caller.ts';
import type { Kube } from '../../kubernetes/kube.ts';
import { managementKube } from '../../kubernetes/login.ts';
import { clusterGroup } from '../../kubernetes/objects.ts';
import { Listing } from '../listing.ts';
import { accessFrom, secretPath } from './access.ts';
import { isRead } from './check.ts';
import { missingOf, refusal } from './check-template.ts';
import { descriptionOf, foreignDescription, listedOf, observationOf, stepsOf } from './observation.ts';
import { Sets } from './sets.ts';
import type { ClusterApiConfig } from './settings.ts';
import { templateOf } from './template.ts';
import { ClusterWatcher } from './watcher.ts';

export interface ClusterApiOptions extends CallerOptions {
  log?: Logger;
  /** 0 to below 1. */
  random?: () => number;
}

export class ClusterApiPlatform implements Platform {
  readonly #namespace: string;
  readonly #kube: Kube;
  readonly #watcher: ClusterWatcher;
  readonly #sets: Sets;
  readonly #listing: Listing;

  /** @throws SetupError or PlatformError when the way in cannot or must not be used. */
  constructor(config: ClusterApiConfig, options: ClusterApiOptions = {}) {
    this.#namespace = config.namespace;
    this.#kube = managementKube(config, options);
    this.#watcher = new ClusterWatcher(this.#kube, config.namespace, options);
    // The next look must not be older than such an answer.
    this.#listing = new Listing(
      async signal =>
        (await this.#kube.list(await this.#path(undefined, signal), signal)).items.map(listedOf),
      () => performance.now(),
    );
    this.#sets = new Sets(this.#kube, config.namespace, made => this.#watcher.note(made));
  }

  /** How many requests were sent, by verb. */
  requests(): Record<string, number> {
    return this.#kube.requests();
  }

  /** Asks for the version, once, and for one Cluster. */
  async check(signal: AbortSignal): Promise<void> {
    await this.#kube.list(await this.#path(undefined, signal), signal, { limit: '1' });
  }

  /** A template as it stands in the settings file names files, which are not read here: nothing is known of these. */
  async checkTemplate(template: Template, signal: AbortSignal): Promise<Missing[]> {
    if (!isRead(template)) return [];
    const missing = await missingOf(templateOf(template), this.#kube, this.#namespace, signal);
    return [...missing, ...(await refusal(() => this.#watcher.followed(signal)))];
  }

  stepsOf(template: Template): number {
    return stepsOf(templateOf(template));
  }

  /** All Clusters in the namespace, as etcd has them: the watch may be a moment behind. */
  clusters(signal: AbortSignal): Promise<Listed[]> {
    return this.#listing.fresh(signal);
  }

  /** From the watch. */
  recent(): readonly Listed[] | undefined {
    return this.#watcher.isBelieved ? this.#watcher.all().map(listedOf) : undefined;
  }

  /** Resolves when all objects are there: see {@link Sets.make} for what happens when some are already. */
  async create(request: ClusterRequest, signal: AbortSignal): Promise<void> {
    await this.#sets.make(request, templateOf(request.template), signal);
  }

  /**
   * From the watch: no request, however many clusters are looked at; but see {@link Sets.complete}, which each process
   * that builds does once for each cluster.
   */
  async observe({ name, template }: Target, signal: AbortSignal, builds = false): Promise<Observation> {
    await this.#watched(signal);
    const cluster = this.#watcher.get(name);
    if (cluster === undefined) return { kind: 'absent' };
    const observation = observationOf(cluster, templateOf(template));
    if (observation.kind !== 'building' || !builds) return observation;
    const lack = await this.#sets.complete(cluster, templateOf(template), signal);
    if (lack === undefined) return observation;
    const { id, description } = observation;
    if (lack.isFinal) return { id, description, kind: 'failed', message: lack.words };
    return { ...observation, phase: oneLine(lack.words, maxPhaseLength) };
  }

  /** There are none: see `addOnProblem` in template.ts. */
  async equip(): Promise<undefined> {
    return undefined;
  }

  /** Only a Cluster with this uid and our mark; everything else of it goes with it, by its owner. */
  async remove({ name }: Target, id: string, signal: AbortSignal): Promise<void> {
    const path = await this.#path(name, signal);
    const cluster = await this.#kube.get(path, signal);
    if (cluster === undefined || cluster.metadata.uid !== id) return;
    if (descriptionOf(cluster) === foreignDescription) {
      throw new PlatformError(`Cluster ${name} is not ours: it is left alone`, { transient: false });
    }
    await this.#kube.remove(path, { uid: id }, signal);
  }

  async access({ name }: Target, signal: AbortSignal): Promise<Access> {
    await this.#watched(signal);
    const cluster = this.#watcher.get(name);
    if (cluster === undefined) throw new PlatformError(`cluster ${name} is gone`, { transient: true });
    return accessFrom(cluster, await this.#kube.get(secretPath(this.#namespace, name), signal));
  }

  async close(): Promise<void> {
    this.#listing.close();
    await this.#watcher.stop();
    await this.#kube.close();
  }

  /** @throws PlatformError, transient, while the watch is broken for so long that what it has shown may be wrong. */
  async #watched(signal: AbortSignal): Promise<void> {
    await this.#watcher.ready(signal);
    const trouble = this.#watcher.trouble();
    if (trouble !== undefined) throw trouble;
  }

  async #path(name: string | undefined, signal: AbortSignal): Promise<string> {
    const version = await this.#kube.version(signal);
    return this.#kube.kindPath(`${clusterGroup}/${version}`, 'Cluster', this.#namespace, name, signal);
  }
}
