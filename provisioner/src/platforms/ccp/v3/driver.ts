/** API v3 (`/v3/…`): a create that answers at once, a cluster read by its id. Slashes at the end as it wants them. */

import {
  type Access,
  type ClusterRequest,
  type Listed,
  type Missing,
  type Observation,
  PlatformError,
  type Target,
  type Template,
} from '../../../common/platform.ts';
import { accessOf } from '../../../kubernetes/endpoint.ts';
import { textAt, wordsOf } from '../answer-text.ts';
import { type Api, jsonOf, part } from '../api.ts';
import { type GenerationDriver, listOf } from '../generation.ts';
import { addOnProblem } from '../template.ts';
import { missingOf } from './check-template.ts';
import {
  clusterSchema,
  idsOf,
  listedIn,
  observationOf,
  payloadFor,
  stepsOf,
  type V3Cluster,
} from './cluster.ts';
import { Equipper } from './equip.ts';

const listPath = '/v3/clusters';

/** Ids of clusters by name; a forgotten one costs one more list. */
const maxIds = 1_000;

export class V3Driver implements GenerationDriver {
  readonly #api: Api;
  readonly #equipper: Equipper;
  /** Never from a create: the first look after it goes through the list, where a doubled order shows. */
  readonly #ids = new Map<string, string>();

  /** @param nowMs a clock that never goes back, in milliseconds. */
  constructor(api: Api, nowMs: () => number) {
    this.#api = api;
    this.#equipper = new Equipper(api, nowMs);
  }

  stepsOf(template: Template): number {
    return stepsOf(template);
  }

  /** GET /v3/clusters: a bare array (`ccp-api`, section 4). */
  async clusters(signal: AbortSignal): Promise<Listed[] | undefined> {
    const list = await listOf(this.#api, listPath, signal);
    return list && listedIn(list);
  }

  checkTemplate(template: Template, signal: AbortSignal): Promise<Missing[]> {
    return missingOf(template, this.#api, signal);
  }

  /** POST /v3/clusters/. Answers at once; a body without `id` is a refusal. */
  async create(request: ClusterRequest, signal: AbortSignal): Promise<void> {
    const answer = await this.#api.post('/v3/clusters/', payloadFor(request), signal);
    const cluster = clusterSchema.safeParse(jsonOf(answer));
    if (!cluster.success || cluster.data.name !== request.name) {
      throw new PlatformError(`the platform made no cluster, ${wordsOf(answer)}`, { transient: false });
    }
  }

  async observe({ name, template }: Target, signal: AbortSignal): Promise<Observation> {
    const cluster = await this.#find(name, signal);
    return cluster === undefined ? { kind: 'absent' } : observationOf(cluster, template);
  }

  async equip({ name, template, addOns }: Target, signal: AbortSignal): Promise<string | undefined> {
    if (addOns.length === 0) return undefined;
    const problem = addOnProblem(template, addOns);
    if (problem !== undefined) throw new PlatformError(problem, { transient: false });
    const { id } = await this.#get(name, signal);
    return this.#equipper.step(id, addOns, signal);
  }

  /** DELETE /v3/clusters/{id}/: 204 and empty, or 404 when it is gone already. */
  async remove({ name }: Target, id: string, signal: AbortSignal): Promise<void> {
    await this.#api.delete(`/v3/clusters/${part(id)}/`, signal);
    this.#ids.delete(name);
  }

  /** The kubeconfig is a field of the record, empty until the cluster is ready. */
  async access({ name }: Target, signal: AbortSignal): Promise<Access> {
    const kubeconfig = textAt(await this.#get(name, signal), 'kubeconfig');
    if (kubeconfig === '') throw new PlatformError('no kubeconfig yet', { transient: true });
    return accessOf(kubeconfig);
  }

  async #get(name: string, signal: AbortSignal): Promise<V3Cluster> {
    const cluster = await this.#find(name, signal);
    if (cluster === undefined) throw new PlatformError(`cluster ${name} is gone`, { transient: true });
    return cluster;
  }

  /** There is no read by name: by the known id, else by the one that the list has. */
  async #find(name: string, signal: AbortSignal): Promise<V3Cluster | undefined> {
    const known = this.#ids.get(name);
    const cluster = known === undefined ? undefined : await this.#read(known, name, signal);
    if (cluster !== undefined) return cluster;
    this.#ids.delete(name);
    const [id, ...others] = idsOf(await this.#api.list(listPath, signal), name);
    if (id === undefined) return undefined;
    if (others.length > 0) {
      const message = `the platform has ${others.length + 1} clusters named ${name}: remove all but one by hand`;
      throw new PlatformError(message, { transient: false });
    }
    const found = await this.#read(id, name, signal);
    if (found !== undefined) this.#remember(name, id);
    return found;
  }

  /** GET /v3/clusters/{id}/: undefined when there is none (404). */
  async #read(id: string, name: string, signal: AbortSignal): Promise<V3Cluster | undefined> {
    const { found, body } = await this.#api.read(`/v3/clusters/${part(id)}/`, signal);
    if (!found) return undefined;
    const cluster = clusterSchema.safeParse(body);
    if (!cluster.success || cluster.data.id !== id || cluster.data.name !== name) {
      throw new PlatformError(`the answer about ${name} is not that cluster`, { transient: true });
    }
    return cluster.data;
  }

  #remember(name: string, id: string): void {
    this.#ids.set(name, id);
    const [oldest] = this.#ids.keys();
    if (this.#ids.size > maxIds && oldest !== undefined) this.#ids.delete(oldest);
  }
}
