/** What the simulated sockets take from their world and from the sources of 2v29: limits, errors, ciphers. */
import type { Host } from './host.ts';
import type { Costs, Troubles } from './options.ts';
import type { Radio } from './wifi.ts';

export interface NetWorld {
  connect: Host['connect'];
  radio: Radio;
  /** Names the chip can look up; undefined: all that this computer can. */
  hosts: Record<string, string> | undefined;
  troubles: Troubles;
  costs: Costs;
}

/**
 * A virtual clock stands still until a new connection's first answer is here, but not for ever: nobody has to
 * answer. In real milliseconds.
 */
export const firstAnswerWaitMs = 1000;

/** Bytes in one `data` event, and in one round of sending (network_esp32.c, chunkSize: one segment on a slow link). */
export const chunkBytes = 536;

/** Until lwIP gives a host up that answers nothing: six SYNs, 3 s each (calculated; 9.3 s seen without ARP). */
export const deadHostMs = 18_000;

/** libs/network/socketerrors.c */
export const errorTexts: Record<number, string> = {
  [-6]: 'not found',
  [-8]: 'unsent data',
  [-9]: 'connection reset',
};

/**
 * What the interpreter's TLS offers: TLS 1.2 with RSA or DHE-RSA key exchange. A server that has only an EC
 * certificate shares no cipher with it.
 */
export const tlsCiphers = [
  'DHE-RSA-AES256-GCM-SHA384',
  'DHE-RSA-AES128-GCM-SHA256',
  'AES256-GCM-SHA384',
  'AES128-GCM-SHA256',
  'AES256-SHA256',
  'AES128-SHA256',
  'AES256-SHA',
  'AES128-SHA',
].join(':');

/** Until lwIP gives up two name servers that answer nothing: 1, 1, 2 and 3 s each (calculated). */
export const deadNameServerMs = 14_000;

/** Where a socket goes. `dead`: nobody answers there; after so long that is told with this code. */
export interface Way {
  address: string;
  port: number;
  tls: boolean;
  dead?: { ms: number; code: number };
}

/** False: a name, which has to be looked up. */
export function isAddress(host: string): boolean {
  const parts = host.split('.');
  return (
    host.includes(':') ||
    (parts.length === 4 && parts.every(part => /^\d{1,3}$/.test(part) && Number(part) < 256))
  );
}
