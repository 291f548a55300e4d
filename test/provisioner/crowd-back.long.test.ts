/** A site of 6,000 buttons: after a restart of the relay it listens to all of them again, and is not too fast for it. */
import { connectAsync, type IClientOptions } from 'mqtt';
import { describe, expect } from 'vitest';
import { pressTopic } from '../../protocol/src/topics.ts';
import { patience, until } from '../fixtures/patience.ts';
import { type Lab, site } from './fixtures/lab.ts';
import { roomTest } from './fixtures/room.ts';

const count = 6_000;
const buttons = Array.from({ length: count }, (_, i) => `button-${i + 1}`);
const sample = [buttons[0], buttons[count / 2], buttons[count - 1]] as string[];
const limits = { timeout: patience(120_000) };
const test = roomTest({ buttons });

const asProvisioner = (lab: Lab, options: IClientOptions) =>
  connectAsync(lab.relay.url, {
    ...{ clientId: site, username: site, password: lab.passwords[site] as string },
    ...options,
  });

describe('6,000 buttons of one site', limits, () => {
  test('the provisioner is back after a restart of the relay, and again after a cut, and not slowed for it', async ({
    room,
  }) => {
    await room.startProvisioner();
    const { lab, provisioner } = room;
    await lab.restartRelay();
    // Whether the loss is seen from here is a matter of moments.
    await until(
      () => provisioner.connected && provisioner.relays[0]?.connects === 2,
      'all subscriptions',
      10_000,
    );
    // And the statuses that follow it: the newest of each.
    await until(() => lab.relay.stats().published > count, 'all statuses', 10_000);
    expect(provisioner.relays[0]).toMatchObject({ connects: 2, saidAgain: 0 });
    const heard = provisioner.counters.received;
    for (const name of sample) await (await room.connect(name)).press(1, { action: 'release' });
    await until(() => provisioner.counters.received === heard + sample.length, 'presses of all');
    // Its login, its beacons, its three words for each button: all of that at once is what it may.
    expect(lab.relay.stats()).toMatchObject({ slowed: 0, refused: {} });
    // At once again, as nothing has refilled: slower, and nobody is disconnected for it. All of it is retained now.
    const intruder = await asProvisioner(lab, { reconnectPeriod: 0 });
    await intruder.endAsync();
    await until(() => provisioner.connected && provisioner.relays[0]?.connects === 3, 'the return');
    await until(() => lab.relay.stats().published > 2 * count, 'all statuses, again', 30_000);
    expect(lab.relay.stats().refused).toEqual({});
    expect(provisioner.relays[0]?.connects).toBe(3);
    // The relay may say the will of the connection that was cut after our first word: then that word is said again,
    // once because it is heard and once because it is read back, if the relay retains it in that moment.
    expect(provisioner.relays[0]?.saidAgain).toBeLessThanOrEqual(2);
  });

  test.for([
    ['on, 64 filters in a packet', true],
    ['off', false],
  ] as const)('a plain MQTT.js is back with its own resubscribe %s', async ([, resubscribe], { room }) => {
    const { lab } = room;
    const client = await asProvisioner(lab, { resubscribe, subscribeBatchSize: 64, reconnectPeriod: 100 });
    room.onClose(() => client.endAsync(true));
    client.on('error', () => {});
    const topics = buttons.map(pressTopic);
    let granted = 0;
    client.on('packetreceive', packet => {
      if (packet.cmd === 'suback') granted += packet.granted.filter(code => code === 1).length;
    });
    await client.subscribeAsync(topics, { qos: 1 });
    expect(granted).toBe(count);
    granted = 0;
    await lab.restartRelay();
    await new Promise<unknown>(resolve => client.once('connect', resolve));
    if (!resubscribe) await client.subscribeAsync(topics, { qos: 1 });
    await until(() => granted === count, 'all subscriptions', 10_000);
    expect(lab.relay.stats()).toMatchObject({ slowed: 0, refused: {}, logins: 1 });
  });
});
