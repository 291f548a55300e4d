/** Reads the settings of a provisioner: the file, and the secrets and certificates that it names. */
import { dirname, resolve } from 'node:path';
import { readKey, readSecret } from '../../config/src/secret-file.ts';
import { messageOf, SetupError } from '../../config/src/setup-error.ts';
import { readTextFile, readYamlFile } from '../../config/src/yaml-file.ts';
import { keyBytes } from '../../protocol/src/sign.ts';
import { proxyUser, type Settings, settingsSchema } from './config-schema.ts';
import type { ProxyAddress, RelayAddress } from './dial.ts';
import type { PlatformConfig } from './platforms/make.ts';

/** `show`: say again where that cluster is; `create`: build one more. */
export type WhenReady = 'show' | 'create';

/** What a kind of button orders. */
export interface Profile {
  /** Name in {@link ProvisionerConfig.platforms}. */
  platform: string;
  /** The pool of address ranges as CIDR, and the length of each range's prefix. */
  rangePool: string;
  rangePrefix: number;
  /** How long a build usually takes, until this profile has a history of its own (seconds). */
  expectS: number;
  /** Not ready by then means failed; so does not given back (seconds). */
  deadlineS: number;
  /** What a new press does while the button's last cluster is ready. Default `create`. */
  whenReady?: WhenReady;
  template: Readonly<Record<string, unknown>>;
}

/** Everything a provisioner needs, secrets included: never log it. */
export interface ProvisionerConfig {
  site: string;
  /** 32 bytes; signs the beacon. */
  siteKey: Uint8Array;
  relay: RelayAddress & { user: string; password: string };
  proxy?: ProxyAddress;
  /** The journal's folder. */
  journal: string;
  platforms: Readonly<Record<string, PlatformConfig>>;
  profiles: Readonly<Record<string, Profile>>;
  /** 32 bytes of key each. */
  buttons: Readonly<Record<string, { profile: string; key: Uint8Array }>>;
}

/**
 * Reads a settings file and every file that it names; relative paths count from its folder.
 * @throws SetupError with all problems: first those of the file itself, then those of the files it names.
 */
export function loadConfig(path: string): ProvisionerConfig {
  const settings = readYamlFile(path, 'the settings file', settingsSchema);
  return resolveFiles(settings, dirname(resolve(path)));
}

function resolveFiles(settings: Settings, folder: string): ProvisionerConfig {
  const problems: string[] = [];
  // Collects, so that three missing files are three lines and not three runs.
  const read = <T>(reader: (path: string, what: string) => T, path: string, what: string, fallback: T): T => {
    try {
      return reader(resolve(folder, path), what);
    } catch (error) {
      problems.push(messageOf(error));
      return fallback;
    }
  };
  const secret = (path: string, what: string) => read(readSecret, path, what, '');
  const pem = (path: string, what: string) => read(readPem, path, what, '');
  const key = (path: string, what: string) =>
    read<Uint8Array>((at, name) => readKey(at, name, keyBytes), path, what, new Uint8Array(keyBytes));

  const { relay } = settings;
  const config: ProvisionerConfig = {
    site: settings.site,
    siteKey: key(settings.siteKeyFile, 'siteKeyFile'),
    relay: {
      ...relayAddress(relay.url),
      ...(relay.ca === undefined ? {} : { ca: pem(relay.ca, 'relay.ca') }),
      user: relay.user,
      password: secret(relay.passwordFile, 'relay.passwordFile'),
    },
    journal: resolve(folder, settings.journal),
    platforms: mapValues(settings.platforms, (platform, name) => ({
      type: platform.type,
      url: new URL(platform.url).origin,
      username: platform.username,
      password: secret(platform.passwordFile, `platforms.${name}.passwordFile`),
      trust:
        platform.fingerprint === undefined
          ? { ca: pem(platform.ca ?? '', `platforms.${name}.ca`) }
          : { fingerprint: platform.fingerprint },
    })),
    profiles: settings.profiles,
    buttons: mapValues(settings.buttons, (button, name) => ({
      profile: button.profile,
      key: key(button.keyFile, `buttons.${name}.keyFile`),
    })),
  };
  if (settings.proxy !== undefined) {
    const { proxyPasswordFile } = settings;
    const password =
      proxyPasswordFile === undefined ? undefined : secret(proxyPasswordFile, 'proxyPasswordFile');
    config.proxy = proxyOf(settings.proxy, password);
  }
  if (problems.length > 0) throw new SetupError(problems.join('\n'));
  return config;
}

const defaultPorts: Record<string, number> = {
  'mqtt:': 1883,
  'mqtts:': 8883,
  'http:': 80,
  'socks5:': 1080,
  'socks5h:': 1080,
};

function portOf(url: URL): number {
  return url.port === '' ? (defaultPorts[url.protocol] ?? 0) : Number(url.port);
}

/** An IPv6 address stands in brackets in a URL, but not in a socket call. */
function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

function relayAddress(text: string): RelayAddress {
  const url = new URL(text);
  return { host: hostOf(url), port: portOf(url), tls: url.protocol === 'mqtts:' };
}

function proxyOf(text: string, password: string | undefined): ProxyAddress {
  const url = new URL(text);
  const user = proxyUser(text);
  return {
    type: url.protocol === 'http:' ? 'http' : 'socks5',
    host: hostOf(url),
    port: portOf(url),
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
  };
}

function readPem(path: string, what: string): string {
  const text = readTextFile(path, what);
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new SetupError(`${what} ${path} is not a PEM file: expected -----BEGIN CERTIFICATE-----`);
}

function mapValues<T, U>(
  record: Readonly<Record<string, T>>,
  map: (value: T, key: string) => U,
): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]));
}
