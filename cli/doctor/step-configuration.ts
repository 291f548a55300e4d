/** Step 1: the settings and every file that they name can be read, and fit together. */
import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { SetupError } from '../../config/src/setup-error.ts';
import { readYamlFile } from '../../config/src/yaml-file.ts';
import { kindOf } from '../../provisioner/src/platforms/kinds.ts';
import { loadConfig } from '../../provisioner/src/settings/config.ts';
import { type Settings, settingsSchema } from '../../provisioner/src/settings/config-schema.ts';
import { relaysIn } from '../../provisioner/src/settings/relays.ts';
import { counted, octal } from './counted.ts';
import { placeholderProblems } from './placeholders.ts';
import { Broken, type Finding, type Problem } from './result.ts';
import type { Visit } from './visit.ts';

/** Read by others, or written by a group: `chmod u=rwX,g=rX,o=`, as for the service, is what is meant. */
const tooOpen = 0o027;

/** @throws Broken with one problem for each setting. */
export async function configuration(visit: Visit): Promise<Finding> {
  const { config: path, env, profile } = visit.options;
  try {
    const config = loadConfig(path, env);
    const settings = readYamlFile(path, 'the settings file', settingsSchema);
    visit.read = { config, settings };
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    throw new Broken((await placeholderProblems(path, visit.limit())) ?? problemsIn(error, path));
  }
  const { config, settings } = visit;
  const names = Object.keys(config.profiles);
  if (profile !== undefined && !names.includes(profile)) {
    const found = `there is no profile ${profile}; there is ${names.join(', ') || 'none'}`;
    throw new Broken({ setting: '--profile', found });
  }
  const counts = [
    counted(Object.keys(config.platforms).length, 'platform'),
    counted(names.length, 'profile'),
    counted(Object.keys(config.buttons).length, 'button'),
  ];
  return {
    found: `${path}: site ${config.site}, ${counts.join(', ')}`,
    warnings: [...(config.warnings ?? []), ...openSecrets(settings, path)],
  };
}

function problemsIn({ problems }: SetupError, path: string): Problem[] {
  return problems.map(({ setting = path, file, ...problem }) => ({
    setting,
    ...problem,
    // Of a file that a setting names: there it has to be mended, not in the settings.
    advice: file === undefined ? `mend ${path}; docs/settings.md has each setting` : `mend ${file}`,
  }));
}

/** Files with secrets whose mode lets others in. */
function openSecrets(settings: Settings, path: string): string[] {
  const folder = dirname(resolve(path));
  return secretFiles(settings).flatMap(([setting, file]) => {
    const mode = modeOf(resolve(folder, file));
    if (mode === undefined || (mode & tooOpen) === 0) return [];
    return [
      `${setting}: ${file} has mode ${octal(mode)}, so others may read or change a secret: chmod 600 ${file}`,
    ];
  });
}

function secretFiles(settings: Settings): [string, string][] {
  const { proxyPasswordFile, siteKeyFile, platforms, buttons, webhooks = [] } = settings;
  return [
    ...relaysIn(settings).flatMap(({ path, relay }): [string, string][] => [
      [`${path}.passwordFile`, relay.passwordFile],
      ...(relay.proxyPasswordFile === undefined
        ? []
        : [[`${path}.proxyPasswordFile`, relay.proxyPasswordFile] satisfies [string, string]]),
    ]),
    ...(proxyPasswordFile === undefined
      ? []
      : [['proxyPasswordFile', proxyPasswordFile] satisfies [string, string]]),
    ['siteKeyFile', siteKeyFile],
    ...Object.entries(platforms).flatMap(([name, it]) =>
      kindOf(it.type)
        .secretFiles(it)
        .map(([key, file]): [string, string] => [`platforms.${name}.${key}`, file]),
    ),
    ...Object.entries(buttons).map(([name, it]): [string, string] => [`buttons.${name}.keyFile`, it.keyFile]),
    ...webhooks.map((it, i): [string, string] => [`webhooks.${i}.secretFile`, it.secretFile]),
  ];
}

/** Undefined when it is gone: it was read a moment ago. */
function modeOf(path: string): number | undefined {
  try {
    return statSync(path).mode;
  } catch {
    return undefined;
  }
}
