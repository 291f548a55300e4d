/** A program of the user's, as the settings and the doctor know it. */
import { z } from 'zod';
import type { PlatformKind } from '../kind.ts';
import { type ScriptConfig, type ScriptSettings, scriptConfig, scriptSchema } from './settings.ts';

export const scriptKind = {
  schema: scriptSchema,
  templateSchema: z.record(z.string(), z.unknown()),
  // Nobody knows what it costs.
  isCheckedAtStart: false,
  rangeProblem: () => undefined,
  addOnProblem: (_template, names) =>
    names.length === 0 ? undefined : 'a platform of type script has none: its program can do what they would',
  networks: () => [],
  config: scriptConfig,
  template: template => template,
  secretFiles: () => [],
  usesEnvironment: () => false,
  settingNames: () => ({
    server: 'command',
    authority: 'command',
    login: 'environment',
    proxy: 'environment',
  }),
  make: async config => {
    const { ScriptPlatform } = await import('./script.ts');
    return new ScriptPlatform(config);
  },
} satisfies PlatformKind<ScriptSettings, ScriptConfig>;
