/** Packets as bytes: where they end, what they weigh, what is wrong with them. */
import fc from 'fast-check';
import mqttPacket, { type Packet } from 'mqtt-packet';
import { describe, expect, test } from 'vitest';
import {
  clearDup,
  faultOf,
  hasUnknownLevel,
  packetBytesAt,
  weightOf,
} from '../../../relay/src/broker/packets.ts';
import { connectPacket, publishPacket, subscribePacket } from '../fixtures/helpers.ts';

const bytesOf = (packet: Packet) => mqttPacket.generate(packet);

/** The fixed header of a PUBLISH that announces this Remaining Length. */
function header(length: number): Buffer {
  const bytes = [0x30];
  for (let rest = length; bytes.length === 1 || rest > 0; rest = Math.floor(rest / 128)) {
    bytes.push((rest % 128) + (rest >= 128 ? 128 : 0));
  }
  return Buffer.from(bytes);
}

describe('the end of a packet', () => {
  const maxBytes = 300;

  test('is known with its fixed header, wherever it begins, and not before', () => {
    const lengths = fc.oneof(fc.nat(maxBytes), fc.constantFrom(0, 127, 128, maxBytes));
    fc.assert(
      fc.property(lengths, fc.nat(10), (length, at) => {
        const head = header(length);
        const bytes = Buffer.concat([Buffer.alloc(at, 0xff), head]);
        expect(packetBytesAt(bytes, at, maxBytes)).toBe(head.length + length);
        for (let cut = at; cut < bytes.length; cut++) {
          expect(packetBytesAt(bytes.subarray(0, cut), at, maxBytes)).toBeUndefined();
        }
      }),
    );
  });

  test('is refused as soon as it is too far away', () => {
    fc.assert(
      fc.property(fc.integer({ min: maxBytes + 1, max: 268_435_455 }), length => {
        expect(packetBytesAt(header(length), 0, maxBytes)).toBe('too-long');
      }),
    );
    expect(packetBytesAt(Buffer.of(0x30, 0x80, 0x80, 0x80, 0x80), 0, maxBytes)).toBe('too-long');
  });
});

const unsubscribe = (...unsubscriptions: string[]) =>
  bytesOf({ cmd: 'unsubscribe', messageId: 1, unsubscriptions });

test.each<[string, Buffer, number]>([
  ['PUBLISH', bytesOf(publishPacket('a/b', 'x'.repeat(1000))), 1],
  ['PINGREQ', bytesOf({ cmd: 'pingreq' }), 1],
  ['PUBACK', bytesOf({ cmd: 'puback', messageId: 1 }), 1],
  ['SUBSCRIBE to one', bytesOf(subscribePacket(1, 'a')), 1],
  ['SUBSCRIBE to 3,000 of one letter', bytesOf(subscribePacket(1, ...Array(3000).fill('a'))), 3000],
  ['UNSUBSCRIBE from 3,200', unsubscribe(...Array(3200).fill('abc')), 3200],
  ['a broken SUBSCRIBE', Buffer.of(0x82, 4, 0, 1, 0xff, 0xff), 1],
  ['DISCONNECT', bytesOf({ cmd: 'disconnect' }), 0],
])('each kind weighs what it asks for: %s', (_, bytes, weight) => expect(weightOf(bytes)).toBe(weight));

test('whatever the bytes are, they weigh something and have a fault or none', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 2, maxLength: 40 }), bytes => {
      const packet = Buffer.from(bytes);
      expect(weightOf(packet)).toBeGreaterThanOrEqual(0);
      expect(['string', 'undefined']).toContain(typeof faultOf(packet));
      expect(typeof hasUnknownLevel(packet)).toBe('boolean');
    }),
  );
});

test('all that an honest client sends has no fault', () => {
  const honest: Packet[] = [
    connectPacket('house-01'),
    publishPacket('a/b', ''),
    publishPacket('a/b', 'x', { qos: 1, messageId: 65_535, dup: true }),
    subscribePacket(1, 'a', 'b'),
    { cmd: 'unsubscribe', messageId: 1, unsubscriptions: ['a'] },
    { cmd: 'puback', messageId: 256 },
    { cmd: 'pubrec', messageId: 1 },
    { cmd: 'pubrel', messageId: 1 },
    { cmd: 'pubcomp', messageId: 1 },
    { cmd: 'pingreq' },
    { cmd: 'disconnect' },
  ];
  expect(honest.map(packet => faultOf(bytesOf(packet)))).toEqual(honest.map(() => undefined));
});

test('DUP is cleared in a PUBLISH, and no bit of anything else', () => {
  const publish = bytesOf(publishPacket('a', 'x', { qos: 1, messageId: 7, dup: true, retain: true }));
  clearDup(publish);
  expect(publish).toEqual(bytesOf(publishPacket('a', 'x', { qos: 1, messageId: 7, retain: true })));
  const other = Buffer.of(0x6a, 2, 0, 1);
  clearDup(other);
  expect(other[0]).toBe(0x6a);
});
