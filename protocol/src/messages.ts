/**
 * What button, relay and provisioner say to each other, and the limits of it. Bodies are JSON in printable
 * ASCII, because the chip's strings are 8-bit and its font has no more. Lists of words stand here once: the chip has their
 * types, and the lab's schemas (node/schemas.ts) the lists. Chip's dialect: types and constants.
 */

/** What a finger can ask for. */
export const actions = ['create', 'release'] as const;
export type Action = (typeof actions)[number];

/**
 * One press, button → provisioner, QoS 1, never retained.
 * The first four fields decide; the rest is told so that an operator can see how a button is doing.
 */
export interface Press {
  /** Press number: counts up by one for each new request, 1 to {@link maxPressNumber}. A repetition keeps it. */
  press: number;
  action: Action;
  /** The site clock as the beacon told it, in seconds since 1970. What makes a hoarded press go stale. */
  time: number;
  /** Battery in millivolts; 0 when the board cannot measure it. */
  batteryMv: number;
  /** Strength of the Wi-Fi signal in dBm (negative); 0 when unknown. */
  rssiDbm: number;
  firmware: string;
  /** Program start to first frame, joining the Wi-Fi, and dialling until the relay had handed over, in milliseconds. */
  bootMs: number;
  wifiMs: number;
  relayMs: number;
}

/** The life of a press. `idle` is said to a button that has never been heard (or whose history is gone). */
export const states = [
  'idle',
  'accepted',
  'provisioning',
  'verifying',
  'ready',
  'rejected',
  'failed',
  'releasing',
  'released',
] as const;
export type State = (typeof states)[number];

/**
 * Which hop went wrong, one stable word from chip to log to docs/troubleshooting.md.
 * HOTSPOT Wi-Fi; RELAY the broker; LAB the provisioner is offline or silent; PROXY the lab's way out;
 * PLATFORM the container platform; QUOTA a rule of the lab; STALE the press came too late; KEY signatures
 * do not match; BATTERY too low; DEVICE device.json is missing or broken.
 */
export const codes = [
  'HOTSPOT',
  'RELAY',
  'LAB',
  'PROXY',
  'PLATFORM',
  'QUOTA',
  'STALE',
  'KEY',
  'BATTERY',
  'DEVICE',
] as const;
export type Code = (typeof codes)[number];

/** What became of a press, provisioner → button, QoS 1, retained. */
export interface Status {
  /** The press number this answers; 0 with `idle`. */
  press: number;
  /** Rises by one with every change of this press, so that an older status is never believed again. */
  seq: number;
  state: State;
  /** Name of the cluster; empty until there is one. */
  cluster: string;
  /**
   * The platform's phase in a few words for the display, at most {@link maxPhaseLength} characters. With `ready` the
   * line below the address, at most 21: what stands there, or when it will be given back.
   */
  phase: string;
  /** True progress, 0 to 100, from the phases seen. Never from a timer. */
  percent: number;
  /**
   * Between two looks a display may let its bar move on by the estimate, but never past this: the percent at
   * which the phase ends that is under way now. At least `percent`.
   */
  upTo: number;
  /** Honest estimate of the time left, in seconds; 0 when done. With `ready`: until it is given back by itself; 0: never. */
  leftS: number;
  /** When looking again is worth a radio, in seconds. With `ready`: when to wake for the warning; 0: not at all. */
  lookAgainS: number;
  /** Address of the control plane, host or host:port; only with `ready` (and after). */
  address?: string;
  /**
   * A QR code of the API's URL as `<side>:<base64>`: side in modules, then the bits row by row, most significant
   * bit first, 1 dark, no padding between rows. Without its quiet zone. Only with `ready`.
   */
  qr?: string;
  /** With `rejected` and `failed`: which hop, and one line in its own words. */
  code?: Code;
  line?: string;
}

/** The lab is there and this is its clock. Site → all its buttons, retained, signed with the site's key. */
export interface Beacon {
  state: 'online' | 'offline';
  /** Seconds since 1970. With `offline` (the will): when the lab connected. */
  time: number;
  /** Which process of a provisioner says it, for another with the same login. The chip does not look at it. */
  by?: string;
}

/** 2^31 - 1: the chip counts in signed 32-bit integers. A press a minute lasts four thousand years. */
export const maxPressNumber = 2147483647;

/** A press older than this (by the lab's own clock) is refused, in seconds. Two beacons' worth. */
export const freshForS = 120;

/** The lab says its time this often, in seconds. */
export const beaconEveryS = 60;

/** Longest body on the wire, signature included, in bytes. The chip and the relay refuse more. */
export const maxMessageBytes = 1024;

/** Longest texts in a status, in characters: one or two lines of the display. */
export const maxPhaseLength = 40;
export const maxLineLength = 80;
export const maxClusterLength = 46;
export const maxAddressLength = 64;

/** Bytes in a signing key. Half the block of SHA-256, so it never needs hashing first (RFC 2104 section 2). */
export const keyBytes = 32;
