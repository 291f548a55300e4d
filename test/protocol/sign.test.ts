import { createHmac, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { maxMessageBytes } from '../../protocol/src/messages.ts';
import { decode, encode, keyFromBytes } from '../../protocol/src/node/envelope.ts';
import { beaconSchema, pressSchema, statusSchema } from '../../protocol/src/node/schemas.ts';
import { open, seal } from '../../protocol/src/sign.ts';
import { beaconTopic, isName, pressTopic, statusTopic } from '../../protocol/src/topics.ts';

const secret = randomBytes(32);
const key = keyFromBytes(secret);
const topic = pressTopic('house-01');

describe('signing', () => {
  test("gives Node's own HMAC-SHA256 over topic, newline and JSON", () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii' }), json => {
        const mac = createHmac('sha256', secret).update(`${topic}\n${json}`).digest('base64');
        expect(seal(key, topic, json)).toBe(`${mac}.${json}`);
        expect(open(key, topic, `${mac}.${json}`)).toBe(json);
      }),
    );
  });

  test('agrees with test case 2 of RFC 4231 when the key is padded with zeros', () => {
    // HMAC pads a short key with zeros, so "Jefe" and "Jefe" + 28 zero bytes are the same key.
    const jefe = keyFromBytes(Buffer.concat([Buffer.from('Jefe'), Buffer.alloc(28)]));
    const inner = jefe.sha256(`${jefe.inner}what do ya want for nothing?`);
    expect(Buffer.from(jefe.sha256(jefe.outer + inner), 'latin1').toString('hex')).toBe(
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    );
  });

  test('opens nothing that was changed in a single bit, moved to another topic, or signed with another key', () => {
    const text = seal(key, topic, '{"press":1}');
    const bytes = Buffer.from(text, 'latin1');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(open(key, topic, changed.toString('latin1'))).toBeUndefined();
    }
    expect(open(key, pressTopic('house-02'), text)).toBeUndefined();
    expect(open(keyFromBytes(randomBytes(32)), topic, text)).toBeUndefined();
  });

  test('refuses a key of any length but 32', () => {
    for (const length of [0, 31, 33, 64]) {
      expect(() => keyFromBytes(Buffer.alloc(length))).toThrow(`32 bytes, this one has ${length}`);
    }
  });
});

describe('topics', () => {
  test('take only names that are safe in a topic', () => {
    for (const name of ['a', 'house-01', 'x'.repeat(20), '1-2']) expect(isName(name), name).toBe(true);
    for (const name of ['', '-a', 'a-', 'House', 'a/b', 'a+', '#', 'ä', 'a b', 'x'.repeat(21)]) {
      expect(isName(name), name).toBe(false);
    }
  });

  test('are those of the design', () => {
    expect([pressTopic('b'), statusTopic('b'), beaconTopic('s')]).toEqual([
      'dashbutton/v1/buttons/b/press',
      'dashbutton/v1/buttons/b/status',
      'dashbutton/v1/sites/s/beacon',
    ]);
  });
});

describe('what arrives on the Node side', () => {
  const press = {
    press: 7,
    action: 'create' as const,
    time: 1_800_000_000,
    batteryMv: 3900,
    rssiDbm: -61,
    firmware: '0.1.0',
    bootMs: 300,
    wifiMs: 2000,
    relayMs: 400,
  };
  const refusalOf = (body: string | object) => {
    const json = typeof body === 'string' ? body : JSON.stringify(body);
    const result = decode(key, topic, Buffer.from(seal(key, topic, json), 'latin1'), pressSchema);
    return result.ok ? 'taken' : result.reason;
  };

  test('is taken when it is signed, short and as agreed', () => {
    expect(decode(key, topic, encode(key, topic, press), pressSchema)).toEqual({ ok: true, message: press });
  });

  test.each([
    ['a press number of 0', { ...press, press: 0 }],
    ['a press number over 31 bits', { ...press, press: 2 ** 31 }],
    ['a fraction', { ...press, press: 1.5 }],
    ['a text for a number', { ...press, time: '1800000000' }],
    ['an unknown action', { ...press, action: 'destroy' }],
    ['a missing field', { ...press, batteryMv: undefined }],
    ['a field too many', { ...press, admin: true }],
    ['a text beyond ASCII', { ...press, firmware: 'é' }],
    ['a number for a message', '7'],
    ['null', 'null'],
    ['half a message', '{"press":7'],
  ])('is refused as a bad body: %s', (_, body) => {
    expect(refusalOf(body)).toBe('bad body');
  });

  test('is refused unread when it is too long', () => {
    const text = Buffer.alloc(maxMessageBytes + 1, 'A');
    expect(decode(key, topic, text, pressSchema)).toMatchObject({ ok: false, reason: 'too long' });
    expect(() => encode(key, topic, { line: 'x'.repeat(maxMessageBytes) })).toThrow('1024');
  });

  test('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1100 }), bytes => {
        for (const schema of [pressSchema, statusSchema, beaconSchema]) {
          expect(decode<unknown>(key, topic, bytes, schema).ok).toBe(false);
        }
      }),
    );
    fc.assert(
      fc.property(fc.json(), json => {
        expect(['bad body', 'too long']).toContain(refusalOf(json));
      }),
    );
  });

  test('takes the largest status there can be within the limit of the wire', () => {
    const status = {
      press: 2 ** 31 - 1,
      seq: 2 ** 31 - 1,
      state: 'provisioning' as const,
      cluster: 'c'.repeat(46),
      phase: 'p'.repeat(40),
      percent: 100,
      upTo: 100,
      leftS: 604_800,
      lookAgainS: 604_800,
      address: 'a'.repeat(64),
      qr: 'q'.repeat(400),
      code: 'PLATFORM' as const,
      line: 'l'.repeat(80),
    };
    const at = statusTopic('x'.repeat(20));
    expect(decode(key, at, encode(key, at, status), statusSchema)).toEqual({ ok: true, message: status });
  });
});
