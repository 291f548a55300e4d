/** What the command line needs of the settings to look on: no secret is read, so whoever looks needs none. */
import { dirname, resolve } from 'node:path';
import { readYamlFile } from '../../../config/src/yaml-file.ts';
import { settingsSchema } from '../settings/config-schema.ts';

export interface Place {
  site: string;
  /** The journal's folder. */
  journal: string;
  /** By profile, in seconds: how long it may take to build a cluster, or to give one back. */
  deadlineS: Readonly<Record<string, number>>;
}

/** @throws SetupError with all problems of the file. */
export function readPlace(path: string): Place {
  const { site, journal, profiles } = readYamlFile(path, 'the settings file', settingsSchema);
  return {
    site,
    journal: resolve(dirname(resolve(path)), journal),
    deadlineS: Object.fromEntries(Object.entries(profiles).map(([name, { deadlineS }]) => [name, deadlineS])),
  };
}
