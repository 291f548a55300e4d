/**
 * Driver for Cisco Container Platform, API v2 (`/2/…`). Decides on status codes and on the presence of
 * `uuid`; bodies of refusals are opaque text. Never logs a cluster: it holds private keys.
 */
import {
  type Access,
  type ClusterRequest,
  type Observation,
  type Platform,
  PlatformError,
} from '../platform.ts';
import {
  type CcpCluster,
  clusterSchema,
  masterAddress,
  observationOf,
  rangesOf,
  stepsPerNode,
} from './cluster.ts';
import { readKubeconfig } from './kubeconfig.ts';
import { isSuccess, Session } from './session.ts';
import { type CcpConfig, type CcpTemplate, rangeKeys } from './settings.ts';
import { type Answer, Transport, wordsOf } from './transport.ts';

/** The create answers when the cluster is built; an hour is far beyond any build (milliseconds). */
const createTimeoutMs = 3_600_000;

/** The port that a person leaves out of an API server's address. */
const usualApiPort = '6443';

export class CcpPlatform implements Platform {
  readonly #transport: Transport;
  readonly #session: Session;

  constructor(config: CcpConfig) {
    this.#transport = new Transport(config);
    this.#session = new Session(this.#transport, config);
  }

  async check(signal: AbortSignal): Promise<void> {
    await this.#list(signal);
  }

  stepsOf(template: ClusterRequest['template']): number {
    return nodesOf(template) * stepsPerNode;
  }

  async usedRanges(signal: AbortSignal): Promise<string[]> {
    return rangesOf(await this.#list(signal));
  }

  /** POST /2/clusters. Blocks until the cluster is built; a body without `uuid` is a refusal. */
  async create(request: ClusterRequest, signal: AbortSignal): Promise<void> {
    const answer = await this.#session.call(
      {
        method: 'POST',
        path: '/2/clusters',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(payloadFor(request)),
        answerWithinMs: createTimeoutMs,
      },
      signal,
    );
    if (!isSuccess(answer.status)) throw refusal(answer);
    if (!clusterSchema.safeParse(jsonOf(answer)).success) {
      throw new PlatformError(`the platform made no cluster, ${wordsOf(answer)}`, { transient: false });
    }
  }

  async observe(
    name: string,
    template: ClusterRequest['template'],
    signal: AbortSignal,
  ): Promise<Observation> {
    const cluster = await this.#read(name, signal);
    if (cluster === undefined) return { kind: 'absent' };
    return observationOf(cluster, nodesOf(template));
  }

  /**
   * DELETE /2/clusters/{uuid}: with the uuid, not the name; 204 and empty, or 404 when it is gone already
   * (`ccp-api`, section 3).
   */
  async remove(name: string, signal: AbortSignal): Promise<void> {
    const cluster = await this.#read(name, signal);
    if (cluster === undefined) return;
    const path = `/2/clusters/${encodeURIComponent(cluster.uuid)}`;
    const answer = await this.#session.call({ method: 'DELETE', path }, signal);
    if (!isSuccess(answer.status) && answer.status !== 404) throw refusal(answer);
  }

  /** GET /2/clusters/{uuid}/env is the kubeconfig as YAML. */
  async access(name: string, signal: AbortSignal): Promise<Access> {
    const cluster = await this.#read(name, signal);
    if (cluster === undefined) throw new PlatformError(`cluster ${name} is gone`, { transient: true });
    const path = `/2/clusters/${encodeURIComponent(cluster.uuid)}/env`;
    const answer = await this.#session.call({ method: 'GET', path }, signal);
    // 404 "record not found" until it is written.
    if (!isSuccess(answer.status))
      throw new PlatformError(`no kubeconfig yet, ${answer.status}`, { transient: true });
    const { server, ca } = readKubeconfig(answer.body);
    const url = new URL(server);
    const host = masterAddress(cluster) ?? url.hostname;
    const port = url.port === '' ? '443' : url.port;
    return { address: port === usualApiPort ? host : `${host}:${port}`, server, ca };
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  /** GET /2/clusters: a bare array, or 404 when there is none (`ccp-api`, section 3). */
  async #list(signal: AbortSignal): Promise<unknown[]> {
    const answer = await this.#session.call({ method: 'GET', path: '/2/clusters' }, signal);
    if (answer.status === 404) return [];
    if (!isSuccess(answer.status)) throw refusal(answer);
    const list = jsonOf(answer);
    if (!Array.isArray(list))
      throw new PlatformError('the list of clusters is not a list', { transient: true });
    return list;
  }

  /** GET /2/clusters/{name}: undefined when there is none (404). The list has no nodes, so it will not do. */
  async #read(name: string, signal: AbortSignal): Promise<CcpCluster | undefined> {
    const path = `/2/clusters/${encodeURIComponent(name)}`;
    const answer = await this.#session.call({ method: 'GET', path }, signal);
    if (answer.status === 404) return undefined;
    if (!isSuccess(answer.status)) throw refusal(answer);
    const cluster = clusterSchema.safeParse(jsonOf(answer));
    if (!cluster.success || cluster.data.name !== name) {
      throw new PlatformError(`the answer about ${name} is not that cluster`, { transient: true });
    }
    return cluster.data;
  }
}

/** Masters and workers. */
function nodesOf(template: ClusterRequest['template']): number {
  const { masters, workers } = template as CcpTemplate;
  return masters + workers;
}

/** The profile's template with what this press brings: name, description, range. */
function payloadFor(request: ClusterRequest): object {
  const template = request.template as CcpTemplate;
  const plugin = template.network_plugin;
  const description = [template.description, request.description, request.range].filter(Boolean).join(' - ');
  const details = JSON.stringify({ [rangeKeys[plugin.name]]: request.range });
  return { ...template, name: request.name, description, network_plugin: { ...plugin, status: '', details } };
}

/** 5xx, 408 and 429 say "not now"; every other code is a decision. */
function refusal(answer: Answer): PlatformError {
  const transient = answer.status >= 500 || answer.status === 408 || answer.status === 429;
  return new PlatformError(wordsOf(answer), { transient });
}

function jsonOf(answer: Answer): unknown {
  try {
    return JSON.parse(answer.body);
  } catch {
    return undefined;
  }
}
