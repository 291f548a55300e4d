/** Puts a profile into a provisioner's settings; comments, order and everybody else's entries stay. */
import { isMap, YAMLMap } from 'yaml';
import { SetupError } from '../../config/src/setup-error.ts';
import { type SettingsFile, settingsText } from '../enroll/settings-file.ts';
import { type Profile, placeholdersIn, profileNode } from './block.ts';
import { type Json, show } from './json.ts';

/** The only platform of the right type. Throws a SetupError when there is none, or a choice. */
export function platformIn(settings: SettingsFile): string {
  const { path, there, document } = settings;
  if (!there) throw new SetupError(`the settings file ${path} cannot be read: there is no such file`);
  const platforms = document.get('platforms', true);
  const names = isMap(platforms)
    ? platforms.items.flatMap(({ key, value }) =>
        isMap(value) && value.get('type') === 'ccp' ? [textOf(key)] : [],
      )
    : [];
  const [only] = names;
  if (only !== undefined && names.length === 1) return only;
  throw new SetupError(
    only === undefined
      ? `${path} has no platform of type ccp: add one below platforms (provisioner/example.yaml explains it)`
      : `which platform is it for? say it with --platform: there is ${names.join(', ')}`,
  );
}

/**
 * Adds the profile. One that is there is refused, or with `replace` gets the new template: what people have decided
 * beside it (range, times, rules) is worth more than this command's guesses.
 * @param setPlatform the platform was said, not guessed: it replaces the old one's
 * @returns the settings of the old profile that stayed; undefined when there was none.
 */
export function putProfile(
  settings: SettingsFile,
  name: string,
  profile: Profile,
  replace: boolean,
  setPlatform: boolean,
): string[] | undefined {
  const { path, there, document } = settings;
  if (!there) throw new SetupError(`the settings file ${path} cannot be read: there is no such file`);
  const profiles = profilesOf(settings);
  const node = profileNode(document, profile);
  if (!profiles.has(name)) {
    if (profiles.items.length === 0) profiles.flow = false;
    profiles.set(name, node);
    return undefined;
  }
  if (!replace) {
    throw new SetupError(`${path} has a profile ${name}: choose another --name, or --replace its template`);
  }
  const old = profiles.get(name, true);
  if (!isMap(old)) {
    profiles.set(name, node);
    return [];
  }
  const kept = old.items.map(({ key }) => textOf(key)).filter(key => key !== 'template');
  for (const { key, value } of node.items) {
    const setting = textOf(key);
    if (setting === 'template' || (setting === 'platform' && setPlatform) || isNew(old, setting)) {
      old.set(setting, value);
    }
  }
  return kept.filter(key => key !== 'platform' || !setPlatform);
}

/**
 * The settings' new text, checked as the provisioner will.
 * @throws SetupError with every problem, or with what a person has to fill in first.
 */
export function checkedSettings(settings: SettingsFile, name: string, template: Json): string {
  const open = placeholdersIn(template);
  if (open.length > 0) {
    const places = open.map(([path, what]) => `  profiles.${name}.template.${show(path)}: ${what}`);
    throw new SetupError(
      [
        `${settings.path} was not changed, because these values were left out:`,
        ...places,
        'With --keep-ids the captured ones stay (for the platform they were captured on), --ssh-key puts a public key in; without --config the profile is printed, to be completed by hand.',
      ].join('\n'),
    );
  }
  return settingsText(settings);
}

function profilesOf({ path, document }: SettingsFile): YAMLMap {
  const profiles = document.get('profiles', true);
  if (isMap(profiles)) return profiles;
  if (document.contents !== null && !isMap(document.contents)) {
    throw new SetupError(`the settings file ${path} is no map of settings`);
  }
  const empty = new YAMLMap();
  document.set('profiles', empty);
  return empty;
}

function textOf(key: unknown): string {
  return typeof key === 'object' && key !== null && 'value' in key ? String(key.value) : String(key);
}

/** What was guessed to be left out belongs to the guessed pool, not to one that a person has chosen. */
function isNew(old: YAMLMap, setting: string): boolean {
  return !old.has(setting) && !(setting === 'exclude' && old.has('rangePool'));
}
