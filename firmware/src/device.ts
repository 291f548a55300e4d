/** device.json: who this button is. Written once by the flasher, read at every wake. Chip's dialect. */
import { keyBytes, type Sha256, type SigningKey, signingKey } from '../../protocol/src/sign.ts';
import { isName } from '../../protocol/src/topics.ts';
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

/** The chip's SHA-256 as the protocol wants it: binary string in, binary string out. */
export const sha256: Sha256 = bytes => {
  const digest = new Uint8Array(chip.require('crypto').SHA256(bytes));
  let text = '';
  for (const byte of digest) {
    text += String.fromCharCode(byte);
  }
  return text;
};

function keyFrom(base64: unknown): SigningKey | undefined {
  if (typeof base64 !== 'string') {
    return undefined;
  }
  const bytes = chip.atob(base64);
  return bytes.length === keyBytes ? signingKey(sha256, bytes) : undefined;
}

function isNetwork(n: Network): boolean {
  return typeof n === 'object' && typeof n.ssid === 'string' && typeof n.password === 'string';
}

function isRelay(r: RelayAddress): boolean {
  return (
    typeof r === 'object' &&
    typeof r.host === 'string' &&
    typeof r.port === 'number' &&
    typeof r.password === 'string'
  );
}

/**
 * Reads device.json. The answer is the device, or a text that names the first thing wrong with the file,
 * short enough for one line of the display.
 */
export function readDevice(): Device | string {
  const file = chip.require('Storage').readJSON(deviceFile, true) as Record<string, unknown> | undefined;
  if (typeof file !== 'object') {
    return `${deviceFile} is missing`;
  }
  if (typeof file.button !== 'string' || !isName(file.button)) {
    return 'bad "button"';
  }
  if (typeof file.site !== 'string' || !isName(file.site)) {
    return 'bad "site"';
  }
  const board = boardNamed(String(file.board));
  const key = keyFrom(file.key);
  const siteKey = keyFrom(file.siteKey);
  const relay = file.relay as RelayAddress;
  const wifi = file.wifi as Network[];
  if (board === undefined) {
    return 'unknown "board"';
  }
  if (key === undefined || siteKey === undefined) {
    return 'bad "key" or "siteKey"';
  }
  if (!isRelay(relay)) {
    return 'bad "relay"';
  }
  if (!Array.isArray(wifi) || wifi.length === 0 || !wifi.every(isNetwork)) {
    return 'bad "wifi"';
  }
  return { button: file.button, site: file.site, board, key, siteKey, relay, wifi };
}
