/** Packets that MQTT 3.1.1 forbids: each closes the connection (or is refused), and nobody else hears of it. */
import type { IConnackPacket } from 'mqtt-packet';
import { describe, expect, test } from 'vitest';
import { beaconTopic, pressTopic, statusTopic } from '../../protocol/src/topics.ts';
import { pause, until } from '../fixtures/patience.ts';
import { keys, login, messagesOf, type Raw, rawClient, relayForTest } from './fixtures/helpers.ts';
import {
  type ConnectForm,
  connectBytes,
  connectFlags,
  field,
  first,
  number16,
  packetOf,
  publishBytes,
  remainingLength,
  subscribeBytes,
  unsubscribeBytes,
} from './fixtures/malformed-bytes.ts';

const press = pressTopic('house-01');
const status = statusTopic('house-01');
const right: ConnectForm = { clientId: 'house-01', username: 'house-01', password: keys['house-01'] ?? '' };
const allFlags = connectFlags.username | connectFlags.password | connectFlags.clean;

/** A relay with a provisioner that listens; `unharmed` is that it has heard nothing but one real press. */
async function watched(heardBefore: string[] = []) {
  const relay = await relayForTest();
  const provisioner = await login(relay, 'lab-provisioner');
  await provisioner.subscribeAsync([press, pressTopic('cloud-01')], { qos: 1 });
  const heard = messagesOf(provisioner);
  const unharmed = async () => {
    const cloud = await login(relay, 'cloud-01');
    await cloud.publishAsync(pressTopic('cloud-01'), 'real', { qos: 1 });
    await until(() => heard.length > heardBefore.length, 'the real press');
    expect(heard).toEqual([...heardBefore, `${pressTopic('cloud-01')} real`]);
  };
  return { relay, unharmed };
}

async function loggedIn(relay: Awaited<ReturnType<typeof relayForTest>>): Promise<Raw> {
  const raw = await rawClient(relay);
  raw.socket.write(connectBytes(right));
  await until(() => raw.packets.length > 0, 'CONNACK');
  expect(raw.packets[0]).toMatchObject({ returnCode: 0 });
  return raw;
}

/** Bytes that are no UTF-8 ([MQTT-1.5.3-1]): cut short, overlong, a surrogate, beyond Unicode. */
const notUtf8: [string, Buffer][] = [
  ['a lone 0xff', Buffer.of(0xff)],
  ['half a character', Buffer.of(0x61, 0xc3)],
  ['an overlong slash', Buffer.of(0xc0, 0xaf)],
  ['a surrogate', Buffer.of(0xed, 0xa0, 0x80)],
  ['a character beyond Unicode', Buffer.of(0xf5, 0x80, 0x80, 0x80)],
];
const oddCharacters: [string, Buffer][] = [
  ['U+0000', Buffer.from(`${press}\0`)],
  ['U+0001', Buffer.from(`${press}\u0001`)],
  ['a line feed', Buffer.from(`${press}\n`)],
  ['an escape sequence', Buffer.from(`\u001b[2J${press}`)],
  ['U+009B', Buffer.from(`${press}\u009b31m`)],
  ['U+FEFF in front', Buffer.from(`\ufeff${press}`)],
  ['U+FFFF', Buffer.from(`${press}\uffff`)],
  ...notUtf8.map(([what, bytes]): [string, Buffer] => [what, Buffer.concat([Buffer.from(press), bytes])]),
];

