/** Settings of a platform that is a program of the user's: which, with what environment, and its limits. */
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import type { SettingsFiles } from '../../common/settings-files.ts';
import { networksSchema } from '../networks.ts';

const seconds = z.int().min(1).max(86_400);

/** Names of variables, as POSIX has them for portable programs; ours are ours. */
const variable = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of an environment variable')
  .refine(name => !name.startsWith('DASHBUTTON_'), 'those that begin with DASHBUTTON_ come from the press');

/** What counts where the settings say nothing. */
const usual = { atOnce: 4, answerWithinS: 60, createWithinS: 3_600 };

export const scriptSchema = z.strictObject({
  type: z.literal('script').describe('A program of yours that makes clusters: docs/script-platform.md.'),
  command: z
    .string()
    .min(1, 'expected a program')
    .describe(
      'The program. With a / in it a file, from here; otherwise looked for in PATH. No shell reads it.',
    ),
  args: z.array(z.string()).max(50).describe('Before the verb. Default: none.').exactOptional(),
  environment: z
    .array(variable)
    .max(50)
    .describe(
      "Variables of the provisioner's environment that it gets, by name; their values are kept out of logs. Beside these it has PATH, HOME, LANG, TZ and DASHBUTTON_…. Default: none.",
    )
    .exactOptional(),
  atOnce: z
    .int()
    .min(1)
    .max(100)
    .meta({
      description: 'How many calls run at a time, one for each cluster at most.',
      default: usual.atOnce,
    })
    .exactOptional(),
  answerWithinS: seconds
    .meta({
      description: 'How long a verb may take that only looks; then it is ended.',
      default: usual.answerWithinS,
    })
    .exactOptional(),
  createWithinS: seconds
    .meta({
      description: 'How long create and delete may take; then they are ended.',
      default: usual.createWithinS,
    })
    .exactOptional(),
  networks: networksSchema.exactOptional(),
});

export type ScriptSettings = z.infer<typeof scriptSchema>;

/** The same with what the settings leave out. The environment's values are secret. */
export interface ScriptConfig {
  type: 'script';
  /** Absolute, or to be looked for in PATH. */
  command: string;
  args: readonly string[];
  environment: Readonly<Record<string, string>>;
  atOnce: number;
  answerWithinMs: number;
  createWithinMs: number;
}

/** Always given, where the provisioner has them: without PATH and HOME hardly any program runs. */
const always = ['PATH', 'HOME', 'LANG', 'TZ'];

/** @param at where the settings stand, for example `platforms.mine`. */
export function scriptConfig(
  settings: ScriptSettings,
  at: string,
  files: SettingsFiles,
  env: NodeJS.ProcessEnv = process.env,
): ScriptConfig {
  const { command, args = [], environment = [] } = settings;
  const limits = { ...usual, ...settings };
  const path = command.includes('/') && !isAbsolute(command) ? files.path(command) : command;
  const missing = environment.filter(name => env[name] === undefined);
  if (missing.length > 0) {
    files.collect(
      () => {
        throw new Error(`${at}.environment: the provisioner's own environment has no ${missing.join(', ')}`);
      },
      undefined,
      `${at}.environment`,
    );
  }
  const given = [...always, ...environment].flatMap((name): [string, string][] => {
    const value = env[name];
    return value === undefined ? [] : [[name, value]];
  });
  return {
    type: 'script',
    command: path,
    args,
    environment: Object.fromEntries(given),
    atOnce: limits.atOnce,
    answerWithinMs: limits.answerWithinS * 1000,
    createWithinMs: limits.createWithinS * 1000,
  };
}
