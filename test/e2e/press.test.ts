/** One press, all the way: the compiled bundle on a simulated board, real relay, real provisioner, real TCP. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect, type MqttClient } from 'mqtt';
import { pino } from 'pino';
import { describe, expect, type TestContext, test } from 'vitest';
import { encode } from '../../protocol/src/node/envelope.ts';
import { beaconTopic, pressTopic, statusTopic } from '../../protocol/src/topics.ts';
import { patience, pause, until } from '../fixtures/patience.ts';
import { HurriedClock } from './fixtures/hurried-clock.ts';
import { keyOf, type Lab, type LabOptions, passwordOf, startLab } from './fixtures/lab.ts';

/** A lab for one test: they run side by side, because they mostly wait. */
async function start({ onTestFinished }: TestContext, options: LabOptions = {}): Promise<Lab> {
  const lab = await startLab(options);
  onTestFinished(() => lab.close());
  if (options.proxy === undefined) await lab.provisioner?.whenOnline(patience(5000));
  return lab;
}

/** Changes what a button was enrolled with. */
function changeDevice(lab: Lab, change: object): void {
  const path = `${lab.site.flashOf('house-01')}/device.json`;
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...change }));
}

/** Somebody with a button's login. */
function login(lab: Lab, name: string): MqttClient {
  const client = connect(lab.relay.url, {
    clientId: name,
    username: name,
    password: passwordOf(lab.site, name),
  });
  lab.finally(() => client.endAsync(true));
  return client;
}

describe.concurrent('a press', () => {
  test('becomes a cluster, and the display shows the address that the platform gave it', async t => {
    const { button, platform } = await start(t);
    const house = button();
    house.board.press();
    const ready = await house.showsKind('ready');
    const [cluster, ...others] = platform.clusters();
    expect(others).toEqual([]);
    expect(ready).toMatchObject({ cluster: cluster?.name, address: cluster?.address });
    expect(cluster).toMatchObject({ state: 'ready', name: 'house-01-1' });
    const kinds = house.views.map(view => view.kind);
    expect(kinds.slice(0, 4)).toEqual(['connecting', 'connecting', 'connecting', 'building']);
    expect(house.views.filter(view => view.kind === 'building').length).toBeGreaterThan(2);
    expect(house.faults).toEqual([]);
  });

  test('shows progress that only rises, and reads its percentages from the platform', async t => {
    const { button } = await start(t);
    const house = button();
    house.board.press();
    await house.showsKind('ready');
    const percents = house.views.flatMap(view => (view.kind === 'building' ? [view.percent] : []));
    expect(percents).toEqual([...percents].sort((a, b) => a - b));
    expect(new Set(percents).size).toBeGreaterThan(2);
  });

  test('paints its first pixels before the radio is touched', async t => {
    const { button } = await start(t);
    const house = button();
    house.board.press();
    await house.shows(view => view.kind === 'connecting' && view.hop === 'relay');
    const order = house.board.trace.map(entry => entry.what);
    expect(order.indexOf('pixels')).toBeGreaterThan(0);
    expect(order.indexOf('pixels')).toBeLessThan(order.indexOf('wifi'));
  });

  test('while building follows the build: no second press is sent, no second cluster is made', async t => {
    const { button, platform, provisioner } = await start(t);
    const house = button();
    house.board.press();
    await house.showsKind('building');
    // The battery is pulled and put back: the board knows nothing any more but what is in its flash.
    house.board.powerOff();
    house.board.shelve();
    const from = house.views.length;
    house.board.press();
    await house.showsKind('ready', { from });
    expect(house.views.slice(from).map(view => view.kind)).toContain('building');
    expect(platform.clusters()).toHaveLength(1);
    expect(provisioner?.presses().map(press => press.press)).toEqual([1]);
  });

  test('after ready makes a new cluster with another name and another range', async t => {
    const { button, platform } = await start(t);
    const house = button();
    house.board.press();
    await house.showsKind('ready');
    // The address stays for two minutes, then the board sleeps; here the battery is pulled instead.
    house.board.powerOff();
    house.board.shelve();
    const from = house.views.length;
    house.board.press();
    const second = await house.showsKind('ready', { from });
    const clusters = platform.clusters();
    expect(clusters.map(cluster => cluster.name)).toEqual(['house-01-1', 'house-01-2']);
    expect(new Set(clusters.map(cluster => cluster.cidr)).size).toBe(2);
    expect(new Set(clusters.map(cluster => cluster.address)).size).toBe(2);
    expect(second.cluster).toBe('house-01-2');
  });

  test('does not come from a battery change', async t => {
    const { button, platform } = await start(t);
    const house = button();
    house.board.powerOff();
    house.board.powerOn();
    await house.showsKind('idle');
    await pause(300);
    expect(house.board.trace.map(entry => entry.what)).not.toContain('wifi');
    expect(platform.clusters()).toEqual([]);
  });
});

