/** Another broker than ours: Debian's mosquitto, over TCP and over its own WebSocket, directly and through squid. */
import { afterEach, describe, expect, it } from 'vitest';
import type { RelayAddress } from '../../provisioner/src/way/addresses.ts';
import { Connection } from '../../provisioner/src/way/connection.ts';
import { dial } from '../../provisioner/src/way/dial.ts';
import { installed } from '../installed.ts';
import { mosquitto, squid, stopPrograms } from './proxies-programs.ts';

afterEach(stopPrograms);

const never = new AbortController().signal;
const will = { topic: 'beacon', payload: Buffer.from('offline') };

describe.skipIf(!installed('mosquitto'))('mosquitto (Debian package mosquitto)', () => {
  it.each([
    ['directly', false],
    ['through squid', true],
  ])('MQTT and MQTT over WebSocket, %s', async (_, throughSquid) => {
    if (throughSquid && !installed('squid')) return;
    const broker = await mosquitto();
    const proxy = throughSquid
      ? ({ type: 'http', host: '127.0.0.1', port: (await squid()).port } as const)
      : undefined;
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
      await expect.poll(() => heard, { timeout: 10_000 }).toEqual(sizes.map(size => `loop/${size} ${size}`));
      await connection.goodbye('beacon', Buffer.from('offline'));
    }
  });
});
