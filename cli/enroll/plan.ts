/** What an enrolment will do, decided from the options and the files that are there. Nothing is written here. */
import { existsSync } from 'node:fs';
import { messageOf, SetupError } from '../../config/src/setup-error.ts';
import { type Battery, calibrate } from './battery.ts';
import { problemsOf } from './checks.ts';
import { boardNames, type DeviceFile, maxRelays, readDeviceFile } from './device-file.ts';
import { parseRelayUrl, type RelayHost } from './relay-url.ts';
import {
  buttonIn,
  fromSettings,
  openSettings,
  relaysIn,
  relayUrlsIn,
  type SettingsFile,
} from './settings-file.ts';
import { openUsers, type UsersFile } from './users-file.ts';
import { type Network, networkProblems, onTheAir, readWifiFile } from './wifi.ts';

export interface EnrollOptions {
  button: string;
  /** The relay's users file and the provisioner's settings. */
  users: string;
  config: string;
  /** These four may be left out when the settings, or with `rekey` the old device.json, say them. */
  site?: string;
  profile?: string;
  /** Up to three URLs, the one to begin with first. */
  relay?: readonly string[];
  board?: string;
  /** A YAML list of networks; asked for when left out. */
  wifi?: string;
  /** Two voltages at the cell and the two that the button told: `3.52=3.41,4.12=3.98`. */
  battery?: string;
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
  /** At least one. */
  relays: RelayHost[];
  /** Undefined: ask. */
  wifi: Network[] | undefined;
  /** Undefined: as the board table says. */
  battery: Battery | undefined;
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

/** The first of the table: the one that hardware.md recommends. */
const defaultBoard = boardNames[0] ?? '';

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
  const wifi = attempt(() => wifiOf(options.wifi, old));
  const board = options.board ?? old?.board ?? defaultBoard;
  const kept = old?.board === board ? old.battery : undefined;
  const battery = attempt(() =>
    options.battery === undefined ? kept : calibrate(options.battery, board, kept),
  );
  const relays = attempt(() => relaysOf(options.relay ?? [], old, settings));
  if (users === undefined || settings === undefined) throw new SetupError(problems.join('\n'));

  const { known } = settings;
  const entry = buttonIn(settings, button);
  const site = options.site ?? known.site ?? old?.site ?? users.users.get(button)?.site ?? '';
  const keyFile = entry?.keyFile ?? `${button}.key`;
  const plan = {
    button,
    site,
    profile: options.profile ?? entry?.profile ?? '',
    board,
    wifi,
    battery,
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
  if (problems.length > 0 || relays === undefined) throw new SetupError(problems.join('\n'));
  return { ...plan, relays };
}

function wifiOf(file: string | undefined, old: DeviceFile | undefined): Network[] | undefined {
  if (file !== undefined) return readWifiFile(file).map(onTheAir);
  const [problem] = networkProblems(old?.wifi ?? []);
  if (problem !== undefined) throw new SetupError(`${problem}; name the networks anew, with --wifi`);
  return old?.wifi;
}

/** As said, or as before, or the provisioner's own as far as the chip can dial them. */
function relaysOf(
  said: readonly string[],
  old: DeviceFile | undefined,
  settings: SettingsFile | undefined,
): RelayHost[] {
  if (said.length > maxRelays) {
    throw new SetupError(`--relay: ${said.length} relays, and a button has at most ${maxRelays}`);
  }
  if (new Set(said).size < said.length) throw new SetupError('--relay: the same relay twice');
  if (said.length > 0) return said.map(parseRelayUrl);
  if (old !== undefined) {
    return [old.relay, ...(old.otherRelays ?? [])].map(({ host, port, tls }) => ({ host, port, tls }));
  }
  const urls = settings === undefined ? [] : relayUrlsIn(settings);
  // A WebSocket is for labs behind a proxy; the chip has none.
  const [first, ...others] = urls.filter(url => urls.length === 1 || /^mqtts?:/i.test(url));
  if (first !== undefined) return [first, ...others].slice(0, maxRelays).map(parseRelayUrl);
  throw new SetupError('where is the relay? say it with --relay mqtt://host:1883 or mqtts://host:8883');
}

function loginOf(site: string, settings: SettingsFile, { users }: UsersFile): Plan['login'] {
  const serving = [...users.values()].find(user => user.role === 'provisioner' && user.site === site);
  const [relay] = relaysIn(settings);
  const passwordFile = relay?.passwordFile ?? `${site}.password`;
  return {
    name: serving?.name ?? relay?.user ?? site,
    isNew: serving === undefined,
    passwordPath: fromSettings(settings, passwordFile),
  };
}
