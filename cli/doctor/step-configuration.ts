/** Step 1: the settings and every file that they name can be read, and fit together. */
import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { SetupError } from '../../config/src/setup-error.ts';
import { readYamlFile } from '../../config/src/yaml-file.ts';
import { kindOf } from '../../provisioner/src/platforms/kinds.ts';
import { loadConfig } from '../../provisioner/src/settings/config.ts';
import { type Settings, settingsSchema } from '../../provisioner/src/settings/config-schema.ts';
import { relaysIn } from '../../provisioner/src/settings/relays.ts';
import { placeholderProblems } from './placeholders.ts';
import { Broken, type Finding, type Problem } from './result.ts';
import type { Visit } from './visit.ts';
import { counted, octal } from './words.ts';

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
    throw new Broken((await placeholderProblems(path, visit.limit())) ?? problemsIn(error.message, path));
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

/** The lines of a SetupError, each with its setting where it names one. */
function problemsIn(message: string, path: string): Problem[] {
  let block: { setting: string; file: string } | undefined;
  return message.split('\n').flatMap(line => {
    const text = line.trim();
    const [, head] = /^(.*) has (?:one problem|\d+ problems):$/.exec(text) ?? [];
    if (head !== undefined) {
      // Of a file that a setting names: there it has to be mended, not in the settings.
      const [, setting = '', file = path] = /^([A-Za-z]\w*(?:\.[\w-]+)+)(?: (\/.*))?$/.exec(head) ?? [];
      block = setting === '' ? undefined : { setting, file };
      return [];
    }
    if (line === text) block = undefined;
    return [block === undefined ? problemIn(text, path) : inFile(text, block)];
  });
}

function inFile(found: string, { setting, file }: { setting: string; file: string }): Problem {
  return { setting, found, advice: `mend ${file}` };
}

function problemIn(text: string, path: string): Problem {
  const [, setting, found] = /^([A-Za-z][\w-]*(?:\.[\w-]+)*|\(top\)): (.+)$/.exec(text) ?? [];
  if (setting !== undefined && found !== undefined) {
    const [, expected, value] = /^(expected .+) \((?:found (.+)|nothing is there)\)$/.exec(found) ?? [];
    const both =
      expected === undefined
        ? { found }
        : { found: value ?? 'nothing is there', expected: expected.slice('expected '.length) };
    return { setting, ...both, ...adviceFor(path) };
  }
  const [, file] = /^([A-Za-z]\w*(?:\.[\w-]+)*) \//.exec(text) ?? [];
  const [, variable] = /^(\w+_proxy) in the environment/i.exec(text) ?? [];
  return { setting: file ?? variable ?? path, found: text, ...adviceFor(path) };
}

function adviceFor(path: string): { advice: string } {
  return { advice: `mend ${path}; provisioner/example.yaml explains each setting` };
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
