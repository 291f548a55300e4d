/**
 * Driver for Cisco Container Platform: both generations of its API on one host, the template decides which. Decides
 * on status codes and ids; bodies of refusals are opaque text. Never logs a cluster: it holds private keys.
 */
import {
  type Access,
  type ClusterRequest,
  type Observation,
  type Platform,
  PlatformError,
  type Target,
  type Template,
} from '../platform.ts';
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
  readonly #drivers: Record<Generation, GenerationDriver>;

  constructor(config: CcpConfig, { nowMs = () => performance.now(), random = Math.random }: CcpOptions = {}) {
    this.#transport = new Transport(config);
    const api = (login: Login) => new Api(new Session(this.#transport, config, login, nowMs), random);
    this.#drivers = { v2: new V2Driver(api(loginV2)), v3: new V3Driver(api(loginV3), nowMs) };
  }

  /** Reads the lists of clusters: they are what every press begins with. */
  async check(signal: AbortSignal): Promise<void> {
    await this.usedRanges(signal);
  }

  /** Of both generations: their clusters stand side by side. A generation that the host lacks has none. */
  async usedRanges(signal: AbortSignal): Promise<string[]> {
    const both = await Promise.all(Object.values(this.#drivers).map(driver => driver.ranges(signal)));
    // A platform that is being restarted may say 404 to everything: that must not make all ranges look free.
    if (both.every(ranges => ranges === undefined)) {
      throw new PlatformError('the platform has neither API v2 nor v3', { transient: true });
    }
    return both.flatMap(ranges => ranges ?? []);
  }

  async missing(template: Template, signal: AbortSignal): Promise<string[]> {
    return this.#of(template).missing(template, signal);
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
    return this.#transport.close();
  }

  #of(template: Template): GenerationDriver {
    return this.#drivers[generationOf(template)];
  }
}
