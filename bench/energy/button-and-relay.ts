/** Who takes part in a bench: one site, one button, and a relay that knows both. Nothing here is secret. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { silentLog } from '../../config/src/log.ts';
import { keyFromBytes } from '../../protocol/src/node/envelope.ts';
import { makeUsers } from '../../relay/src/auth/users.ts';
import { makeVerifier } from '../../relay/src/auth/verifier.ts';
import { type Relay, startRelay } from '../../relay/src/relay.ts';
import { noRates } from '../no-rates.ts';

export { wiringOf } from '../../simulator/board/wiring.ts';

export const site = 'lab';
export const button = 'house-01';
export const hotspot = { ssid: 'phone', password: 'bench phone' };

/** The same keys each time, so that the same messages cross the wire. */
const bytes = { button: Buffer.alloc(32, 1), site: Buffer.alloc(32, 2) };
export const keys = { button: keyFromBytes(bytes.button), site: keyFromBytes(bytes.site) };
export const passwords = {
  [button]: Buffer.alloc(32, 3).toString('base64'),
  [site]: Buffer.alloc(32, 4).toString('base64'),
};

/** A real relay on a free port. */
export function startBenchRelay(): Promise<Relay> {
  const users = makeUsers([
    { name: site, role: 'provisioner', site, verifier: makeVerifier(passwords[site] ?? '') },
    { name: button, role: 'button', site, verifier: makeVerifier(passwords[button] ?? '') },
  ]);
  return startRelay({ host: '127.0.0.1', port: 0, users, log: silentLog, limits: noRates });
}

/** Puts device.json where the board's flash is. */
export function enroll(flash: string, board: string, relay: Relay): void {
  mkdirSync(flash, { recursive: true });
  const device = {
    button,
    site,
    board,
    key: bytes.button.toString('base64'),
    siteKey: bytes.site.toString('base64'),
    relay: { host: relay.host, port: relay.port, tls: false, password: passwords[button] },
    wifi: [hotspot],
  };
  writeFileSync(join(flash, 'device.json'), JSON.stringify(device));
}
