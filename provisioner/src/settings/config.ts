/** Reads the settings of a provisioner: the file, and the secrets and certificates that it names. */
import { dirname, resolve } from 'node:path';
import { listenAt } from '../../../config/src/listen-address.ts';
import { readKey, readSecret } from '../../../config/src/secret-file.ts';
import { messageOf, problemsOf, SetupError, type SetupProblem } from '../../../config/src/setup-error.ts';
import { readTextFile, readYamlFile } from '../../../config/src/yaml-file.ts';
import { keyBytes } from '../../../protocol/src/messages.ts';
import { nextFree } from '../common/cidr.ts';
import type { SettingsFiles } from '../common/settings-files.ts';
import type { WebhookEvent } from '../journal/notice.ts';
import { type Manifest, readManifests } from '../kubernetes/manifests.ts';
import { kindOf, type PlatformConfig } from '../platforms/kinds.ts';
import type { RelayLogin } from '../uplink/addresses.ts';
import { type Environment, noProxyComplaints } from '../uplink/proxy-env.ts';
import { type Settings, settingsSchema } from './config-schema.ts';
import { relayLogins, relayWarnings } from './relays.ts';
import type { ProfileRules, RuleSettings } from './rules.ts';
import { webhookKey } from './webhook-signature.ts';

/** What a kind of button orders. */
export interface Profile {
  /** Name in {@link ProvisionerConfig.platforms}. */
  platform: string;
  /** The pool of address ranges as CIDR, and the length of each range's prefix. */
  rangePool: string;
  rangePrefix: number;
  /** Parts of the pool that no cluster gets, as CIDRs. */
  exclude?: readonly string[];
  /** How long a build usually takes, until this profile has a history of its own (seconds). */
  expectS: number;
  /** Not ready by then means failed; so does not given back (seconds). */
  deadlineS: number;
  rules?: ProfileRules;
  /** What the platform puts into each cluster beside Kubernetes, by its own names. */
  addOns?: readonly string[];
  /** Ready only when every node is Ready, says the new cluster itself. */
  nodesReady?: boolean;
  /** Applied to each new cluster before it counts as ready. */
  manifests?: readonly Manifest[];
  template: Readonly<Record<string, unknown>>;
}

/** Everything a provisioner needs, secrets included: never log it. */
export interface ProvisionerConfig {
  site: string;
  /** 32 bytes; signs the beacon. */
  siteKey: Uint8Array;
  /** At least one. They share nothing; presses come from any, statuses go to all. */
  relays: readonly RelayLogin[];
  /** The journal's folder. */
  journal: string;
  platforms: Readonly<Record<string, PlatformConfig>>;
  profiles: Readonly<Record<string, Profile>>;
  /** 32 bytes of key each. */
  buttons: Readonly<Record<string, { profile: string; key: Uint8Array; rules?: RuleSettings }>>;
  /** Where metrics and health are to be had. */
  monitor?: { host: string; port: number };
  webhooks?: readonly Webhook[];
  /** What a person should know of the settings, although nothing is wrong: one sentence each. */
  warnings?: readonly string[];
}

/** Whom to tell what became of a press. */
export interface Webhook {
  url: string;
  /** Signs each body. */
  secret: string;
  /** Default: all. */
  events?: readonly WebhookEvent[];
  /** PEM of its authority, when the system does not know it. */
  ca?: string;
}

/**
 * Reads a settings file and every file that it names; relative paths count from its folder. Settings that say
 * nothing of a proxy take the one of `env`, see way/proxy-env.ts.
 * @param onFile told of each file that is read, or could not be. @throws SetupError with all problems: first those of the file itself, then those of the files it names.
 */
export function loadConfig(
  path: string,
  env: Environment = process.env,
  onFile: (path: string) => void = () => {},
): ProvisionerConfig {
  onFile(resolve(path));
  const settings = readYamlFile(path, 'the settings file', settingsSchema);
  return resolveFiles(settings, dirname(resolve(path)), env, onFile);
}

