/** Reads a relay's settings file. */
import { dirname, resolve } from 'node:path';
import { listenAt } from '../../../config/src/listen-address.ts';
import { readYamlFile } from '../../../config/src/yaml-file.ts';
import type { RelayOptions } from '../relay.ts';
import { settingsSchema } from './schema.ts';

/** Without a door's own and a general host, a relay is for this machine only. */
const defaultHost = '127.0.0.1';

export interface RelaySettings {
  relay: Omit<RelayOptions, 'log'>;
  /** Where metrics and health are to be had. */
  monitor?: { host: string; port: number };
}

/**
 * Relative paths count from the file's folder. The files that it names are read when the relay starts.
 * @throws SetupError with all problems at once.
 */
export function loadSettings(path: string): RelaySettings {
  const settings = readYamlFile(path, 'the settings file', settingsSchema);
  const at = (file: string) => resolve(dirname(resolve(path)), file);
  const { users, host = defaultHost, doors, certificates = [], redis, monitor, limits } = settings;
  return {
    relay: {
      host,
      users: at(users),
      doors,
      certificates: certificates.map(({ cert, key }) => ({ cert: at(cert), key: at(key) })),
      ...(limits === undefined ? {} : { limits }),
      ...(redis === undefined
        ? {}
        : {
            redis: {
              url: redis.url,
              ...(redis.passwordFile === undefined ? {} : { passwordFile: at(redis.passwordFile) }),
              ...(redis.ca === undefined ? {} : { caFile: at(redis.ca) }),
              ...(redis.prefix === undefined ? {} : { prefix: redis.prefix }),
            },
          }),
    },
    ...(monitor === undefined ? {} : { monitor: listenAt(monitor) }),
  };
}
