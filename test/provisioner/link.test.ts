/** The connection to the relay: lost, taken over, refused. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Aedes } from 'aedes';
import { connectAsync } from 'mqtt';
import { expect } from 'vitest';
import { decode, encode, keyFromBytes } from '../../protocol/src/node/envelope.ts';
import { beaconSchema } from '../../protocol/src/node/schemas.ts';
import { beaconTopic } from '../../protocol/src/topics.ts';
import { patience, until } from '../fixtures/patience.ts';
import { endsBefore } from './fixtures/by-itself.ts';
import { eventually, site, type TestButton } from './fixtures/lab.ts';
import { type Room, roomTest } from './fixtures/room.ts';

const test = roomTest({ buttons: ['house-01', 'house-02'], unknownToRelay: ['house-02'] });

const lastBeacon = (button: TestButton) => button.beacons.at(-1)?.state;

test('a button that the relay does not know keeps nobody else waiting', async ({ room }) => {
  const button = await room.start();
  await button.press(1);
  await button.until(status => status.state === 'ready');
  expect(room.provisioner.connected).toBe(true);
});

test('the relay is killed in the middle of a build: the build ends on the display all the same', async ({
  room,
}) => {
  const first = await room.start();
  await first.press(1);
  await first.until(status => status.state === 'provisioning');
  const goOn = room.holdBuild();
  await room.lab.restartRelay();
  await first.close();
  goOn();
  const button = await room.connect();
  await button.until(status => status.state === 'ready');
  await eventually(() => lastBeacon(button) === 'online');
  expect(room.lab.ccp.clusters()).toHaveLength(1);
});

test('stopping says offline; a lost connection says offline through the will, and online when it is back', async ({
  room,
}) => {
  const button = await room.start();
  await eventually(() => lastBeacon(button) === 'online');
  const before = button.beacons.length;
  // Somebody takes the connection over: same client id. The relay publishes our will.
  const thief = await connectAsync(room.lab.relay.url, {
    clientId: site,
    username: site,
    password: room.lab.passwords[site] ?? '',
    reconnectPeriod: 0,
  });
  thief.on('error', () => {});
  room.onClose(() => thief.endAsync(true));
  await eventually(() => button.beacons.slice(before).some(({ state }) => state === 'offline'));
  await eventually(() => lastBeacon(button) === 'online');
  await room.stopProvisioner();
  await eventually(() => lastBeacon(button) === 'offline');
});

test('an offline beacon that a relay publishes after our online does not last', async ({ room }) => {
  // A relay of no rules, so that the late will of an earlier connection can be played from here.
  const broker = await Aedes.createBroker();
  const server = createServer(broker.handle);
  room.onClose(async () => {
    await room.stopProvisioner();
    server.close();
    await new Promise<void>(resolve => broker.close(resolve));
  });
  useRelay(room, await listen(server));
  await room.startProvisioner();
  const topic = beaconTopic(site);
  const siteKey = keyFromBytes(room.lab.config.siteKey);
  const heard: string[] = [];
  const listener = await connectAsync(`mqtt://127.0.0.1:${room.lab.login.port}`);
  room.onClose(() => listener.endAsync(true));
  listener.on('message', (_, payload) => {
    const beacon = decode(siteKey, topic, payload, beaconSchema);
    if (beacon.ok) heard.push(beacon.message.state);
  });
  await listener.subscribeAsync(topic);
  const offline = encode(siteKey, topic, { state: 'offline', time: 1 });
  await listener.publishAsync(topic, offline, { retain: true });
  await eventually(() => heard.includes('offline'));
  await eventually(() => heard.at(-1) === 'online');
});

test('stopping ends an attempt that hangs in CONNECT', async ({ room }) => {
  const silent = createServer();
  room.onClose(() => void silent.close());
  useRelay(room, await listen(silent));
  const connection = once(silent, 'connection');
  const running = await room.launch();
  const [socket] = (await connection) as [Socket];
  await once(socket, 'data');
  // By itself the attempt ends after 10 s.
  expect(await endsBefore(9_000, running.stop())).toBe(true);
});

test('a wrong password is said as such, with the setting to look at', async ({ room }) => {
  room.lab.login.password = 'wr0ng';
  const running = await room.launch();
  const said = await until(() => running.lastError, 'a refusal');
  expect(said).toMatch(/^RELAY 127.0.0.1:\d+ refused: .*passwordFile/);
  expect(said).not.toContain('wr0ng');
  expect(running.connected).toBe(false);
});

test('no relay, then one: found by itself', async ({ room }) => {
  await room.lab.relay.close();
  const running = await room.launch();
  const said = await until(() => running.lastError, 'an error');
  expect(said).toMatch(/^RELAY 127.0.0.1:\d+ is not reachable: nothing listens there/);
  await room.lab.restartRelay();
  expect(await running.whenOnline(patience(5_000))).toBe(true);
  expect(running.lastError).toBeUndefined();
});

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Another one than the lab's own. */
function useRelay(room: Room, port: number): void {
  room.lab.login.port = port;
}
