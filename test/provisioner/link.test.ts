/** The connection to the relay: lost, taken over, refused. */
import { type AddressInfo, createServer } from 'node:net';
import { Aedes } from 'aedes';
import { connectAsync } from 'mqtt';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLog } from '../../config/src/log.ts';
import { decode, encode, keyFromBytes } from '../../protocol/src/node/envelope.ts';
import { beaconSchema } from '../../protocol/src/node/schemas.ts';
import { beaconTopic } from '../../protocol/src/topics.ts';
import { type Provisioner, startProvisioner } from '../../provisioner/src/provisioner.ts';
import { eventually, type Lab, site, startLab, TestButton } from './lab.ts';

let lab: Lab;
let provisioner: Provisioner | undefined;
let button: TestButton | undefined;

beforeEach(async () => {
  lab = await startLab({ buttons: ['house-01', 'house-02'], unknownToRelay: ['house-02'] });
});

afterEach(async () => {
  await button?.close();
  await provisioner?.stop();
  await lab.close();
  provisioner = undefined;
  button = undefined;
});

async function start(): Promise<Provisioner> {
  provisioner = await startProvisioner(lab.config, { log: silentLog });
  return provisioner;
}

const lastBeacon = () => button?.beacons.at(-1)?.state;

test('a button that the relay does not know keeps nobody else waiting', async () => {
  const running = await start();
  expect(await running.whenOnline(5_000)).toBe(true);
  button = await TestButton.connect(lab);
  await button.press(1);
  await button.until(status => status.state === 'ready');
  expect(running.connected).toBe(true);
});

test('the relay is killed in the middle of a build: the build ends on the display all the same', async () => {
  await (await start()).whenOnline(5_000);
  button = await TestButton.connect(lab);
  await button.press(1);
  await button.until(status => status.state === 'provisioning');
  await lab.restartRelay();
  await button.close();
  button = await TestButton.connect(lab);
  await button.until(status => status.state === 'ready');
  await eventually(() => lastBeacon() === 'online');
  expect(lab.ccp.clusters()).toHaveLength(1);
});

test('stopping says offline; a lost connection says offline through the will, and online when it is back', async () => {
  const running = await start();
  await running.whenOnline(5_000);
  button = await TestButton.connect(lab);
  await eventually(() => lastBeacon() === 'online');
  // Somebody takes the connection over: same client id. The relay publishes our will.
  const thief = await connectAsync(lab.relay.url, {
    clientId: site,
    username: site,
    password: lab.passwords[site] ?? '',
    reconnectPeriod: 0,
  });
  thief.on('error', () => {});
  await eventually(() => lastBeacon() === 'offline');
  await eventually(() => lastBeacon() === 'online');
  await thief.endAsync(true);
  await running.stop();
  provisioner = undefined;
  await eventually(() => lastBeacon() === 'offline');
});

test('an offline beacon that a relay publishes after our online does not last', async () => {
  // A relay of no rules, so that the late will of an earlier connection can be played from here.
  const broker = await Aedes.createBroker();
  const server = createServer(broker.handle);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  lab.config = { ...lab.config, relay: { ...lab.config.relay, port } };
  const running = await start();
  await running.whenOnline(5_000);
  const topic = beaconTopic(site);
  const siteKey = keyFromBytes(lab.config.siteKey);
  const heard: string[] = [];
  const listener = await connectAsync(`mqtt://127.0.0.1:${port}`);
  listener.on('message', (_, payload) => {
    const beacon = decode(siteKey, topic, payload, beaconSchema);
    if (beacon.ok) heard.push(beacon.message.state);
  });
  await listener.subscribeAsync(topic);
  const offline = encode(siteKey, topic, { state: 'offline', time: 1 });
  await listener.publishAsync(topic, offline, { retain: true });
  await eventually(() => heard.includes('offline'));
  await eventually(() => heard.at(-1) === 'online');
  await listener.endAsync();
  await running.stop();
  provisioner = undefined;
  server.close();
  await new Promise<void>(resolve => broker.close(resolve));
});

test('stopping ends an attempt that hangs in CONNECT', async () => {
  const silent = createServer(() => {});
  await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as AddressInfo;
  lab.config = { ...lab.config, relay: { ...lab.config.relay, port } };
  const running = await start();
  expect(await running.whenOnline(300)).toBe(false);
  const startedMs = performance.now();
  await running.stop();
  expect(performance.now() - startedMs).toBeLessThan(1_000);
  provisioner = undefined;
  silent.close();
});

test('a wrong password is said as such, with the setting to look at', async () => {
  lab.config = { ...lab.config, relay: { ...lab.config.relay, password: 'wr0ng' } };
  const running = await start();
  expect(await running.whenOnline(1_000)).toBe(false);
  expect(running.lastError).toMatch(/^RELAY 127.0.0.1:\d+ refused: .*relay\.passwordFile/);
  expect(running.lastError).not.toContain('wr0ng');
});

test('no relay, then one: found by itself', async () => {
  await lab.relay.close();
  const running = await start();
  expect(await running.whenOnline(500)).toBe(false);
  expect(running.lastError).toMatch(/^RELAY 127.0.0.1:\d+ is not reachable: nothing listens there/);
  await lab.restartRelay();
  expect(await running.whenOnline(5_000)).toBe(true);
  expect(running.lastError).toBeUndefined();
});
