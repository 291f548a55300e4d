/** What enroll writes is all that a site needs: relay, provisioner and a simulated board start from it and build. */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { makeSite, writeProvisionerFile } from '../../cli/demo/site.ts';
import { enroll } from '../../cli/enroll/enroll.ts';
import { onView } from '../../cli/views.ts';
import { silentLog } from '../../config/src/log.ts';
import type { View } from '../../firmware/src/view.ts';
import { startProvisioner } from '../../provisioner/src/provisioner.ts';
import { loadConfig } from '../../provisioner/src/settings/config.ts';
import { startRelay } from '../../relay/src/relay.ts';
import { Board } from '../../simulator/board/board.ts';
import { type CcpSimulator, startCcpSimulator } from '../../simulator/ccp/simulator.ts';
import { compiledBundle } from '../e2e/lab.ts';
import { wifiPassword, workshop } from './workshop.ts';

const addressPool = `127.${140 + (Number(process.env.VITEST_POOL_ID ?? 0) % 60)}.0.0/16`;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise(resolve => server.close(resolve));
  return port;
}

/** The demo's settings with its platform and profile, but with no button, no key and no login. */
function settingsWithoutButtons(dir: string, relayUrl: string, platform: CcpSimulator): string {
  const demo = mkdtempSync(join(dir, 'demo-'));
  const buttons = [{ name: 'other', profile: 'house', board: 'esp32-ssd1306' }];
  const site = makeSite({ dir: demo, site: 'lab', buttons });
  const settings = parse(
    readFileSync(writeProvisionerFile(site, { relayUrl, platform, expectS: 2 }), 'utf8'),
  );
  for (const name of ['platform-ca.pem', 'platform.password'])
    copyFileSync(join(demo, name), join(dir, name));
  rmSync(demo, { recursive: true });
  const path = join(dir, 'provisioner.yaml');
  writeFileSync(path, stringify({ ...settings, buttons: {} }));
  return path;
}

it('a freshly enrolled site builds a cluster at the first press, and again after --rekey', async () => {
  const dir = workshop({ settings: false });
  const bundle = await compiledBundle();
  const platform = await startCcpSimulator({ speed: 80, addressPool });
  const port = await freePort();
  const config = settingsWithoutButtons(dir, `mqtt://127.0.0.1:${port}`, platform);
  const users = join(dir, 'users.yaml');
  const out = join(dir, 'desk.device.json');
  const storageDir = join(dir, 'flash');
  mkdirSync(storageDir);
  const networks = [{ ssid: 'Ada phone', password: wifiPassword }];
  const options = { button: 'desk', profile: 'house', users, config, out };

  const press = async (): Promise<View> => {
    copyFileSync(out, join(storageDir, 'device.json'));
    const relay = await startRelay({ host: '127.0.0.1', port, users, log: silentLog });
    const provisioner = await startProvisioner(loadConfig(config), { log: silentLog });
    const board = new Board({ bundle, storageDir, networks, joinMs: 20 });
    const last = new Promise<View>(resolve => {
      onView(board, view => {
        if (view.kind === 'ready' || view.kind === 'error') resolve(view);
      });
      board.on('fault', fault => resolve({ kind: 'error', code: 'DEVICE', line: fault.message, advice: '' }));
    });
    try {
      board.shelve();
      board.press();
      return await last;
    } finally {
      board.powerOff();
      await provisioner.stop();
      await relay.close();
    }
  };
  try {
    await enroll({ ...options, wifi: join(dir, 'wifi.yaml') }, () => Promise.reject(new Error('asked')));
    expect(await press()).toMatchObject({ kind: 'ready', cluster: 'desk-1' });
    await enroll({ ...options, rekey: true }, () => Promise.reject(new Error('asked')));
    expect(await press()).toMatchObject({ kind: 'ready' });
  } finally {
    await platform.close();
  }
}, 60_000);
