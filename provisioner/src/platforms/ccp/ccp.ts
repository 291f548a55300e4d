/**
 * Driver for Cisco Container Platform: both generations of its API on one host, the template decides which. Decides
 * on status codes and ids; bodies of refusals are opaque text. Never logs a cluster: it holds private keys.
 */

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
import { Listing } from '../listing.ts';
import { isObject, textAt } from './answer-text.ts';
import { Api } from './api.ts';
import type { GenerationDriver } from './generation.ts';
import { type Login, loginV2, loginV3 } from './logins.ts';
import { Session } from './session.ts';
import type { CcpConfig } from './settings.ts';
import { type Generation, generationOf } from './template.ts';
import { Transport } from './transport.ts';
import { V2Driver } from './v2/driver.ts';
import { V3Driver } from './v3/driver.ts';

/** For tests. */
export interface CcpOptions {
  /** A clock that never goes back, in milliseconds. */
  nowMs?: () => number;
  /** 0 to below 1. */
  random?: () => number;
}

export class CcpPlatform implements Platform {
  readonly #transport: Transport;
  readonly #listing: Listing;
  readonly #v2: Api;
  readonly #drivers: Record<Generation, GenerationDriver>;

  constructor(config: CcpConfig, { nowMs = () => performance.now(), random = Math.random }: CcpOptions = {}) {
    this.#transport = new Transport(config);
    const api = (login: Login) => new Api(new Session(this.#transport, config, login, nowMs), random);
    this.#listing = new Listing(signal => this.#list(signal), nowMs);
    this.#v2 = api(loginV2);
    this.#drivers = { v2: new V2Driver(this.#v2), v3: new V3Driver(api(loginV3), nowMs) };
  }

  /** Reads the lists of clusters: they are what every press begins with. */
  async check(signal: AbortSignal): Promise<void> {
    await this.clusters(signal);
  }

  clusters(signal: AbortSignal): Promise<Listed[]> {
    return this.#listing.fresh(signal);
  }

  recent(): readonly Listed[] | undefined {
    return this.#listing.recent();
  }

  /** Its subnets: nodes and virtual addresses of clusters are in these (`ccp-api`, section 3.5), also with API v3. */
  async networks(signal: AbortSignal): Promise<{ cidr: string; name: string }[]> {
    const { body } = await this.#v2.read('/2/network_service/subnets/', signal);
    if (!Array.isArray(body)) return [];
    return body
      .filter(isObject)
      .map(subnet => ({ cidr: textAt(subnet, 'cidr'), name: textAt(subnet, 'name') || 'without a name' }))
      .filter(({ cidr }) => cidr !== '');
  }

  /** Of both generations: their clusters stand side by side. A generation that the host lacks has none. */
  async #list(signal: AbortSignal): Promise<Listed[]> {
    const both = await Promise.all(Object.values(this.#drivers).map(driver => driver.clusters(signal)));
    // A platform that is being restarted may say 404 to everything: that must not make all ranges look free.
    if (both.every(clusters => clusters === undefined)) {
      throw new PlatformError('the platform has neither API v2 nor v3', { transient: true });
    }
    return both.flatMap(clusters => clusters ?? []);
  }

  async checkTemplate(template: Template, signal: AbortSignal): Promise<Missing[]> {
    return this.#of(template).checkTemplate(template, signal);
  }

  stepsOf(template: Template): number {
    return this.#of(template).stepsOf(template);
  }

  async create(request: ClusterRequest, signal: AbortSignal): Promise<void> {
    await this.#of(request.template).create(request, signal);
  }

  async observe(target: Target, signal: AbortSignal): Promise<Observation> {
    return this.#of(target.template).observe(target, signal);
  }

  async equip(target: Target, signal: AbortSignal): Promise<string | undefined> {
    return this.#of(target.template).equip(target, signal);
  }

  async remove(target: Target, id: string, signal: AbortSignal): Promise<void> {
    await this.#of(target.template).remove(target, id, signal);
  }

  async access(target: Target, signal: AbortSignal): Promise<Access> {
    return this.#of(target.template).access(target, signal);
  }

  close(): Promise<void> {
    this.#listing.close();
    return this.#transport.close();
  }

  #of(template: Template): GenerationDriver {
    return this.#drivers[generationOf(template)];
  }
}
