/** What an enrolment will do, decided from the options and the files that are there. Nothing is written here. */
import { existsSync } from 'node:fs';
import { messageOf, SetupError } from '../../config/src/setup-error.ts';
import { problemsOf } from './checks.ts';
import { type DeviceFile, readDeviceFile } from './device-file.ts';
import { parseRelayUrl, type RelayHost } from './relay-url.ts';
import { buttonIn, fromSettings, openSettings, type SettingsFile } from './settings-file.ts';
import { openUsers, type UsersFile } from './users-file.ts';
import { type Network, onTheAir, readWifiFile } from './wifi.ts';

export interface EnrollOptions {
  button: string;
  /** The relay's users file and the provisioner's settings. */
  users: string;
  config: string;
  /** These four may be left out when the settings, or with `rekey` the old device.json, say them. */
  site?: string;
  profile?: string;
  relay?: string;
  board?: string;
  /** A YAML list of networks; asked for when left out. */
  wifi?: string;
  /** Where device.json goes; `<button>.device.json` when left out. */
  out?: string;
  rekey?: boolean;
}

/** Everything that is decided, and nothing that is secret but the networks' passwords. */
export interface Plan {
  button: string;
  site: string;
  profile: string;
  board: string;
  relay: RelayHost;
  /** Undefined: ask. */
  wifi: Network[] | undefined;
  users: UsersFile;
  settings: SettingsFile;
  out: string;
  /** As the settings name it, and where it is. */
  keyFile: string;
  keyPath: string;
  siteKeyPath: string;
  /** The provisioner's own login at the relay. */
  login: { name: string; isNew: boolean; passwordPath: string };
  rekey: boolean;
}

const defaultBoard = 'heltec-wifi-kit-32';

/** Decides everything but the secrets. Throws a SetupError with all problems at once. */
export function planEnrolment(options: EnrollOptions): Plan {
  const problems: string[] = [];
  const attempt = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      problems.push(messageOf(error));
      return undefined;
    }
  };
  const { button, rekey = false } = options;
  const out = options.out ?? `${button}.device.json`;
  const users = attempt(() => openUsers(options.users));
  const settings = attempt(() => openSettings(options.config));
  const old = rekey && existsSync(out) ? attempt(() => readDeviceFile(out)) : undefined;
  const wifi = attempt(() =>
    options.wifi === undefined ? old?.wifi : readWifiFile(options.wifi).map(onTheAir),
  );
  const relay = attempt(() => relayOf(options.relay, old, settings?.known.relay?.url));
  if (users === undefined || settings === undefined) throw new SetupError(problems.join('\n'));

  const { known } = settings;
  const entry = buttonIn(settings, button);
  const site = options.site ?? known.site ?? old?.site ?? users.users.get(button)?.site ?? '';
  const keyFile = entry?.keyFile ?? `${button}.key`;
  const plan = {
    button,
    site,
    profile: options.profile ?? entry?.profile ?? '',
    board: options.board ?? old?.board ?? defaultBoard,
    wifi,
    users,
    settings,
    out,
    keyFile,
    keyPath: fromSettings(settings, keyFile),
    siteKeyPath: fromSettings(settings, known.siteKeyFile ?? `${site}.site.key`),
    login: loginOf(site, settings, users),
    rekey,
  };
  problems.push(...problemsOf(plan));
  if (problems.length > 0 || relay === undefined) throw new SetupError(problems.join('\n'));
  return { ...plan, relay };
}

function relayOf(text: string | undefined, old: DeviceFile | undefined, url: string | undefined): RelayHost {
  if (text !== undefined) return parseRelayUrl(text);
  if (old !== undefined) return { host: old.relay.host, port: old.relay.port, tls: old.relay.tls };
  if (url !== undefined) return parseRelayUrl(url);
  throw new SetupError('where is the relay? say it with --relay mqtt://host:1883 or mqtts://host:8883');
}

function loginOf(site: string, settings: SettingsFile, { users }: UsersFile): Plan['login'] {
  const serving = [...users.values()].find(user => user.role === 'provisioner' && user.site === site);
  const passwordFile = settings.known.relay?.passwordFile ?? `${site}.password`;
  return {
    name: serving?.name ?? settings.known.relay?.user ?? site,
    isNew: serving === undefined,
    passwordPath: fromSettings(settings, passwordFile),
  };
}
