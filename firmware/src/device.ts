/** device.json: who this button is. Written once by the flasher, read at every wake. Chip's dialect. */
import { keyBytes, type Sha256, type SigningKey, signingKey } from '../../protocol/src/sign.ts';
import { type BoardPins, boardNamed } from './boards.ts';
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
  wifi: Network[];
}

export interface Device {
  button: string;
  site: string;
  board: BoardPins;
  /** Signs presses and statuses. */
  key: SigningKey;
  /** Checks beacons. */
  siteKey: SigningKey;
  relay: RelayAddress;
  wifi: Network[];
}

export function isText(x: unknown): boolean {
  return typeof x === 'string';
}

/** The chip's SHA-256 as the protocol wants it: binary string in, binary string out. */
export const sha256: Sha256 = bytes =>
  // 32 arguments; the interpreter takes 256.
  String.fromCharCode.apply(
    null,
    new Uint8Array(chip.require('crypto').SHA256(bytes)) as unknown as number[],
  );

function keyFrom(base64: string): SigningKey {
  return signingKey(sha256, chip.atob(base64));
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
    [!!relay && isText(relay.host) && relay.port > 0 && isText(relay.password), 'relay'],
    [Array.isArray(file.wifi) && isNetwork(file.wifi[0]) && file.wifi.every(isNetwork), 'wifi'],
  ];
  const bad = checks.find(check => !check[0]);
  return bad === undefined ? '' : bad[1];
}

/**
 * Reads device.json. The answer is the device, or a text that names the first thing wrong with the file,
 * short enough for one line of the display.
 */
export function readDevice(): Device | string {
  const file = chip.require('Storage').readJSON(deviceFile, true) as DeviceFile | undefined;
  if (typeof file !== 'object' || file === null) {
    return `${deviceFile} is missing`;
  }
  const bad = badField(file);
  return bad === ''
    ? Object.assign({}, file, {
        board: boardNamed(file.board) as BoardPins,
        key: keyFrom(file.key),
        siteKey: keyFrom(file.siteKey),
      })
    : `bad "${bad}" in ${deviceFile}`;
}