describe('as the first packet, it is closed without being let in:', () => {
  const rows: [string, Buffer][] = [
    ['any packet but CONNECT: PUBLISH', publishBytes(press, 'x')],
    ['SUBSCRIBE', subscribeBytes(status)],
    ['UNSUBSCRIBE', unsubscribeBytes(status)],
    ['PINGREQ', packetOf(first.pingreq)],
    ['DISCONNECT', packetOf(first.disconnect)],
    ['PUBACK', packetOf(first.puback, number16(1))],
    ['CONNACK', packetOf(first.connack, number16(0))],
    ['a request of another protocol', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['a TLS hello', Buffer.of(0x16, 0x03, 0x01, 0x00, 0x05, 1, 0, 0, 1, 3)],
    ['type 0', Buffer.of(0, 0)],
    ['type 15', Buffer.of(0xf0, 0)],
    ['a Remaining Length of five bytes', Buffer.of(first.connect, 0x80, 0x80, 0x80, 0x80, 0x01)],
    ['an empty CONNECT', packetOf(first.connect)],
    ['a CONNECT cut short', packetOf(first.connect, field('MQTT'), Buffer.of(4, 2, 0))],
    [
      'CONNECT with flags in its first byte',
      Buffer.concat([Buffer.of(0x11), connectBytes(right).subarray(1)]),
    ],
    ['the protocol name in small letters', connectBytes({ ...right, protocol: 'mqtt' })],
    ['an empty protocol name', connectBytes({ ...right, protocol: '' })],
    ['a protocol name with more behind it', connectBytes({ ...right, protocol: 'MQTT\0' })],
    ['level 0', connectBytes({ ...right, level: 0 })],
    ['level 6', connectBytes({ ...right, level: 6 })],
    ['level 255', connectBytes({ ...right, level: 255 })],
    ['the reserved connect flag', connectBytes({ ...right, flags: allFlags | 1 })],
    ['QoS of a will without a will', connectBytes({ ...right, flags: allFlags | 0x08 })],
    ['RETAIN of a will without a will', connectBytes({ ...right, flags: allFlags | 0x20 })],
    ['a will flag without a will', connectBytes({ ...right, flags: allFlags | connectFlags.will })],
    [
      'a will of QoS 3',
      connectBytes({ ...right, flags: allFlags | 0x1c, will: { topic: press, payload: 'x' } }),
    ],
    ['a password without a name', connectBytes({ ...right, flags: 0x42 })],
    ['a name announced and missing', connectBytes({ clientId: 'house-01', flags: 0x82 })],
    ...oddCharacters.flatMap(([what, bytes]): [string, Buffer][] => [
      [`a client id with ${what}`, connectBytes({ ...right, clientId: bytes })],
      [`a user name with ${what}`, connectBytes({ ...right, clientId: bytes, username: bytes })],
      [`a will topic with ${what}`, connectBytes({ ...right, will: { topic: bytes, payload: 'x' } })],
    ]),
  ];
  test.each(rows)('a first packet that is broken: %s', async (_, bytes) => {
    const { relay, unharmed } = await watched();
    const raw = await rawClient(relay);
    raw.socket.write(bytes);
    await raw.closed;
    expect(raw.packets.filter(packet => (packet as IConnackPacket).returnCode === 0)).toEqual([]);
    await unharmed();
    expect(relay.stats().logins).toBe(2);
  });
});

describe('after login, it is closed and reaches nobody:', () => {
  const tooMany = Buffer.from('a/'.repeat(150));
  const rows: [string, Buffer][] = [
    ['a second CONNECT', connectBytes(right)],
    ['PUBLISH of QoS 3', publishBytes(press, 'x', 6)],
    ['PUBLISH without a topic', publishBytes('', 'x')],
    ['PUBLISH with a wildcard', publishBytes('dashbutton/v1/buttons/+/press', 'x')],
    ['PUBLISH with 151 levels', publishBytes(tooMany, 'x')],
    ['PUBLISH whose topic ends after the packet', packetOf(first.publish, number16(200), Buffer.from(press))],
    ['PUBLISH without a byte', packetOf(first.publish)],
    ['SUBSCRIBE with flags 0', packetOf(0x80, number16(1), field(status), Buffer.of(1))],
    ['SUBSCRIBE of QoS 3', packetOf(first.subscribe, number16(1), field(status), Buffer.of(3))],
    ['SUBSCRIBE with reserved bits', packetOf(first.subscribe, number16(1), field(status), Buffer.of(0x81))],
    ['SUBSCRIBE without a QoS', packetOf(first.subscribe, number16(1), field(status))],
    ['SUBSCRIBE to an empty topic', subscribeBytes('')],
    ['SUBSCRIBE without a byte', packetOf(first.subscribe)],
    ['SUBSCRIBE with 151 levels', subscribeBytes(tooMany)],
    ['UNSUBSCRIBE with flags 0', packetOf(0xa0, number16(1), field(status))],
    ['UNSUBSCRIBE from an empty topic', unsubscribeBytes('')],
    ['PUBREL with flags 0', packetOf(0x60, number16(1))],
    ['PINGREQ with flags', packetOf(0xc1)],
    ['DISCONNECT with flags', packetOf(0xe1)],
    ['type 0', Buffer.of(0, 0)],
    ['type 15', Buffer.of(0xf0, 0)],
    ['a Remaining Length of five bytes', Buffer.of(first.publish, 0x80, 0x80, 0x80, 0x80, 0x01)],
    ...oddCharacters.map(([what, bytes]): [string, Buffer] => [
      `PUBLISH to a topic with ${what}`,
      publishBytes(bytes, 'x'),
    ]),
  ];
  test.each(rows)('a later packet that is broken: %s', async (_, bytes) => {
    const { relay, unharmed } = await watched();
    const raw = await loggedIn(relay);
    raw.socket.write(Buffer.concat([bytes, publishBytes(press, 'behind it')]));
    await raw.closed;
    expect(raw.packets).toHaveLength(1);
    await unharmed();
  });
});

test.each([
  ['CONNACK', packetOf(first.connack, number16(0))],
  ['SUBACK', packetOf(first.suback, number16(1), Buffer.of(1))],
  ['UNSUBACK', packetOf(first.unsuback, number16(1))],
  ['PINGRESP', packetOf(first.pingresp)],
])('a packet that only a server sends closes the connection: %s', async (_, bytes) => {
  const { relay, unharmed } = await watched();
  const raw = await loggedIn(relay);
  raw.socket.write(bytes);
  await raw.closed;
  expect(raw.packets).toHaveLength(1);
  await unharmed();
});

test('SUBSCRIBE to topics with characters that are not allowed is refused or closed', async () => {
  const { relay, unharmed } = await watched();
  for (const [what, bytes] of oddCharacters) {
    const raw = await loggedIn(relay);
    raw.socket.write(subscribeBytes(bytes));
    await Promise.race([raw.closed, until(() => raw.packets.length === 2, what)]);
    const granted = raw.packets.slice(1).map(packet => ({ ...packet }).cmd === 'suback' && packet);
    expect(
      granted.every(packet => packet && 'granted' in packet && packet.granted[0] === 128),
      what,
    ).toBe(true);
    raw.socket.destroy();
  }
  await unharmed();
});

test('a topic that only becomes ours when broken bytes are left out is not ours', async () => {
  const { relay, unharmed } = await watched();
  const raw = await loggedIn(relay);
  const at = press.indexOf('house');
  raw.socket.write(
    publishBytes(
      Buffer.concat([Buffer.from(press.slice(0, at)), Buffer.of(0xff), Buffer.from(press.slice(at))]),
      'x',
    ),
  );
  await raw.closed;
  await unharmed();
});

describe('cut into pieces,', () => {
  const bytes = Buffer.concat([
    connectBytes(right),
    subscribeBytes(status, beaconTopic('lab')),
    publishBytes(press, 'x'.repeat(200), 2),
    packetOf(first.pingreq),
  ]);
  const answers = ['connack', 'suback', 'puback', 'pingresp'];

  test(`a whole conversation works wherever it is cut in two (${bytes.length - 1} places)`, async () => {
    // One button says more here than a finger can in hours.
    const relay = await relayForTest({ limits: { buttonMessageBurst: 10 * bytes.length } });
    for (let at = 1; at < bytes.length; at++) {
      const raw = await rawClient(relay);
      raw.socket.write(bytes.subarray(0, at));
      await pause(1);
      raw.socket.write(bytes.subarray(at));
      await until(() => raw.packets.length === answers.length, `all answers, cut at ${at}`);
      expect(raw.packets.map(packet => packet.cmd).toSorted(), `cut at ${at}`).toEqual(answers.toSorted());
      raw.socket.destroy();
    }
    expect(relay.stats()).toMatchObject({ published: bytes.length - 1, refused: {} });
  });

  test('it works byte by byte', async () => {
    const { relay, unharmed } = await watched([`${press} ${'x'.repeat(200)}`]);
    const raw = await rawClient(relay);
    for (const byte of bytes) {
      raw.socket.write(Buffer.of(byte));
      await new Promise(resolve => setImmediate(resolve));
    }
    await until(() => raw.packets.length === answers.length, 'all answers');
    await unharmed();
  });

  test('a packet that stops in the middle leaves nothing behind when its sender goes', async () => {
    const { relay, unharmed } = await watched();
    for (let at = 1; at < bytes.length; at += 7) {
      const raw = await rawClient(relay);
      raw.socket.end(bytes.subarray(0, Math.min(at, connectBytes(right).length + 20)));
      await raw.closed;
    }
    await unharmed();
    await until(() => relay.stats().connections === 2, 'everybody to leave');
  });
});

test('a length that promises more than comes is waited for, and delivers nothing', async () => {
  const { relay, unharmed } = await watched();
  const raw = await loggedIn(relay);
  raw.socket.write(Buffer.concat([Buffer.of(first.publish), remainingLength(1_000), field(press)]));
  await pause(50);
  raw.socket.destroy();
  await unharmed();
});