describe.concurrent('the display names the hop that failed', () => {
  test('LAB when the lab is offline, and nothing is published', async t => {
    const { button, provisioner, relay } = await start(t);
    await provisioner?.stop();
    const published = relay.stats().published;
    const house = button();
    house.board.press();
    expect(await house.showsKind('error')).toMatchObject({ code: 'LAB' });
    expect(relay.stats().published).toBe(published);
  });

  test('LAB when no lab was ever there', async t => {
    const { button, relay } = await start(t, { provisioner: false });
    const house = button();
    house.board.press();
    expect(await house.showsKind('error')).toMatchObject({ code: 'LAB' });
    expect(relay.stats().published).toBe(0);
  });

  test('RELAY when the relay is not there', async t => {
    const { button, relay, provisioner } = await start(t);
    await provisioner?.stop();
    await relay.close();
    const house = button();
    house.board.press();
    expect(await house.showsKind('error')).toMatchObject({ code: 'RELAY' });
  });

  test('KEY when the relay does not know the button', async t => {
    const lab = await start(t);
    changeDevice(lab, { button: 'house-99' });
    const house = lab.button();
    house.board.press();
    expect(await house.showsKind('error')).toMatchObject({
      code: 'KEY',
      line: 'The relay refuses: bad login',
    });
  });

  test('HOTSPOT when the network is not there', async t => {
    const { button } = await start(t);
    const house = button('house-01', { networks: [] });
    house.board.press();
    expect(await house.showsKind('error')).toMatchObject({ code: 'HOTSPOT' });
  });

  test("PLATFORM with the platform's words when its login is refused", async t => {
    const { button, platform } = await start(t, { platformPassword: 'wrong' });
    const house = button();
    house.board.press();
    const error = await house.showsKind('error');
    expect(error).toMatchObject({ code: 'PLATFORM' });
    expect(error.line).toMatch(/log ?in|unauthorized|password|credential/i);
    expect(platform.clusters()).toEqual([]);
  });

  test("PLATFORM with the platform's words when it has no room", async t => {
    const { button } = await start(t, {
      platform: { failures: [{ kind: 'full', message: 'no free addresses in default-pool' }] },
    });
    const house = button();
    house.board.press();
    const error = await house.showsKind('error');
    expect(error).toMatchObject({ code: 'PLATFORM' });
    expect(error.line).toContain('no free addresses in default-pool');
  });

  test('KEY when the button signs with another key: rejected, and nothing is created', async t => {
    const lab = await start(t);
    const { platform, provisioner } = lab;
    changeDevice(lab, { key: Buffer.alloc(32, 7).toString('base64') });
    const clock = new HurriedClock();
    const house = lab.button('house-01', { clock });
    house.board.press();
    // It asks four times before it gives up, and waits four seconds each time.
    await until(() => (provisioner?.counters.badSignature ?? 0) > 0, 'the press to be rejected');
    clock.hurry(20);
    expect(await house.showsKind('error')).toMatchObject({ code: 'KEY' });
    expect(provisioner?.counters.badSignature).toBeGreaterThan(0);
    expect(platform.clusters()).toEqual([]);
    expect(provisioner?.presses()).toEqual([]);
  });

  test('STALE when the beacon that the press carries is old', async t => {
    let skewMs = 0;
    const lab = await start(t, {
      now: () => Date.now() + skewMs,
      ran: () => process.uptime() * 1000 + skewMs,
      provisioner: false,
      buttons: ['house-01', 'house-02'].map(name => ({
        name,
        profile: 'house',
        board: 'heltec-wifi-kit-32',
      })),
    });
    let beacons = 0;
    const listener = login(lab, 'house-02');
    listener.on('message', () => beacons++);
    await listener.subscribeAsync(beaconTopic('lab'), { qos: 1 });
    const provisioner = await lab.startProvisioner();
    // It comes back to the provisioner, which then is silent for a while.
    await until(() => beacons > 0, 'the beacon');
    // Time passes in the lab, the retained beacon stays: as if the relay had held the next ones back.
    skewMs = 10 * 60 * 1000;
    const house = lab.button();
    house.board.press();
    expect(await house.showsKind('error')).toMatchObject({ code: 'STALE' });
    expect(lab.platform.clusters()).toEqual([]);
    expect(provisioner.presses().map(press => press.step)).toEqual(['rejected']);
  });
});

