/** One press, all the way: the compiled bundle on a simulated board, real relay, real provisioner, real TCP. */
import { connect } from 'mqtt';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { encode } from '../../protocol/src/node/envelope.ts';
import { beaconTopic, pressTopic, statusTopic } from '../../protocol/src/topics.ts';
import { keyOf, type Lab, type LabOptions, passwordOf, startLab } from './lab.ts';

let lab: Lab | undefined;

async function start(options?: LabOptions): Promise<Lab> {
  lab = await startLab(options);
  if (options?.provisioner !== false) await lab.provisioner?.whenOnline(5000);
  return lab;
}

afterEach(async () => {
  await lab?.close();
  lab = undefined;
});

describe('a press', () => {
  it('becomes a cluster, and the display shows the address that the platform gave it', async () => {
    const { button, platform } = await start();
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

  it('shows progress that only rises, and reads its percentages from the platform', async () => {
    const { button } = await start();
    const house = button();
    house.board.press();
    await house.showsKind('ready');
    const percents = house.views.flatMap(view => (view.kind === 'building' ? [view.percent] : []));
    expect(percents).toEqual([...percents].sort((a, b) => a - b));
    expect(new Set(percents).size).toBeGreaterThan(2);
  });

  it('paints its first pixels before the radio is touched', async () => {
    const { button } = await start();
    const house = button();
    house.board.press();
    await house.shows(view => view.kind === 'connecting' && view.hop === 'relay');
    const order = house.board.trace.map(entry => entry.what);
    expect(order.indexOf('pixels')).toBeGreaterThan(0);
    expect(order.indexOf('pixels')).toBeLessThan(order.indexOf('wifi'));
  });

  it('while building follows the build: no second press is sent, no second cluster is made', async () => {
    const { button, platform, provisioner } = await start();
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

  it('after ready makes a new cluster with another name and another range', async () => {
    const { button, platform } = await start();
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

  it('does not come from a battery change', async () => {
    const { button, platform } = await start();
    const house = button();
    house.board.powerOff();
    house.board.powerOn();
    await house.showsKind('idle');
    await new Promise(resolve => setTimeout(resolve, 300));
    expect(house.board.trace.map(entry => entry.what)).not.toContain('wifi');
    expect(platform.clusters()).toEqual([]);
  });
});

describe('the display names the hop that failed', () => {
  it('LAB when the lab is offline, and nothing is published', async () => {
    const { button, provisioner, relay } = await start();
    await provisioner?.stop();
    const published = relay.stats().published;
    const house = button();
    house.board.press();
    expect(await house.showsKind('error')).toMatchObject({ code: 'LAB' });
    expect(relay.stats().published).toBe(published);
  });

  it('LAB when no lab was ever there', async () => {
    const { button, relay } = await start({ provisioner: false });
    const house = button();
    house.board.press();
    expect(await house.showsKind('error')).toMatchObject({ code: 'LAB' });
    expect(relay.stats().published).toBe(0);
  });

  it('RELAY when the relay is not there', async () => {
    const { button, relay, provisioner } = await start();
    await provisioner?.stop();
    await relay.close();
    const house = button();
    house.board.press();
    expect(await house.showsKind('error')).toMatchObject({ code: 'RELAY' });
  });

  it('RELAY when the relay does not know the button', async () => {
    const { button, site } = await start();
    const flash = site.flashOf('house-01');
    const { readFileSync, writeFileSync } = await import('node:fs');
    const device = JSON.parse(readFileSync(`${flash}/device.json`, 'utf8'));
    writeFileSync(`${flash}/device.json`, JSON.stringify({ ...device, button: 'house-99' }));
    const house = button();
    house.board.press();
    expect(await house.showsKind('error')).toMatchObject({
      code: 'RELAY',
      line: 'The relay refuses: bad login',
    });
  });

  it('HOTSPOT when the network is not there', async () => {
    const { button } = await start();
    const house = button('house-01', { networks: [] });
    house.board.press();
    expect(await house.showsKind('error')).toMatchObject({ code: 'HOTSPOT' });
  });

  it("PLATFORM with the platform's words when its login is refused", async () => {
    const { button, platform } = await start({ platformPassword: 'wrong' });
    const house = button();
    house.board.press();
    const error = await house.showsKind('error');
    expect(error).toMatchObject({ code: 'PLATFORM' });
    expect(error.line).toMatch(/log ?in|unauthorized|password|credential/i);
    expect(platform.clusters()).toEqual([]);
  });

  it("PLATFORM with the platform's words when it has no room", async () => {
    const { button } = await start({
      platform: { failures: [{ kind: 'full', message: 'no free addresses in default-pool' }] },
    });
    const house = button();
    house.board.press();
    const error = await house.showsKind('error');
    expect(error).toMatchObject({ code: 'PLATFORM' });
    expect(error.line).toContain('no free addresses in default-pool');
  });

  it('KEY when the button signs with another key: rejected, and nothing is created', async () => {
    const { button, site, platform, provisioner } = await start();
    const flash = site.flashOf('house-01');
    const { readFileSync, writeFileSync } = await import('node:fs');
    const device = JSON.parse(readFileSync(`${flash}/device.json`, 'utf8'));
    writeFileSync(
      `${flash}/device.json`,
      JSON.stringify({ ...device, key: Buffer.alloc(32, 7).toString('base64') }),
    );
    const house = button();
    house.board.press();
    expect(await house.showsKind('error', { withinMs: 25_000 })).toMatchObject({ code: 'KEY' });
    expect(provisioner?.counters.badSignature).toBeGreaterThan(0);
    expect(platform.clusters()).toEqual([]);
    expect(provisioner?.presses()).toEqual([]);
  });

  it('STALE when the beacon that the press carries is old', async () => {
    let skewMs = 0;
    const { button, platform, provisioner } = await start({ now: () => Date.now() + skewMs });
    // The provisioner repeats its beacon 0.5 s and 2 s after connecting; then it is silent for a while.
    await new Promise(resolve => setTimeout(resolve, 2300));
    // The lab's clock moves on, the retained beacon does not: as if the relay had held it back.
    skewMs = 10 * 60 * 1000;
    const house = button();
    house.board.press();
    expect(await house.showsKind('error')).toMatchObject({ code: 'STALE' });
    expect(platform.clusters()).toEqual([]);
    expect(provisioner?.presses().map(press => press.step)).toEqual(['rejected']);
  });
});

describe('a press delivered again', () => {
  it('three times makes one cluster', async () => {
    const { site, relay, platform, provisioner } = await start();
    const client = connect(relay.url, {
      clientId: 'house-01',
      username: 'house-01',
      password: passwordOf(site, 'house-01'),
    });
    lab?.finally(() => client.endAsync(true));
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
    await until(() => platform.clusters()[0]?.state === 'ready');
    await client.publishAsync(topic, payload, { qos: 1 });
    await new Promise(resolve => setTimeout(resolve, 300));
    expect(platform.clusters()).toHaveLength(1);
    expect(provisioner?.presses()).toHaveLength(1);
  });
});

describe('the relay', () => {
  it('refuses an unknown button at the door', async () => {
    const { relay } = await start({ provisioner: false });
    const client = connect(relay.url, {
      clientId: 'house-99',
      username: 'house-99',
      password: 'x',
      reconnectPeriod: 0,
    });
    lab?.finally(() => client.endAsync(true));
    const error = await new Promise<Error>(resolve => client.once('error', resolve));
    expect(error.message).toContain('Bad username or password');
  });

  it('carries no clear text that opens anything: statuses are signed for one button only', async () => {
    const { site, relay } = await start();
    const client = connect(relay.url, {
      clientId: 'house-01',
      username: 'house-01',
      password: passwordOf(site, 'house-01'),
    });
    lab?.finally(() => client.endAsync(true));
    const heard = new Map<string, string>();
    client.on('message', (topic, payload) => heard.set(topic, payload.toString('latin1')));
    await client.subscribeAsync([statusTopic('house-01'), beaconTopic('lab')], { qos: 1 });
    await until(() => heard.size === 2);
    const status = heard.get(statusTopic('house-01')) ?? '';
    expect(status).toMatch(/^[A-Za-z0-9+/]{43}=\.\{/);
  });
});

describe('a proxy that refuses', () => {
  it('is named PROXY by the provisioner, and LAB by the button', async () => {
    const { createServer } = await import('node:http');
    const proxy = createServer();
    proxy.on('connect', (_request, socket) => socket.end('HTTP/1.1 403 Filtered\r\n\r\n'));
    await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.address() as { port: number };
    const lines: string[] = [];
    const log = pino({ level: 'debug' }, { write: line => lines.push(line) });
    const { button, provisioner } = await start({ proxy: `http://127.0.0.1:${port}`, log });
    lab?.finally(() => proxy.close());
    const house = button();
    house.board.press();
    expect(await house.showsKind('error')).toMatchObject({ code: 'LAB' });
    expect(provisioner?.lastError).toMatch(/^PROXY.*403/);
    expect(lines.join('')).toContain('PROXY');
  });
});

async function until(done: () => boolean, withinMs = 15_000): Promise<void> {
  const giveUpAt = performance.now() + withinMs;
  while (!done()) {
    if (performance.now() > giveUpAt) throw new Error(`not within ${withinMs} ms: ${done}`);
    await new Promise(resolve => setTimeout(resolve, 10));
  }
}
