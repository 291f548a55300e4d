/** What a kind of platform is to everybody but its driver: to the settings, the start and the doctor. */
import type { z } from 'zod';
import type { Logger } from '../../../config/src/log.ts';
import type { Platform, Template } from '../common/platform.ts';
import type { SettingsFiles } from '../common/settings-files.ts';

/** What part of a platform's settings names the server, its authority, the login, the proxy; without `platforms.<name>.`. */
export interface SettingNames {
  server: string;
  authority: string;
  login: string;
  proxy: string;
}

/**
 * @template Settings `platforms.<name>` as it stands in the settings file; @template Config the same with secrets and
 *   files read.
 */
export interface PlatformKind<Settings, Config> {
  schema: z.ZodType<Settings>;
  /** `profiles.<name>.template`. */
  templateSchema: z.ZodType<Record<string, unknown>>;
  /** Its list and its lookups cost little, so the start looks at all profiles, not only the doctor. */
  isCheckedAtStart: boolean;
  /** Why a range of this length does not do for this template, or undefined. */
  rangeProblem(template: Template, prefix: number): string | undefined;
  /** Why clusters of this template cannot have these add-ons, or undefined. */
  addOnProblem(template: Template, names: readonly string[]): string | undefined;
  /** Networks that a node of this template must not be in, each with whose it is. The template may be anything yet. */
  networks(template: Readonly<Record<string, unknown>>): [cidr: string, whose: string][];
  /**
   * Reads the files that the settings name; what is wrong goes to `files`.
   * @param at where they stand, for example `platforms.lab`.
   */
  config(settings: Settings, at: string, files: SettingsFiles): Config;
  /**
   * Reads the files that a template names, if it names any; what is wrong goes to `files`.
   * @param at where it stands, for example `profiles.house.template`.
   * @param range any range that one of its clusters may get, as a CIDR.
   */
  template(template: Template, settings: Settings, at: string, range: string, files: SettingsFiles): Template;
  /** The settings that name a file with a secret, and the file. */
  secretFiles(settings: Settings): [setting: string, file: string][];
  /** It takes its proxy from HTTPS_PROXY and NO_PROXY. */
  usesEnvironment(settings: Settings): boolean;
  settingNames(config: Config): SettingNames;
  /**
   * Loads its driver. @param log told of what no caller waits for; left out: nobody is.
   * @throws SetupError or PlatformError when what the settings name cannot or must not be used.
   */
  make(config: Config, log?: Logger): Promise<Platform>;
}
