/**
 * What squid on the way to the relay costs: a press (QoS 1) there and a status (QoS 1) back over the link of a lab,
 * one round trip directly, one through squid, in turns. Run by `node --import tsx bench/proxy.ts`; needs squid.
 */
import { Socket } from 'node:net';
import { connectAsync } from 'mqtt';
import { pressTopic, statusTopic } from '../protocol/src/topics.ts';
import { squid, stopPrograms } from '../test/e2e/fixtures/proxies-programs.ts';
import { type Listeners, labLink, startDoors, stopLink } from '../test/e2e/fixtures/proxies-relay.ts';
import { medianOf } from './press/statistics.ts';

const rounds = 500;
const onlineLimitMs = 10_000;
/** What we set out for: the median over the direct one, in milliseconds. */
const expectedMs = 5;

/** A button, and how long its round trip over the link of its lab takes. */
async function openButton(listeners: Listeners, index: number) {
  const name = `house-${index}`;
  const client = await connectAsync(listeners.relay.url, {
    clientId: name,
    username: name,
    password: listeners.passwords[name] ?? '',
  });
  // MQTT.js leaves Nagle on: the button's own part is not what is measured.
  if (client.stream instanceof Socket) client.stream.setNoDelay(true);
  await client.subscribeAsync(statusTopic(name), { qos: 1 });
  return {
    async roundMs(): Promise<number> {
      const startedAt = performance.now();
      const answered = new Promise<number>(resolve => {
        client.once('message', () => resolve(performance.now() - startedAt));
      });
      await client.publishAsync(pressTopic(name), Buffer.alloc(100, 'x'), { qos: 1 });
      return answered;
    },
    close: () => client.endAsync(true),
  };
}

async function measure(listeners: Listeners, scheme: 'mqtts' | 'wss'): Promise<void> {
  const proxy = { type: 'http', host: '127.0.0.1', port: (await squid()).port } as const;
  const links = [
    labLink(listeners, listeners.listener(scheme)),
    labLink(listeners, listeners.listener(scheme), proxy, { index: 1 }),
  ];
  for (const [i, lab] of links.entries()) {
    lab.onMessage = (_, payload) => lab.link.publish(statusTopic(`house-${i}`), payload, false);
    if (!(await lab.link.whenUp(onlineLimitMs))) throw new Error(lab.link.lastError ?? 'not up');
  }
  const [direct, through] = [await openButton(listeners, 0), await openButton(listeners, 1)];
  const [directMs, throughMs]: [number[], number[]] = [[], []];
  for (let i = 0; i < rounds; i++) {
    directMs.push(await direct.roundMs());
    throughMs.push(await through.roundMs());
  }
  await Promise.all([direct.close(), through.close(), ...links.map(stopLink)]);
  const [a, b] = [medianOf(directMs), medianOf(throughMs)];
  process.stdout.write(
    `${scheme.padEnd(6)} direct ${a.toFixed(2)} ms, squid ${b.toFixed(2)} ms: ${(b - a).toFixed(2)} ms more, at most ${expectedMs} expected\n`,
  );
}

const listeners = await startDoors(2);
try {
  for (const scheme of ['mqtts', 'wss'] as const) await measure(listeners, scheme);
} finally {
  await listeners.close();
  await stopPrograms();
}
