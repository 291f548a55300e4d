/** Another broker than ours: Debian's mosquitto, over TCP and over its own WebSocket, directly and through squid. */
import { afterEach, describe, expect, test } from 'vitest';
import type { ProxyAddress, RelayAddress } from '../../provisioner/src/uplink/addresses.ts';
import { Connection } from '../../provisioner/src/uplink/connection.ts';
import { dial } from '../../provisioner/src/uplink/dial.ts';
import { installed } from '../fixtures/installed.ts';
import { until } from '../fixtures/patience.ts';
import { mosquitto, squid, stopPrograms } from './fixtures/proxies-programs.ts';

afterEach(stopPrograms);

const never = new AbortController().signal;
const will = { topic: 'beacon', payload: Buffer.from('offline') };

describe.skipIf(!installed('mosquitto'))('mosquitto, another broker (needs mosquitto)', () => {
  test('carries MQTT and MQTT over WebSocket directly', () => carriesAll(undefined));

  test.skipIf(!installed('squid'))('carries both through a proxy (needs squid)', async () =>
    carriesAll({ type: 'http', host: '127.0.0.1', port: (await squid()).port }),
  );
});

async function carriesAll(proxy: ProxyAddress | undefined): Promise<void> {
  const broker = await mosquitto();
  const doors: RelayAddress[] = [
    { host: '127.0.0.1', port: broker.port, tls: false },
    { host: '127.0.0.1', port: broker.webPort, tls: false, path: '/mqtt' },
  ];
  for (const door of doors) {
    const heard: string[] = [];
    const connection = await Connection.open({
      stream: await dial(door, proxy, never),
      relayName: 'mosquitto',
      user: `lab-${door.port}`,
      password: 'x',
      will,
      onMessage: (topic, payload) => heard.push(`${topic} ${payload.length}`),
    });
    expect(await connection.subscribe(['loop/#'])).toEqual([]);
    const sizes = [0, 1, 100, 200, 5_000, 100_000];
    for (const size of sizes) connection.publish(`loop/${size}`, Buffer.alloc(size, 'z'), false);
    await until(
      () => heard.length === sizes.length,
      () => `all of it after ${heard}`,
    );
    expect(heard).toEqual(sizes.map(size => `loop/${size} ${size}`));
    await connection.goodbye('beacon', Buffer.from('offline'));
  }
}
