/** Edits a provisioner's settings file; comments and everything else in it stay. */
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Document, isMap, parseDocument, YAMLMap } from 'yaml';
import { z } from 'zod';
import { checkYaml, readTextFile } from '../../config/src/yaml-file.ts';
import { settingsSchema } from '../../provisioner/src/settings/config-schema.ts';

const text = z.string().optional().catch(undefined);
const relayPart = z.object({ url: text, user: text, passwordFile: text });
const buttonPart = z.object({ profile: text, keyFile: text }).catch({});

/** What an enrolment wants to know. What is missing or wrong is left out: the provisioner's own rules name it later. */
const knownSchema = z.object({
  site: text,
  relay: relayPart.optional().catch(undefined),
  relays: z.array(relayPart).optional().catch(undefined),
  siteKeyFile: text,
  buttons: z.record(z.string(), buttonPart).optional().catch(undefined),
});

export interface SettingsFile {
  path: string;
  /** False: there is none yet, and this enrolment does not write one (it could not know the platform). */
  there: boolean;
  known: z.infer<typeof knownSchema>;
  document: Document;
}

const what = 'the settings file';

/** Opens a settings file. Throws a SetupError when it is there but is not YAML. */
export function openSettings(path: string): SettingsFile {
  if (!existsSync(path)) return { path, there: false, known: {}, document: parseDocument('{}') };
  const content = readTextFile(path, what);
  const known = checkYaml(content, `${what} ${path}`, knownSchema);
  return { path, there: true, known, document: parseDocument(content) };
}

/** The entry of a button; its name may be that of something every object has. */
export function buttonIn({ known }: SettingsFile, name: string): z.infer<typeof buttonPart> | undefined {
  return known.buttons !== undefined && Object.hasOwn(known.buttons, name) ? known.buttons[name] : undefined;
}

/** The relays of the settings, whichever way they are said. The first is the one whose users file this is. */
export function relaysIn({ known }: SettingsFile): z.infer<typeof relayPart>[] {
  return [...(known.relay === undefined ? [] : [known.relay]), ...(known.relays ?? [])];
}

export function relayUrlsIn(settings: SettingsFile): string[] {
  return relaysIn(settings).flatMap(({ url }) => url ?? []);
}

/** A path that stands in the settings, as seen from here. */
export function fromSettings(settings: SettingsFile, path: string): string {
  return resolve(dirname(settings.path), path);
}

/** Adds a button's entry, or changes these values of the one that is there. Returns whether anything changed. */
export function putButton(
  { document }: SettingsFile,
  name: string,
  profile: string,
  keyFile: string,
): boolean {
  const buttons = buttonsOf(document);
  const entry = buttons.get(name, true);
  if (isMap(entry)) {
    if (entry.get('profile') === profile && entry.get('keyFile') === keyFile) return false;
    entry.set('profile', profile);
    entry.set('keyFile', keyFile);
    return true;
  }
  if (buttons.items.length === 0) buttons.flow = false;
  const added = document.createNode({ profile, keyFile });
  if (isMap(added)) added.flow = true;
  buttons.set(name, added);
  return true;
}

export function removeButton({ document }: SettingsFile, name: string): void {
  buttonsOf(document).delete(name);
}

/** The file's new text. Throws a SetupError with every problem the provisioner would have with it. */
export function settingsText({ path, document }: SettingsFile): string {
  const content = document.toString({ lineWidth: 0 });
  checkYaml(content, `${what} ${path}`, settingsSchema);
  return content;
}

function buttonsOf(document: Document): YAMLMap {
  const buttons = document.get('buttons', true);
  if (isMap(buttons)) return buttons;
  const empty = new YAMLMap();
  document.set('buttons', empty);
  return empty;
}
