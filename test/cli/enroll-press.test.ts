/** What enroll writes is all that a site needs: relay, provisioner and a simulated board start from it and build. */

import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { enroll } from '../../cli/enroll/enroll.ts';
import { onView } from '../../cli/views.ts';
import { silentLog } from '../../config/src/log.ts';
import type { View } from '../../firmware/src/view.ts';
import { startProvisioner } from '../../provisioner/src/provisioner.ts';
import { loadConfig } from '../../provisioner/src/settings/config.ts';
import { startRelay } from '../../relay/src/relay.ts';
import { Board } from '../../simulator/board/board.ts';
import { wiringOf } from '../../simulator/board/wiring.ts';
import { startCcpSimulator } from '../../simulator/ccp/simulator.ts';
import { freePort } from '../e2e/fixtures/proxies-programs.ts';
import { ownNetwork } from '../fixtures/addresses.ts';
import { builtFirmware } from '../fixtures/programs.ts';
import { settingsWithoutButtons } from './fixtures/settings-without-buttons.ts';
import { wifiPassword, workshop } from './fixtures/workshop.ts';

const addressPool = `${await ownNetwork()}.0.0/16`;

test('a freshly enrolled site builds a cluster at the first press, and again after --rekey', async () => {
  const dir = workshop({ settings: false });
  const bundle = builtFirmware();
  const platform = await startCcpSimulator({ speed: 80, addressPool });
  const port = await freePort();
  const config = settingsWithoutButtons(dir, `mqtt://127.0.0.1:${port}`, platform);
  const users = join(dir, 'users.yaml');
  const out = join(dir, 'desk.device.json');
  const storageDir = join(dir, 'flash');
  mkdirSync(storageDir);
  // What a phone sends; device.json has it byte by byte.
  const ssid = 'Ada’s iPhone';
  writeFileSync(join(dir, 'wifi.yaml'), `- { ssid: ${ssid}, password: ${wifiPassword} }\n`);
  const networks = [{ ssid, password: wifiPassword }];
  const options = { button: 'desk', profile: 'house', users, config, out };

  const shown: string[] = [];
  const joined: string[] = [];
  const press = async (): Promise<View> => {
    copyFileSync(out, join(storageDir, 'device.json'));
    const relay = await startRelay({ host: '127.0.0.1', port, users, log: silentLog });
    const provisioner = await startProvisioner(loadConfig(config), { log: silentLog });
    const board = new Board({
      bundle,
      storageDir,
      networks,
      joinMs: 20,
      ...wiringOf('firebeetle-2-esp32-e'),
    });
    const last = new Promise<View>(resolve => {
      onView(board, view => {
        if (view.kind === 'connecting' && view.hop === 'hotspot') shown.push(view.detail);
        if (view.kind === 'ready' || view.kind === 'error') resolve(view);
      });
      board.on('fault', fault => resolve({ kind: 'error', code: 'DEVICE', line: fault.message, advice: '' }));
    });
    try {
      board.shelve();
      board.press();
      return await last;
    } finally {
      joined.push(...board.trace.flatMap(entry => ('ssid' in entry ? [entry.ssid] : [])));
      board.powerOff();
      await provisioner.stop();
      await relay.close();
    }
  };
  try {
    await enroll({ ...options, wifi: join(dir, 'wifi.yaml') }, () => Promise.reject(new Error('asked')));
    expect(await press()).toMatchObject({ kind: 'ready', cluster: 'desk-1' });
    expect(shown).toEqual(["Ada's iPhone"]);
    expect(new Set(joined)).toEqual(new Set([Buffer.from(ssid).toString('latin1')]));
    await enroll({ ...options, rekey: true }, () => Promise.reject(new Error('asked')));
    expect(await press()).toMatchObject({ kind: 'ready' });
  } finally {
    await platform.close();
  }
});
