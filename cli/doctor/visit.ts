/** What all steps of one visit share: the settings, and what earlier steps have learned. */

import type { Platform } from '../../provisioner/src/common/platform.ts';
import { makePlatform } from '../../provisioner/src/platforms/kinds.ts';
import type { ProvisionerConfig } from '../../provisioner/src/settings/config.ts';
import type { Settings } from '../../provisioner/src/settings/config-schema.ts';
import type { Environment } from '../../provisioner/src/uplink/proxy-env.ts';
import { type Presence, presenceAt } from './presence.ts';
import { type Way, waysOf } from './ways.ts';

/** For one step, in milliseconds: more than the longest wait of any of its calls, so that these say what is wrong. */
const stepLimitMs = 120_000;

export interface VisitOptions {
  /** The settings file. */
  config: string;
  /** Only this profile's template. */
  profile?: string;
  env: Environment;
  /** This machine's clock, in milliseconds since 1970. */
  now: () => number;
}

/** Settings as they were read: with their secrets and, as they stand in the file, without. */
export interface Read {
  config: ProvisionerConfig;
  settings: Settings;
}

export class Visit {
  readonly options: VisitOptions;
  /** The relays; known once the settings have been read. */
  ways: readonly Way[] = [];
  #read: Read | undefined;
  readonly #platforms = new Map<string, Platform>();
  #presence: Promise<Presence> | undefined;

  constructor(options: VisitOptions) {
    this.options = options;
  }

  /** Set by the first step. */
  set read(read: Read) {
    this.#read = read;
    this.ways = waysOf(read.config.relays, read.settings);
  }

  get config(): ProvisionerConfig {
    return this.#settled.config;
  }

  get settings(): Settings {
    return this.#settled.settings;
  }

  get #settled(): Read {
    if (this.#read === undefined) throw new Error('the settings have not been read');
    return this.#read;
  }

  /** Whether a provisioner runs on this journal; found out once. */
  presence(): Promise<Presence> {
    this.#presence ??= presenceAt(this.config.journal);
    return this.#presence;
  }

  /** Ends what takes too long. One for each step. */
  limit(): AbortSignal {
    return AbortSignal.timeout(stepLimitMs);
  }

  /** The profiles to look at. */
  profiles(): ProvisionerConfig['profiles'] {
    const { profile } = this.options;
    const { profiles } = this.config;
    const chosen = profile === undefined ? undefined : profiles[profile];
    return profile === undefined || chosen === undefined ? profiles : { [profile]: chosen };
  }

  /** The driver of a platform in the settings: all steps share one, and its login. */
  async platform(name: string): Promise<Platform> {
    const known = this.#platforms.get(name);
    if (known !== undefined) return known;
    const settings = this.config.platforms[name];
    if (settings === undefined) throw new Error(`there is no platform ${name}`);
    const made = await makePlatform(settings);
    this.#platforms.set(name, made);
    return made;
  }

  /** Lets go of everything. The relays say offline, which is so. */
  async close(): Promise<void> {
    for (const way of this.ways) way.connection?.drop();
    await Promise.all([...this.#platforms.values()].map(platform => platform.close()));
    this.#platforms.clear();
  }
}
