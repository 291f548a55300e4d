/** API v2 (`/2/…`): one master per cluster, a create that blocks, a cluster read by its name. */

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
import { wordsOf } from '../answer-text.ts';
import { type Api, jsonOf, part } from '../api.ts';
import { type GenerationDriver, listOf } from '../generation.ts';
import { isSuccess } from '../session.ts';
import { addOnProblem } from '../template.ts';
import { missingOf } from './check-template.ts';
import {
  clusterSchema,
  listedIn,
  masterAddress,
  nodesOf,
  observationOf,
  payloadFor,
  stepsPerNode,
  type V2Cluster,
} from './cluster.ts';
import type { V2Template } from './template.ts';

/** The create answers when the cluster is built; an hour is far beyond any build (milliseconds). */
const createTimeoutMs = 3_600_000;

export class V2Driver implements GenerationDriver {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  stepsOf(template: Template): number {
    return nodesOf(template as V2Template) * stepsPerNode;
  }

  /** GET /2/clusters: a bare array, or 404 when there is none (`ccp-api`, section 3). */
  async clusters(signal: AbortSignal): Promise<Listed[] | undefined> {
    const list = await listOf(this.#api, '/2/clusters', signal);
    return list && listedIn(list);
  }

  checkTemplate(template: Template, signal: AbortSignal): Promise<Missing[]> {
    return missingOf(template, this.#api, signal);
  }

  /** POST /2/clusters. Blocks until the cluster is built; a body without `uuid` is a refusal. */
  async create(request: ClusterRequest, signal: AbortSignal): Promise<void> {
    const answer = await this.#api.post('/2/clusters', payloadFor(request), signal, createTimeoutMs);
    if (!clusterSchema.safeParse(jsonOf(answer)).success) {
      throw new PlatformError(`the platform made no cluster, ${wordsOf(answer)}`, { transient: false });
    }
  }

  async observe({ name, template }: Target, signal: AbortSignal): Promise<Observation> {
    const cluster = await this.#read(name, signal);
    if (cluster === undefined) return { kind: 'absent' };
    return observationOf(cluster, nodesOf(template as V2Template));
  }

  /** There are no add-ons in v2; the settings were checked, so nobody asks for any. */
  async equip({ template, addOns }: Target): Promise<string | undefined> {
    const problem = addOnProblem(template, addOns);
    if (problem !== undefined) throw new PlatformError(problem, { transient: false });
    return undefined;
  }

  /** DELETE /2/clusters/{uuid}: 204 and empty, or 404 when it is gone already (`ccp-api`, section 3). */
  async remove(_target: Target, id: string, signal: AbortSignal): Promise<void> {
    await this.#api.delete(`/2/clusters/${part(id)}`, signal);
  }

  /** GET /2/clusters/{uuid}/env is the kubeconfig as YAML. */
  async access({ name }: Target, signal: AbortSignal): Promise<Access> {
    const cluster = await this.#read(name, signal);
    if (cluster === undefined) throw new PlatformError(`cluster ${name} is gone`, { transient: true });
    const answer = await this.#api.get(`/2/clusters/${part(cluster.uuid)}/env`, signal);
    // 404 "record not found" until it is written.
    if (!isSuccess(answer.status))
      throw new PlatformError(`no kubeconfig yet, ${answer.status}`, { transient: true });
    return accessOf(answer.body, masterAddress(cluster));
  }

  /** GET /2/clusters/{name}: undefined when there is none (404). The list has no nodes, so it will not do. */
  async #read(name: string, signal: AbortSignal): Promise<V2Cluster | undefined> {
    const { found, body } = await this.#api.read(`/2/clusters/${part(name)}`, signal);
    if (!found) return undefined;
    const cluster = clusterSchema.safeParse(body);
    if (!cluster.success || cluster.data.name !== name) {
      throw new PlatformError(`the answer about ${name} is not that cluster`, { transient: true });
    }
    return cluster.data;
  }
}
