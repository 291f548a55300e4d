/** The settings that are in force now, with what is made of them: keys, platforms, a button's rules and terms. */
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '../../config/src/log.ts';
import { SetupError } from '../../config/src/setup-error.ts';
import { keyFromBytes } from '../../protocol/src/node/envelope.ts';
import type { SigningKey } from '../../protocol/src/sign.ts';
import { upToOf, usualS } from './buttons/progress.ts';
import type { Platform } from './common/platform.ts';
import type { Journal } from './journal/index.ts';
import { pastBuildsMs } from './journal/queries.ts';
import { makePlatforms } from './platforms/kinds.ts';
import type { Terms } from './presses/answer.ts';
import type { ProvisionerConfig } from './settings/config.ts';
import { type Rules, rulesOf } from './settings/rules.ts';

/** Where these are read, only a start can bring others. */
const fixedSettings = ['site', 'journal', 'monitor'] as const;

export class InForce {
  readonly keys = new Map<string, SigningKey>();
  readonly platforms: Map<string, Platform>;
  #config: ProvisionerConfig;

  /** @param platforms those of the settings, by name. */
  constructor(config: ProvisionerConfig, platforms: ReadonlyMap<string, Platform>) {
    this.#config = config;
    this.platforms = new Map(platforms);
    this.#takeKeys();
  }

  get config(): ProvisionerConfig {
    return this.#config;
  }

  rulesOf(button: string, profile: string): Rules {
    return rulesOf(this.#config.profiles[profile]?.rules, this.#config.buttons[button]?.rules);
  }

  termsOf(button: string, journal: Journal): Terms {
    const profile = this.#config.buttons[button]?.profile ?? '';
    const { platform = '', expectS = 0, deadlineS = 0, template = {} } = this.#config.profiles[profile] ?? {};
    return {
      profile,
      deadlineS,
      rules: this.rulesOf(button, profile),
      usualS: usualS(pastBuildsMs(journal, profile), expectS),
      upTo: upToOf({ done: 0, total: this.platforms.get(platform)?.stepsOf(template) ?? 0 }),
    };
  }

  /**
   * Whole or not at all: what can fail comes first. @returns the platforms that are not used any more, still open.
   * @throws SetupError when that needs a restart, or a platform cannot be used.
   */
  async take(config: ProvisionerConfig, log: Logger): Promise<ReadonlySet<Platform>> {
    const before = this.#config;
    const fixed = fixedSettings.filter(name => !isDeepStrictEqual(before[name], config[name]));
    if (fixed.length > 0) throw new SetupError(`${fixed.join(', ')}: changed only by a restart`);
    const same = (name: string) => isDeepStrictEqual(before.platforms[name], config.platforms[name]);
    const changed = Object.entries(config.platforms).filter(([name]) => !same(name));
    const made = await makePlatforms(Object.fromEntries(changed), log);
    const replaced = [...this.platforms].filter(([name]) => !same(name));
    this.#config = config;
    this.#takeKeys();
    for (const [name] of replaced) this.platforms.delete(name);
    for (const [name, platform] of made) this.platforms.set(name, platform);
    return new Set(replaced.map(([, platform]) => platform));
  }

  #takeKeys(): void {
    this.keys.clear();
    for (const [name, { key }] of Object.entries(this.#config.buttons))
      this.keys.set(name, keyFromBytes(key));
  }
}
