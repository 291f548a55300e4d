/** Presses over TLS whose CONNECT, SUBSCRIBE and PUBLISH, each a TLS record, arrive in one segment. */
import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';
import mqttPacket, { type Packet } from 'mqtt-packet';
import { expect, test } from 'vitest';
import { beaconTopic, pressTopic, statusTopic } from '../../../protocol/src/topics.ts';
import { patience, until } from '../../fixtures/patience.ts';
import { makeCertificate } from '../../simulator/board/fixtures/certificates.ts';
import { connectPacket, login, publishPacket, relayForTest, subscribePacket } from '../fixtures/helpers.ts';
import { joiningProxy } from '../fixtures/joining-proxy.ts';

const presses = 200;
const joinMs = 40;

/** What the provisioner's answer says, or why there was none. */
async function press(port: number, number: number): Promise<string> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, maxVersion: 'TLSv1.2' });
  socket.setNoDelay(true).on('error', () => {});
  const packets: Packet[] = [];
  const parser = mqttPacket.parser();
  parser.on('packet', packet => packets.push(packet));
  socket.on('data', chunk => parser.parse(chunk));
  try {
    await once(socket, 'secureConnect');
    const said = [
      connectPacket('house-01'),
      subscribePacket(1, beaconTopic('lab'), statusTopic('house-01')),
      publishPacket(pressTopic('house-01'), `press ${number}`, { qos: 1, messageId: 2 }),
    ];
    for (const packet of said) socket.write(mqttPacket.generate(packet));
    const answer = () =>
      packets.flatMap(packet => (packet.cmd === 'publish' && !packet.retain ? [`${packet.payload}`] : []))[0];
    await until(() => answer() !== undefined || socket.destroyed, 'the answer');
    const suback = packets.find(packet => packet.cmd === 'suback');
    if (suback?.cmd !== 'suback' || suback.granted.includes(128)) return 'subscription refused';
    return answer() ?? 'closed';
  } finally {
    socket.destroy();
  }
}

test(
  '200 presses over mqtts through a proxy that joins segments for 40 ms: 200 accepted',
  async () => {
    const relay = await relayForTest({
      certificates: [await makeCertificate('rsa')],
      listeners: [{ kind: 'mqtts', port: 0 }],
      limits: { buttonMessageBurst: 1e9, newConnectionsPerAddressPerMinute: 1e9 },
    });
    const port = await joiningProxy(relay.tls?.port ?? 0, joinMs);
    const provisioner = await login(relay, 'lab-provisioner');
    await provisioner.subscribeAsync(pressTopic('house-01'), { qos: 1 });
    provisioner.on('message', (_, payload) => {
      provisioner.publish(statusTopic('house-01'), `accepted ${payload}`, { qos: 1 });
    });
    const answers: string[] = [];
    for (let i = 0; i < presses; i++) answers.push(await press(port, i));
    expect(answers).toEqual(Array.from({ length: presses }, (_, i) => `accepted press ${i}`));
    expect(relay.stats().refused).toEqual({});
  },
  patience(120_000),
);
