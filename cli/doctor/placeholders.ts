/**
 * A profile fresh from `dashbutton profile import` has `<uuid of the subnet: …>` in its template, which the settings
 * refuse. When that is all that is wrong with them, the platform is asked what could stand there.
 */
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { readSecret } from '../../config/src/secret-file.ts';
import { SetupError } from '../../config/src/setup-error.ts';
import { readTextFile, readYamlFile } from '../../config/src/yaml-file.ts';
import { kindOf, makePlatform, type PlatformConfig } from '../../provisioner/src/platforms/kinds.ts';
import { type Settings, settingsSchema } from '../../provisioner/src/settings/config-schema.ts';
import { isPlaceholder, standIn } from '../profile/identifiers.ts';
import type { Problem } from './result.ts';
import { templateProblem } from './template-problems.ts';

type Loose = Record<string, unknown>;

/** A template is at most this deep, as for the settings. */
const maxDepth = 20;

/**
 * A problem for each placeholder, with what the platform has instead. Undefined when the settings have no
 * placeholders, something else is wrong with them too, or the platform cannot be asked.
 */
export async function placeholderProblems(path: string, signal: AbortSignal): Promise<Problem[] | undefined> {
  let written: Loose = {};
  try {
    const filled = z.preprocess(value => {
      written = objectAt(objectAt(value).profiles);
      return { ...objectAt(value), profiles: fill(written) };
    }, settingsSchema);
    const settings = readYamlFile(path, 'the settings file', filled);
    const lists = await Promise.all(
      Object.entries(written).map(([name, profile]) =>
        ofProfile(name, objectAt(profile).template, settings, path, signal),
      ),
    );
    const problems = lists.flat();
    return problems.length === 0 ? undefined : problems;
  } catch {
    // The settings' own words say what is wrong with them.
    return undefined;
  }
}

async function ofProfile(
  name: string,
  template: unknown,
  settings: Settings,
  path: string,
  signal: AbortSignal,
): Promise<Problem[]> {
  const at = `profiles.${name}.template`;
  const places = placesIn(template, at);
  if (places.length === 0) return [];
  const config = platformOf(settings, settings.profiles[name]?.platform ?? '', path);
  const platform = await makePlatform(config);
  try {
    // With its placeholders: no platform has anything of such a name, so it tells what it has.
    const missing = await platform.checkTemplate(objectAt(template), signal);
    const told = missing.map(each => templateProblem(at, each));
    return places.map(({ setting, text }) => ({
      setting,
      found: `${text} is still a placeholder`,
      ...only('expected', told.find(problem => problem.setting === setting)?.expected),
      advice: 'put the value here that the cluster shall have',
    }));
  } finally {
    await platform.close();
  }
}

function only<K extends string>(key: K, value: string | undefined): { [P in K]?: string } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: string });
}

function placesIn(value: unknown, at: string, depth = 0): { setting: string; text: string }[] {
  if (depth > maxDepth) return [];
  if (typeof value === 'string') return isPlaceholder(value) ? [{ setting: at, text: value.trim() }] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => placesIn(inner, `${at}.${key}`, depth + 1));
}

/** The same value with something of the right shape in each placeholder's place. */
function fill(value: unknown, depth = 0): unknown {
  if (depth > maxDepth) return value;
  if (typeof value === 'string') return isPlaceholder(value) ? standIn(value) : value;
  if (Array.isArray(value)) return value.map(inner => fill(inner, depth + 1));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fill(inner, depth + 1)]));
}

function platformOf({ platforms }: Settings, name: string, path: string): PlatformConfig {
  const settings = platforms[name];
  if (settings === undefined) throw new SetupError(`there is no platform ${name}`);
  const file = (relative: string) => resolve(dirname(resolve(path)), relative);
  const text = (relative: string, what: string) => readTextFile(file(relative), what);
  return kindOf(settings.type).config(settings, `platforms.${name}`, {
    path: file,
    text,
    secret: (relative, what) => readSecret(file(relative), what),
    pem: text,
    collect: get => get(),
  });
}

function objectAt(value: unknown): Loose {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Loose) : {};
}