describe.concurrent('a press delivered again', () => {
  test('three times makes one cluster', async t => {
    const lab = await start(t);
    const { site, platform, provisioner } = lab;
    const client = login(lab, 'house-01');
    const topic = pressTopic('house-01');
    const payload = encode(keyOf(site, 'house-01'), topic, {
      press: 1,
      action: 'create',
      time: Math.floor(Date.now() / 1000),
      batteryMv: 0,
      rssiDbm: 0,
      firmware: 'test',
      bootMs: 0,
      wifiMs: 0,
      relayMs: 0,
    });
    await Promise.all([1, 2, 3].map(() => client.publishAsync(topic, payload, { qos: 1 })));
    await until(() => platform.clusters()[0]?.state === 'ready', 'the cluster');
    await client.publishAsync(topic, payload, { qos: 1 });
    await pause(300);
    expect(platform.clusters()).toHaveLength(1);
    expect(provisioner?.presses()).toHaveLength(1);
  });
});

describe.concurrent('the relay', () => {
  test('refuses an unknown button at the listener', async t => {
    const lab = await start(t, { provisioner: false });
    const client = connect(lab.relay.url, {
      clientId: 'house-99',
      username: 'house-99',
      password: 'x',
      reconnectPeriod: 0,
    });
    lab.finally(() => client.endAsync(true));
    const error = await new Promise<Error>(resolve => client.once('error', resolve));
    expect(error.message).toContain('Bad username or password');
  });

  test('carries no clear text that opens anything: statuses are signed for one button only', async t => {
    const client = login(await start(t), 'house-01');
    const heard = new Map<string, string>();
    client.on('message', (topic, payload) => heard.set(topic, payload.toString('latin1')));
    await client.subscribeAsync([statusTopic('house-01'), beaconTopic('lab')], { qos: 1 });
    await until(() => heard.size === 2, 'status and beacon');
    const status = heard.get(statusTopic('house-01')) ?? '';
    expect(status).toMatch(/^[A-Za-z0-9+/]{43}=\.\{/);
  });
});

describe.concurrent('a proxy that refuses', () => {
  test('is named PROXY by the provisioner, and LAB by the button', async t => {
    const proxy = createServer();
    proxy.on('connect', (_request, socket) => socket.end('HTTP/1.1 403 Filtered\r\n\r\n'));
    await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.address() as { port: number };
    const lines: string[] = [];
    const log = pino({ level: 'debug' }, { write: line => lines.push(line) });
    t.onTestFinished(() => void proxy.close());
    const { button, provisioner } = await start(t, { proxy: `http://127.0.0.1:${port}`, log });
    await until(() => provisioner?.lastError, 'the complaint of the proxy');
    const house = button();
    house.board.press();
    expect(await house.showsKind('error')).toMatchObject({ code: 'LAB' });
    expect(provisioner?.lastError).toMatch(/^PROXY.*403/);
    expect(lines.join('')).toContain('PROXY');
  });
});
