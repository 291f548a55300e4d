/** A profile as values, and as YAML that says beside each guess that it is one. */
import { Document, isMap, Scalar, stringify, YAMLMap } from 'yaml';
import { isPlaceholder, standIn } from './identifiers.ts';
import { isObject, type Json, type Path } from './json.ts';
import type { Kind } from './kind.ts';
import { guessRange } from './range.ts';

/** `profiles.<name>` of the provisioner's settings, as far as an import can know it. */
export interface Profile {
  platform: string;
  rangePool: string;
  rangePrefix: number;
  exclude?: string[];
  expectS: number;
  deadlineS: number;
  template: Record<string, Json>;
  /** Where range pool and prefix come from; not part of the settings. */
  rangeWhy: string;
}

/** Usual duration of a build and when it has failed (s): the 2019 button's 160 s; a quarter of an hour with EKS. */
const times: Record<Kind, { expectS: number; deadlineS: number }> = {
  v2: { expectS: 160, deadlineS: 1800 },
  v3: { expectS: 160, deadlineS: 1800 },
  eks: { expectS: 900, deadlineS: 3600 },
};

export function profileOf(
  payload: Record<string, Json>,
  kind: Kind,
  platform: string,
  template: Record<string, Json>,
): Profile {
  const { pool, prefix, exclude, why } = guessRange(payload, kind);
  return {
    ...{ platform, rangePool: pool, rangePrefix: prefix, ...(exclude === undefined ? {} : { exclude }) },
    ...{ ...times[kind], template, rangeWhy: why },
  };
}

/** What stands above a setting, because nobody has decided it yet. */
const comments: Record<string, string> = {
  rangePool: ' Guessed from one captured range: confirm that all of the pool is free for clusters.',
  expectS: ' Guessed: how long a build usually takes, and when it counts as failed (seconds).',
};

/** The profile as a node of a settings document. */
export function profileNode(document: Document, { rangeWhy: _, ...profile }: Profile): YAMLMap {
  const node = new YAMLMap();
  for (const [key, value] of Object.entries(profile)) {
    const name = new Scalar(key);
    if (comments[key] !== undefined) name.commentBefore = comments[key];
    node.add({ key: name, value: document.createNode(value, { aliasDuplicateObjects: false }) });
  }
  return node;
}

/** YAML to paste below `profiles:`. */
export function blockText(name: string, profile: Profile): string {
  const document = new Document({ profiles: {} });
  const profiles = document.get('profiles');
  if (isMap(profiles)) {
    profiles.flow = false;
    profiles.set(name, profileNode(document, profile));
  }
  return document.toString({ lineWidth: 0 }).replace(/^profiles:\n/, '');
}

/** A whole settings file with this profile alone, its placeholders filled: for checking the rest of it. */
export function settingsAround(name: string, profile: Profile): string {
  const { rangeWhy: _, ...settings } = profile;
  const around = {
    site: 'lab',
    relay: { url: 'mqtt://relay:1883', user: 'lab', passwordFile: 'x' },
    siteKeyFile: 'x',
    journal: 'x',
    platforms: {
      [profile.platform]: {
        type: 'ccp',
        url: 'https://ccp.example.net',
        username: 'x',
        passwordFile: 'x',
        fingerprint: '0'.repeat(64),
      },
    },
    profiles: { [name]: { ...settings, template: filled(profile.template) } },
    buttons: {},
  };
  return stringify(around, { lineWidth: 0, aliasDuplicateObjects: false });
}

function filled(value: Json): Json {
  if (typeof value === 'string') return isPlaceholder(value) ? standIn(value) : value;
  if (Array.isArray(value)) return value.map(filled);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, filled(one)]));
}

/** Places that a person still has to fill in, each with its placeholder. */
export function placeholdersIn(value: Json, path: Path = []): [Path, string][] {
  if (typeof value === 'string') return isPlaceholder(value) ? [[path, value]] : [];
  if (Array.isArray(value)) return value.flatMap((one, i) => placeholdersIn(one, [...path, i]));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, one]) => placeholdersIn(one, [...path, key]));
}
