import fc from 'fast-check';
import mqttPacket from 'mqtt-packet';
import { describe, expect, test } from 'vitest';
import { type MqttConnect, type MqttHandlers, maxPacketBytes, mqttClient } from '../../firmware/src/mqtt.ts';

/** A client whose every word is written down. */
function listen() {
  const heard: unknown[][] = [];
  const sent: string[] = [];
  const on: MqttHandlers = {
    send: bytes => sent.push(bytes),
    connected: code => heard.push(['connected', code]),
    subscribed: all => heard.push(['subscribed', all]),
    message: (topic, payload) => heard.push(['message', topic, payload]),
    broken: () => heard.push(['broken']),
  };
  return { client: mqttClient(on), heard, sent };
}

/** Reads what the client sent with an independent parser. */
function parse(bytes: string): mqttPacket.Packet[] {
  const packets: mqttPacket.Packet[] = [];
  const parser = mqttPacket.parser({ protocolVersion: 4 });
  parser.on('packet', packet => packets.push(packet));
  parser.parse(Buffer.from(bytes, 'latin1'));
  return packets;
}

const binary = (packet: mqttPacket.Packet) => mqttPacket.generate(packet).toString('latin1');

describe("the button's MQTT client", () => {
  test('sends CONNECT, SUBSCRIBE, PUBLISH, PINGREQ and DISCONNECT as the standard has them', () => {
    const { client, sent } = listen();
    client.connect({ name: 'house-01', password: 'secret', keepAliveS: 30, clean: true });
    client.subscribe(1, ['a/status', 'b/beacon']);
    client.publish('a/press', 'payload', 2, false);
    client.publish('a/press', 'payload', 2, true);
    client.ping();
    client.disconnect();
    const packets = parse(sent.join(''));
    expect(packets).toMatchObject([
      {
        cmd: 'connect',
        protocolId: 'MQTT',
        protocolVersion: 4,
        clean: true,
        keepalive: 30,
        clientId: 'house-01',
      },
      {
        cmd: 'subscribe',
        messageId: 1,
        subscriptions: [
          { topic: 'a/status', qos: 1 },
          { topic: 'b/beacon', qos: 1 },
        ],
      },
      { cmd: 'publish', qos: 1, retain: false, dup: false, topic: 'a/press', messageId: 2 },
      { cmd: 'publish', qos: 1, retain: false, dup: true, messageId: 2 },
      { cmd: 'pingreq' },
      { cmd: 'disconnect' },
    ]);
    expect(packets[0]).toMatchObject({ username: 'house-01', password: Buffer.from('secret') });
  });

  test('keeps its session, and leaves a will, by choice', () => {
    const login = { name: 'house-01', password: 'secret', keepAliveS: 30 };
    const connectOf = (options: Omit<MqttConnect, keyof typeof login>) => {
      const { client, sent } = listen();
      client.connect({ ...login, ...options });
      return parse(sent.join(''))[0];
    };
    expect(connectOf({ clean: false })).toMatchObject({ clean: false, username: 'house-01' });
    expect(connectOf({ clean: false })).not.toHaveProperty('will.topic');
    for (const retain of [true, false]) {
      expect(connectOf({ clean: true, will: { topic: 'a/b', payload: 'gone', retain } })).toMatchObject({
        clean: true,
        clientId: 'house-01',
        will: { topic: 'a/b', payload: Buffer.from('gone'), qos: 1, retain },
        password: Buffer.from('secret'),
      });
    }
  });

  test('writes remaining lengths of one, two and three bytes', () => {
    for (const length of [0, 1, 110, 118, 119, 120, 121, 16_373, 16_375, 16_376, 20_000]) {
      const { client, sent } = listen();
      client.publish('topic', 'x'.repeat(length), 7, false);
      expect((parse(sent.join(''))[0] as mqttPacket.IPublishPacket).payload.length).toBe(length);
    }
  });

  test('reads packets however the network cuts or joins them', () => {
    const packets: mqttPacket.Packet[] = [
      { cmd: 'connack', returnCode: 0, sessionPresent: false },
      { cmd: 'suback', messageId: 1, granted: [1, 1] },
      { cmd: 'publish', topic: 'a', payload: 'zero', qos: 0, retain: true, dup: false },
      {
        cmd: 'publish',
        topic: 'b',
        payload: 'x'.repeat(1100),
        qos: 1,
        messageId: 513,
        retain: false,
        dup: false,
      },
      { cmd: 'puback', messageId: 2 },
      { cmd: 'pingresp' },
    ];
    const bytes = packets.map(binary).join('');
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: bytes.length }), { maxLength: 20 }), cuts => {
        const { client, heard, sent } = listen();
        let from = 0;
        for (const cut of [...cuts].sort((a, b) => a - b).concat(bytes.length)) {
          client.receive(bytes.slice(from, cut));
          from = Math.max(from, cut);
        }
        expect(heard).toEqual([
          ['connected', 0],
          ['subscribed', true],
          ['message', 'a', 'zero'],
          ['message', 'b', 'x'.repeat(1100)],
        ]);
        expect(parse(sent.join(''))).toMatchObject([{ cmd: 'puback', messageId: 513 }]);
      }),
    );
  });

  test('tells every CONNACK code and a refused subscription', () => {
    for (const returnCode of [0, 1, 2, 3, 4, 5]) {
      const { client, heard } = listen();
      client.receive(binary({ cmd: 'connack', returnCode, sessionPresent: false }));
      expect(heard).toEqual([['connected', returnCode]]);
    }
    for (const granted of [
      [128, 1],
      [1, 128],
    ]) {
      const { client, heard } = listen();
      client.receive(binary({ cmd: 'suback', messageId: 1, granted }));
      expect(heard).toEqual([['subscribed', false]]);
    }
  });

  test.each([
    ['QoS 2', '\x34\x07\x00\x01a\x00\x01xy'],
    ['a topic longer than the packet', '\x30\x04\x00\x09ab'],
    ['an empty PUBLISH', '\x30\x00'],
    ['a packet over the limit', '\x30\xff\xff\xff\x7f'],
    ['a remaining length of five bytes', '\x30\xff\xff\xff\xff\x01'],
    ['a packet only clients send', '\x10\x00'],
    ['a CONNACK of three bytes', '\x20\x03\x00\x00\x00'],
    ['the beginning of a web page, at its second byte', 'HT'],
    ['the beginning of markup', '<!'],
    ['a PUBACK with flags', '\x42\x02\x00\x02'],
  ])('breaks off at %s, once, and hears nothing more', (_, bytes) => {
    const { client, heard } = listen();
    client.receive(bytes);
    client.receive(binary({ cmd: 'pingresp' }));
    expect(heard).toHaveLength(1);
    expect(heard[0]?.[0]).toBe('broken');
  });

  test('survives any bytes, and never keeps more than a packet of them', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }), chunks => {
        const { client, heard } = listen();
        for (const chunk of chunks) client.receive(Buffer.from(chunk).toString('latin1'));
        expect(heard.filter(([what]) => what === 'broken').length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 500 },
    );
    expect(maxPacketBytes).toBeGreaterThan(1024);
  });
});
