/** Random bytes and random JSON on every topic: counted, ignored, and the next real press works. */
import fc from 'fast-check';
import { connect, type MqttClient } from 'mqtt';
import { describe, expect, type TestContext, test } from 'vitest';
import { noRates } from '../../bench/no-rates.ts';
import { encode } from '../../protocol/src/node/envelope.ts';
import { beaconTopic, pressTopic, statusTopic } from '../../protocol/src/topics.ts';
import { patience } from '../fixtures/patience.ts';
import { keyOf, type Lab, type LabOptions, passwordOf, startLab } from './fixtures/lab.ts';

async function start({ onTestFinished }: TestContext, options: LabOptions = {}): Promise<Lab> {
  const lab = await startLab({ limits: noRates, ...options });
  onTestFinished(() => lab.close());
  return lab;
}

const seed = 20191119;

/** Raw bytes, bytes that look signed, and JSON that is signed with the right key but makes no sense. */
function garbage(lab: Lab, topic: string, count: number): Buffer[] {
  const key = keyOf(lab.site, topic.endsWith('beacon') ? 'site' : 'house-01');
  const raw = fc.uint8Array({ maxLength: 900 }).map(bytes => Buffer.from(bytes));
  const signed = fc.object({ maxDepth: 2, maxKeys: 4 }).map(body => {
    const text = JSON.stringify(body).slice(0, 400);
    return Buffer.concat([encode(key, topic, {}).subarray(0, 45), Buffer.from(text)]);
  });
  const wellSigned = fc
    .dictionary(
      fc.constantFrom('press', 'seq', 'state', 'time', 'percent', 'cluster', 'phase', 'action', 'leftS'),
      fc.oneof(fc.integer(), fc.string({ maxLength: 20 }), fc.constant(null), fc.double()),
    )
    .map(body => encode(key, topic, body));
  return fc.sample(fc.oneof(raw, signed, wellSigned), { numRuns: count, seed });
}

async function login(lab: Lab, name: string): Promise<MqttClient> {
  const client = connect(lab.relay.url, {
    clientId: name,
    username: name,
    password: passwordOf(lab.site, name),
  });
  lab.finally(() => client.endAsync(true));
  await new Promise<void>((resolve, reject) => client.once('connect', () => resolve()).once('error', reject));
  return client;
}

describe.concurrent('garbage', () => {
  test('on the press topic creates nothing and stops nothing', async t => {
    const lab = await start(t);
    await lab.provisioner?.whenOnline(patience(5000));
    const client = await login(lab, 'house-01');
    const topic = pressTopic('house-01');
    for (const payload of garbage(lab, topic, 400)) await client.publishAsync(topic, payload, { qos: 1 });
    await client.endAsync();
    expect(lab.platform.clusters()).toEqual([]);
    expect(lab.provisioner?.presses()).toEqual([]);
    const house = lab.button();
    house.board.press();
    await house.showsKind('ready');
  });

  test('on status and beacon makes the button do nothing but name the hop', async t => {
    const lab = await start(t, { provisioner: false });
    // Whoever holds the provisioner's login may publish there; the signature is what the button believes.
    const client = await login(lab, 'lab');
    const house = lab.button();
    house.board.press();
    await house.shows(view => view.kind === 'connecting' && view.hop === 'relay');
    for (const topic of [statusTopic('house-01'), beaconTopic('lab')]) {
      for (const payload of garbage(lab, topic, 200)) {
        await client.publishAsync(topic, payload, { qos: 1, retain: true });
      }
    }
    const error = await house.showsKind('error');
    expect(['LAB', 'KEY']).toContain(error.code);
    expect(house.faults).toEqual([]);
    expect(lab.relay.stats().published).toBe(400);
  });
});
