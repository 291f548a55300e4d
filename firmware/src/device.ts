/** device.json: who this button is. Written once by the flasher, read at every wake. Chip's dialect. */
import { keyBytes } from '../../protocol/src/messages.ts';
import { type BoardPins, boardNamed, boards } from './boards.ts';
import { chip } from './hal.ts';

export const deviceFile = 'device.json';

export interface Network {
  ssid: string;
  password: string;
}

export interface RelayAddress {
  host: string;
  port: number;
  /** TLS hides the traffic from a listener; the chip does not check whom it talks to. */
  tls: boolean;
  /** Of another relay: left out where it is the first one's. */
  password: string;
}

/** The file as it is written: keys as base64 of 32 bytes, the board by its name. */
export interface DeviceFile {
  button: string;
  site: string;
  board: string;
  key: string;
  siteKey: string;
  relay: RelayAddress;
  /** Up to two more, which share nothing with the first. */
  otherRelays?: (Omit<RelayAddress, 'password'> & { password?: string })[];
  wifi: Network[];
  /** This very board's battery reading, measured at two points; left out: its row in the board table. */
  battery?: { ratio: number; offsetMv: number };
}

export interface Device {
  button: string;
  site: string;
  board: BoardPins;
  /** Signs presses and statuses: {@link keyBytes} bytes as a binary string. */
  key: string;
  /** Checks beacons. */
  siteKey: string;
  /** The names of its networks, as bytes; their keys stay in flash: {@link passwordOf}. */
  ssids: string[];
  /** How many relays there are; each knows the button. Their addresses stay in flash: {@link relayAt}. */
  relays: number;
}

function isText(x: unknown): boolean {
  return typeof x === 'string';
}

function isKey(base64: unknown): boolean {
  return isText(base64) && chip.atob(base64 as string).length === keyBytes;
}

function isNetwork(n: Network | undefined): boolean {
  return n !== undefined && isText(n.ssid) && isText(n.password);
}

/** The first field that cannot be used, or an empty text. Throws for a file that is no object at all. */
function badField(file: DeviceFile): string {
  const relay = file.relay;
  const checks: [boolean, string][] = [
    // Whether the names are right is the flasher's business; the relay refuses wrong ones.
    [isText(file.button), 'button'],
    [isText(file.site), 'site'],
    [boardNamed(file.board) !== undefined, 'board'],
    [isKey(file.key), 'key'],
    [isKey(file.siteKey), 'siteKey'],
    // The others are the flasher's business: one that cannot be dialled is one that does not help.
    [!!relay && isText(relay.host) && relay.port > 0 && isText(relay.password), 'relay'],
    [Array.isArray(file.wifi) && isNetwork(file.wifi[0]) && file.wifi.every(isNetwork), 'wifi'],
  ];
  const bad = checks.find(check => !check[0]);
  return bad === undefined ? '' : bad[1];
}

/** The board, its battery reading as this very one was measured. */
function calibrated(board: BoardPins, battery: DeviceFile['battery']): BoardPins {
  return battery && battery.ratio > 0 && battery.offsetMv > -1000
    ? Object.assign({}, board, { batteryRatio: battery.ratio, batteryOffsetMv: battery.offsetMv })
    : board;
}

function readFile(): DeviceFile | undefined {
  return chip.require('Storage').readJSON(deviceFile, true) as DeviceFile | undefined;
}

/**
 * Reads device.json. The answer is the device, or a text that names the first thing wrong with the file,
 * short enough for one line of the display.
 */
export function readDevice(): Device | string {
  const file = readFile();
  if (typeof file !== 'object' || file === null) {
    return `${deviceFile} is missing`;
  }
  const bad = badField(file);
  return bad === ''
    ? {
        button: file.button,
        site: file.site,
        board: calibrated(boardNamed(file.board) as BoardPins, file.battery),
        key: chip.atob(file.key),
        siteKey: chip.atob(file.siteKey),
        ssids: file.wifi.map(network => network.ssid),
        relays: 1 + (file.otherRelays || []).length,
      }
    : `bad "${bad}" in ${deviceFile}`;
}

/** The key of that network, which {@link readDevice} has told of. */
export function passwordOf(ssid: string): string {
  return ((readFile() as DeviceFile).wifi.find(network => network.ssid === ssid) as Network).password;
}

/** The relay of that number, from 0. */
export function relayAt(number: number): RelayAddress {
  const file = readFile() as DeviceFile;
  return Object.assign({}, file.relay, (file.otherRelays || [])[number - 1]);
}

/** The board of a button that does not know its own. */
export function firstBoard(): BoardPins {
  return boards[0] as BoardPins;
}
