/** A round trip through squid costs at most 5 ms more than the direct one. */

import { Socket } from 'node:net';
import { connectAsync } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pressTopic, statusTopic } from '../../protocol/src/topics.ts';
import { installed } from '../installed.ts';
import { squid, stopPrograms } from './proxies-programs.ts';
import { type Doors, labLink, startDoors, stopLink } from './proxies-relay.ts';

const limitMs = 5;
/** Round trips of each way in one run, one here, one there, so that both meet the same machine. */
const rounds = 120;
/** A machine that is busy with something else gets this many chances. */
const runs = 3;

let doors: Doors;
beforeAll(async () => {
  doors = await startDoors(2);
});
afterAll(async () => {
  await doors.close();
  await stopPrograms();
});

/** A button's round trip over the link of its lab: press (QoS 1) there, status (QoS 1) back; in milliseconds. */
async function button(index: number): Promise<{ roundMs(): Promise<number>; close(): Promise<void> }> {
  const name = `house-${index}`;
  const client = await connectAsync(doors.relay.url, {
    clientId: name,
    username: name,
    password: doors.passwords[name] ?? '',
  });
  // MQTT.js leaves Nagle on: the button's own part is not what is measured.
  if (client.stream instanceof Socket) client.stream.setNoDelay(true);
  await client.subscribeAsync(statusTopic(name), { qos: 1 });
  return {
    async roundMs() {
      const startedAt = performance.now();
      const answered = new Promise<number>(resolve =>
        client.once('message', () => resolve(performance.now() - startedAt)),
      );
      await client.publishAsync(pressTopic(name), Buffer.alloc(100, 'x'), { qos: 1 });
      return answered;
    },
    close: () => client.endAsync(true),
  };
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

describe.skipIf(!installed('squid'))('through squid (Debian package squid)', () => {
  it.each([
    'mqtts',
    'wss',
  ] as const)(`%s: the median of ${rounds} round trips is within ${limitMs} ms of the direct one`, async scheme => {
    const proxy = { type: 'http', host: '127.0.0.1', port: (await squid()).port } as const;
    const links = [
      labLink(doors, doors.door(scheme)),
      labLink(doors, doors.door(scheme), proxy, { index: 1 }),
    ];
    for (const [i, lab] of links.entries()) {
      lab.onMessage = (_, payload) => lab.link.publish(statusTopic(`house-${i}`), payload, false);
      expect(await lab.link.whenUp(10_000), lab.link.lastError).toBe(true);
    }
    const [direct, through] = [await button(0), await button(1)];
    const differences: number[] = [];
    const figures: string[] = [];
    for (let run = 0; run < runs && !differences.some(it => it <= limitMs); run++) {
      const directMs: number[] = [];
      const throughMs: number[] = [];
      for (let i = 0; i < rounds; i++) {
        directMs.push(await direct.roundMs());
        throughMs.push(await through.roundMs());
      }
      differences.push(median(throughMs) - median(directMs));
      figures.push(`direct ${median(directMs).toFixed(2)} ms, squid ${median(throughMs).toFixed(2)} ms`);
    }
    await Promise.all([direct.close(), through.close(), ...links.map(stopLink)]);
    expect(Math.min(...differences), figures.join('; ')).toBeLessThanOrEqual(limitMs);
  });
});