function resolveFiles(
  settings: Settings,
  folder: string,
  env: Environment,
  onFile: (path: string) => void,
): ProvisionerConfig {
  const messages: string[] = [];
  const problems: SetupProblem[] = [];
  const locate = (path: string) => {
    const at = resolve(folder, path);
    onFile(at);
    return at;
  };
  // Collects, so that three missing files are three lines and not three runs.
  const collect = <T>(get: () => T, fallback: T, setting: string): T => {
    try {
      return get();
    } catch (error) {
      messages.push(messageOf(error));
      problems.push(...problemsOf(error, setting));
      return fallback;
    }
  };
  const read = <T>(reader: (path: string, what: string) => T, path: string, what: string, fallback: T): T =>
    collect(() => reader(locate(path), what), fallback, what);
  const secret = (path: string, what: string) => read(readSecret, path, what, '');
  const pem = (path: string, what: string) => read(readPem, path, what, '');
  const key = (path: string, what: string) =>
    read<Uint8Array>((at, name) => readKey(at, name, keyBytes), path, what, new Uint8Array(keyBytes));

  const files: SettingsFiles = {
    path: locate,
    text: (path, what) => read(readTextFile, path, what, ''),
    secret,
    pem,
    collect,
  };

  const config: ProvisionerConfig = {
    site: settings.site,
    siteKey: key(settings.siteKeyFile, 'siteKeyFile'),
    relays: relayLogins(settings, files, env),
    journal: resolve(folder, settings.journal),
    platforms: mapValues(settings.platforms, (platform, name) =>
      kindOf(platform.type).config(platform, `platforms.${name}`, files),
    ),
    profiles: mapValues(settings.profiles, ({ manifests, ...profile }, name) => ({
      ...profile,
      template: templateOf(profile, settings, `profiles.${name}.template`, files),
      ...(manifests === undefined
        ? {}
        : { manifests: manifests.flatMap(path => read(readManifests, path, 'manifests', [])) }),
    })),
    buttons: mapValues(settings.buttons, ({ profile, keyFile, rules }, name) => ({
      profile,
      key: key(keyFile, `buttons.${name}.keyFile`),
      ...(rules === undefined ? {} : { rules }),
    })),
    ...(settings.monitor === undefined ? {} : { monitor: listenAt(settings.monitor) }),
    ...(settings.webhooks === undefined
      ? {}
      : {
          webhooks: settings.webhooks.map(({ url, secretFile, ca, events }, i) => ({
            url,
            secret: read(webhookSecret, secretFile, `webhooks.${i}.secretFile`, ''),
            ...(ca === undefined ? {} : { ca: pem(ca, `webhooks.${i}.ca`) }),
            ...(events === undefined ? {} : { events }),
          })),
        }),
  };
  const warnings = warningsOf(settings, env);
  if (warnings.length > 0) config.warnings = warnings;
  if (messages.length > 0) throw new SetupError(messages.join('\n'), problems);
  return config;
}

/** What is not understood, and yet keeps nobody from running: each once. */
function warningsOf(settings: Settings, env: Environment): string[] {
  const byEnvironment = Object.values(settings.platforms).some(platform =>
    kindOf(platform.type).usesEnvironment(platform),
  );
  // Whatever its name: it is not looked up, and is not on this machine.
  const platform = { host: 'platform', port: 443, tls: true };
  return [
    ...new Set([...relayWarnings(settings, env), ...(byEnvironment ? noProxyComplaints(platform, env) : [])]),
  ];
}

/** The template with the files that it names; looked at with the first range of its pool. */
function templateOf(
  { platform, template, rangePool, rangePrefix }: Settings['profiles'][string],
  { platforms }: Settings,
  at: string,
  files: SettingsFiles,
): Readonly<Record<string, unknown>> {
  const settings = platforms[platform];
  const range = nextFree(rangePool, rangePrefix, []);
  // The schema has seen that both are there.
  if (settings === undefined || range === undefined) return template;
  return kindOf(settings.type).template(template, settings, at, range, files);
}

/** Looked at now, so that one that cannot be a key is named with everything else. */
function webhookSecret(path: string, what: string): string {
  const text = readSecret(path, what);
  webhookKey(text, `${what} ${path}`);
  return text;
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
