/** What the simulated Wi-Fi takes from its world and from the sources of 2v29: times, limits, reasons. */
import type { Later, Network, Troubles } from './options.ts';

export interface WifiWorld {
  /** What is in reach; may change while the board runs. */
  networks: () => Network[];
  joinMs: number;
  absentMs: number;
  refusedMs: number;
  later: Later;
  troubles: Troubles;
}

/** What jswrap_wifi_connect copies into the configuration's fields, less the zero at the end. */
export const maxNameBytes = 31;
export const maxKeyLength = 63;

export const defaultRssi = -60;

/** How often later interpreters try before they tell (s_retry_num). */
export const laterTries = 3;

/** Part of a join that a look around takes (all channels, about 2 of 3 seconds on real chips). Simulated. */
export const scanShare = 0.5;

export const noAddress = '0.0.0.0';
/** What a phone as an access point gives to its first guest. */
export const givenAddress = '192.168.43.17';

/** Why a station is not joined: the numbers of esp_wifi_types.h, with the words of `wifiReasonToString`. */
export const reasons = {
  ASSOC_LEAVE: 8,
  AUTH_EXPIRE: 2,
  '4WAY_HANDSHAKE_TIMEOUT': 15,
  BEACON_TIMEOUT: 200,
  NO_AP_FOUND: 201,
  AUTH_FAIL: 202,
  HANDSHAKE_TIMEOUT: 204,
} as const;
export type WifiReason = keyof typeof reasons;
