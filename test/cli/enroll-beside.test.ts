/** A site changes beside a provisioner that runs and builds: enroll, --rekey, revoke, a rule; nothing is restarted. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { enroll } from '../../cli/enroll/enroll.ts';
import { revoke } from '../../cli/enroll/revoke.ts';
import { silentLog } from '../../config/src/log.ts';
import { startProvisioner } from '../../provisioner/src/provisioner.ts';
import { loadConfig } from '../../provisioner/src/settings/config.ts';
import { SettingsFollower } from '../../provisioner/src/settings/follow.ts';
import { startRelay } from '../../relay/src/relay.ts';
import { startCcpSimulator } from '../../simulator/ccp/simulator.ts';
import { ownNetwork } from '../fixtures/addresses.ts';
import { until } from '../fixtures/patience.ts';
import { type Lab, TestButton } from '../provisioner/fixtures/lab.ts';
import { at } from '../provisioner/fixtures/room.ts';
import { settingsWithoutButtons } from './fixtures/settings-without-buttons.ts';
import { workshop } from './fixtures/workshop.ts';

const addressPool = `${await ownNetwork()}.0.0/16`;

test('enrolled, given new keys, a rule, revoked: each holds for the next press, while a build goes on', async () => {
  const dir = workshop({ settings: false });
  const platform = await startCcpSimulator({ speed: 80, addressPool });
  onTestFinished(() => platform.close());
  const users = join(dir, 'users.yaml');
  const first = settingsWithoutButtons(dir, 'mqtt://127.0.0.1:1', platform);
  const options = (button: string) => ({
    button,
    profile: 'house',
    users,
    config: first,
    out: join(dir, `${button}.json`),
  });
  const nobody = () => Promise.reject(new Error('asked'));
  const wifi = join(dir, 'wifi.yaml');
  writeFileSync(wifi, '- { ssid: phone, password: swordfish }\n');
  await enroll({ ...options('desk'), wifi }, nobody);
  const relay = await startRelay({ host: '127.0.0.1', port: 0, users, log: silentLog });
  onTestFinished(() => relay.close());
  change(settings => {
    settings.relay.url = relay.url;
  });

  const lines: string[] = [];
  const log = pino({}, { write: line => void lines.push(line) });
  const running = loadConfig(first);
  const provisioner = await startProvisioner(running, { log: silentLog });
  onTestFinished(() => provisioner.stop());
  const update = (config: Parameters<typeof provisioner.update>[0]) => provisioner.update(config);
  const follower = new SettingsFollower({ path: first, running, update, log });
  onTestFinished(() => follower.stop());
  expect(await provisioner.whenOnline(20_000)).toBe(true);

  function change(how: (settings: ReturnType<typeof parse>) => void): void {
    const settings = parse(readFileSync(first, 'utf8'));
    how(settings);
    writeFileSync(first, stringify(settings));
  }
  const taken = async (what: () => unknown) => {
    const before = lines.length;
    await what();
    await until(
      () => lines.slice(before).some(line => line.includes('read again and taken over')),
      () => `the change: ${lines.join()}`,
    );
  };
  const connect = async (name: string) => {
    const device = JSON.parse(readFileSync(join(dir, `${name}.json`), 'utf8'));
    const lab = {
      relay: { url: relay.url },
      passwords: { [name]: device.relay.password },
      keys: { [name]: Buffer.from(device.key, 'base64') },
      config: { siteKey: Buffer.from(device.siteKey, 'base64') },
    };
    // A status that was on its way while the keys were changed comes with the old key; the lab says the newest again.
    const button = await TestButton.connect(lab as unknown as Lab, name, relay.url, {
      passesOverForged: true,
    });
    onTestFinished(() => button.close());
    return button;
  };

  const desk = await connect('desk');
  const goOn = platform.fail({ kind: 'serverError', method: 'GET', path: '/2/clusters/desk-1' });
  await desk.press(1);
  await desk.until(at(1, 'provisioning'));

  await taken(() => enroll({ ...options('door'), wifi }, nobody));
  expect(relay.reload()).toBe(true);
  const door = await connect('door');
  // As the chip does: the relay may know it a moment before the lab listens to it, and what is not answered is sent again.
  const pressing = setInterval(() => void door.press(1), 1000);
  onTestFinished(() => clearInterval(pressing));
  await door.press(1);
  expect(await door.until(at(1, 'ready'))).toMatchObject({ cluster: 'door-1' });
  clearInterval(pressing);

  const oldKey = Buffer.from(JSON.parse(readFileSync(join(dir, 'desk.json'), 'utf8')).key, 'base64');
  await taken(() => enroll({ ...options('desk'), rekey: true }, nobody));
  expect(relay.reload()).toBe(true);
  await desk.close();
  const again = await connect('desk');
  // What the relay retains is signed with the new key.
  expect(await again.until(({ cluster }) => cluster === 'desk-1')).toMatchObject({ press: 1 });
  await again.press(2, {}, oldKey);
  expect(await again.until(({ code }) => code === 'KEY')).toMatchObject({
    line: expect.stringMatching(/--rekey/),
  });
  expect(provisioner.health().strangers).toEqual(['desk']);
  await again.press(2);
  await again.until(({ press, cluster }) => press === 2 && cluster === 'desk-1');
  expect(provisioner.health().strangers).toEqual([]);

  await taken(() =>
    change(settings => Object.assign(settings.profiles.house, { rules: { maxClusters: 1 } })),
  );
  await door.press(2);
  expect(await door.until(at(2, 'rejected'))).toMatchObject({
    code: 'QUOTA',
    line: '1 of 1 clusters stand: give one back',
  });

  // Not whole: nothing of it holds, and the log says what is wrong.
  change(settings => Object.assign(settings.profiles.house, { rules: { maxClusters: 5 }, expectS: 'soon' }));
  await until(
    () => lines.some(line => /not taken over.*|expectS/.test(line) && line.includes('expectS')),
    'a complaint',
  );
  await door.press(3);
  expect(await door.until(at(3, 'rejected'))).toMatchObject({ code: 'QUOTA' });
  await taken(() => change(settings => Object.assign(settings.profiles.house, { expectS: 2 })));

  goOn();
  expect(await again.until(at(2, 'ready'))).toMatchObject({ cluster: 'desk-1' });
  expect(
    platform
      .clusters()
      .map(({ name }) => name)
      .sort(),
  ).toEqual(['desk-1', 'door-1']);

  await taken(() => revoke({ button: 'door', users, config: first }));
  expect(Object.keys(loadConfig(first).buttons)).toEqual(['desk']);
  // What it has built stands, and an operator can still give it back.
  expect(await provisioner.release('door-1')).toBe('door-1 is being given back');
  await until(() => platform.clusters().length === 1, 'the end of what it has built');
  rmSync(join(dir, 'door.json'));
});
