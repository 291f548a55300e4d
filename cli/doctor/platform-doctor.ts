/** What the doctor does by the kind of a platform. */
import type { Missing } from '../../provisioner/src/common/platform.ts';
import type { SettingNames } from '../../provisioner/src/platforms/kind.ts';
import type { Problem } from './result.ts';
import type { Visit } from './visit.ts';

export interface PlatformDoctor<Config> {
  /**
   * The name that this machine looks up to reach it; undefined where that is not for us to know.
   * @param setting whole names, like `platforms.fleet.server`. @throws Error when the settings lead nowhere.
   */
  firstHop(
    setting: SettingNames,
    config: Config,
  ): Promise<{ host: string; setting: string; isProxy?: boolean } | undefined>;
  /**
   * Step 7. @param warnings what is noticed is added, also when it breaks afterwards.
   * @returns what was found. @throws Broken.
   */
  logIn(name: string, config: Config, visit: Visit, warnings: string[]): Promise<string>;
  /** Something that a template names and the platform lacks: the same, or a problem of the login's or the namespace's. */
  blame(problem: Problem, missing: Missing, platform: string, config: Config): Problem;
}
