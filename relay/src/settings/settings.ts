/** Reads a relay's settings file. */
import { dirname, resolve } from 'node:path';
import { listenAt } from '../../../config/src/listen-address.ts';
import type { Logger } from '../../../config/src/log.ts';
import { readYamlFile } from '../../../config/src/yaml-file.ts';
import { readUsers } from '../auth/users.ts';
import { readCertificates } from '../listeners/certificates.ts';
import type { RelayOptions } from '../relay.ts';
import { settingsSchema } from './schema.ts';

/** Without a listener's own and a general host, a relay is for this machine only. */
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
  const { users, host = defaultHost, listeners, certificates = [], monitor, limits } = settings;
  return {
    relay: {
      host,
      users: at(users),
      listeners,
      certificates: certificates.map(({ cert, key }) => ({ cert: at(cert), key: at(key) })),
      ...(limits === undefined ? {} : { limits }),
    },
    ...(monitor === undefined ? {} : { monitor: listenAt(monitor) }),
  };
}

/**
 * Reads the users and the certificates as a start would, and opens nothing.
 * @throws SetupError that says what is wrong with a file.
 */
export function checkFiles({ users, tls, certificates = [] }: RelaySettings['relay'], log: Logger): void {
  if (typeof users === 'string') readUsers(users);
  const own = tls !== undefined && 'cert' in tls ? [tls] : [];
  const all = [...own, ...certificates];
  if (all.length > 0) readCertificates(all, log);
}
