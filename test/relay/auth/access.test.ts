import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { beaconTopic, pressTopic, statusTopic } from '../../../protocol/src/topics.ts';
import { type Refusal, refusal, type Wish } from '../../../relay/src/auth/access.ts';
import { until } from '../../fixtures/patience.ts';
import { connectPacket, rawClient, relayForTest, users } from '../fixtures/helpers.ts';

const maxPayloadBytes = 100;
type Answer = Refusal | 'may';

function ask(name: string, wish: Wish): Answer {
  return refusal(users.get(name), wish, users, maxPayloadBytes) ?? 'may';
}

/** Every topic that means something, and some that only look like it. */
const topics = {
  'own press': pressTopic('house-01'),
  'own status': statusTopic('house-01'),
  "own site's beacon": beaconTopic('lab'),
  'press of a neighbour': pressTopic('cloud-01'),
  'status of a neighbour': statusTopic('cloud-01'),
  'press of another site': pressTopic('far-01'),
  'status of another site': statusTopic('far-01'),
  'beacon of another site': beaconTopic('elsewhere'),
  'press of nobody': pressTopic('nobody'),
  'status of nobody': statusTopic('nobody'),
  'press of the provisioner': pressTopic('lab-provisioner'),
  'status of the provisioner': statusTopic('lab-provisioner'),
  'all presses': pressTopic('+'),
  'all statuses': statusTopic('+'),
  'all beacons': beaconTopic('+'),
  'wildcard inside a name': pressTopic('house-0+'),
  everything: '#',
  'everything of ours': 'dashbutton/v1/#',
  'one level': '+',
  "the server's own": '$SYS/broker/uptime',
  "the server's own, all": '$SYS/#',
  'a shared subscription': `$share/g/${pressTopic('house-01')}`,
  'nothing at all': '',
  'a slash in front': `/${pressTopic('house-01')}`,
  'a slash behind': `${pressTopic('house-01')}/`,
  'another version': 'dashbutton/v2/buttons/house-01/press',
  'an empty name': pressTopic(''),
  'a name with a level more': pressTopic('house-01/press'),
  'control characters': pressTopic('house-01\u0000'),
  'upper case': pressTopic('HOUSE-01'),
  'an inherited name': pressTopic('constructor'),
  'shorter than its shape': 'dashbutton/v1/buttons/press',
  'U+0000 in front': `\u0000${pressTopic('house-01')}`,
  'U+0000 inside': pressTopic('house\u000001'),
  'U+0000 alone': '\u0000',
  'a control character': pressTopic('house-01\u0001'),
  'a delete character': pressTopic('house-01\u007f'),
  'a C1 control character': pressTopic('house-01\u0085'),
  'a line feed behind': `${pressTopic('house-01')}\n`,
  'a line feed behind the name': statusTopic('house-01\n'),
  'a line feed behind the site': beaconTopic('lab\n'),
  'a byte order mark': `\ufeff${statusTopic('house-01')}`,
  'no character at all': statusTopic('house-01\uffff'),
  'half a character': statusTopic('house-01\ud800'),
  'a letter that looks the same': statusTopic('h\u043euse-01'),
  'a letter that becomes the same in lower case': beaconTopic('\u212alab'),
  'an empty level in front': `/${beaconTopic('lab')}`,
  'an empty level inside': 'dashbutton//v1/buttons/house-01/press',
  'an empty level for the name': 'dashbutton/v1/buttons//house-01/press',
  'empty levels only': '///',
  'a blank': ' ',
  'a blank behind': `${beaconTopic('lab')} `,
  'an empty site': beaconTopic(''),
  'a path upwards': 'dashbutton/v1/buttons/cloud-01/../house-01/press',
  'as long as MQTT allows': pressTopic('h'.repeat(65_535 - pressTopic('').length)),
  'as many levels as MQTT allows': '/'.repeat(65_535),
  'own press, twice': pressTopic('house-01').repeat(2),
  'its beginning': pressTopic('house-01').slice(0, -1),
  'a name one longer than the longest': pressTopic('h'.repeat(21)),
  'all shared': '$share/g/#',
  'shared, malformed': '$share',
  'queued, as some brokers have it': `$queue/${pressTopic('house-01')}`,
  'a dollar': '$',
} as const;
type TopicName = keyof typeof topics;

/** What a wrong topic is called, when it is not simply somebody else's. */
function wrong(topic: string): Refusal {
  if (/[+#]/.test(topic)) return 'wildcard';
  return topic.startsWith('$') ? 'reserved-topic' : 'foreign-topic';
}

/** Everything that is allowed. All that is not in this table must be refused. */
const allowed: Record<string, { publish: TopicName[]; subscribe: TopicName[] }> = {
  'house-01': { publish: ['own press'], subscribe: ['own status', "own site's beacon"] },
  'lab-provisioner': {
    publish: ['own status', "own site's beacon", 'status of a neighbour'],
    // Its own words too, to see what is retained of them.
    subscribe: [
      ...['own press', 'press of a neighbour', 'own status', 'status of a neighbour'],
      "own site's beacon",
    ] as TopicName[],
  },
};

describe.each(Object.entries(allowed))('%s', (name, may) => {
  const rows = Object.entries(topics) as [TopicName, string][];

  test.each(rows)('publishes to %s only if it is in the table', (what, topic) => {
    const expected: Answer = may.publish.includes(what) ? 'may' : wrong(topic);
    for (const qos of [0, 1] as const) {
      expect(ask(name, { kind: 'publish', topic, qos, retain: false, payloadBytes: 1 })).toBe(expected);
    }
  });

  test.each(rows)('subscribes to %s only if it is in the table', (what, topic) => {
    const expected: Answer = may.subscribe.includes(what) ? 'may' : wrong(topic);
    expect(ask(name, { kind: 'subscribe', topic })).toBe(expected);
    expect(ask(name, { kind: 'receive', topic })).toBe(expected);
  });
});

test('nothing else, however it is put together', () => {
  const pieces = [
    ...['dashbutton', 'v1', 'buttons', 'sites', 'house-01', 'cloud-01', 'lab', 'press', 'status', 'beacon'],
    ...[
      '/',
      '/',
      '/',
      '/',
      '//',
      '$share',
      '$SYS',
      '+',
      '#',
      '\u0000',
      '\n',
      ' ',
      '',
      'constructor',
      '__proto__',
    ],
  ];
  // What is allowed comes up too: whole topics are among the pieces.
  const topic = fc
    .array(fc.constantFrom(...pieces, ...Object.values(topics)), { maxLength: 12 })
    .map(list => list.join(''));
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.keys(allowed)),
      fc.oneof(topic, fc.string({ unit: 'binary' })),
      (name, text) => {
        const may = allowed[name];
        const isIn = (list: TopicName[] = []) => list.some(what => topics[what] === text);
        expect(ask(name, { kind: 'subscribe', topic: text }) === 'may').toBe(isIn(may?.subscribe));
        const publish = { kind: 'publish', topic: text, qos: 1, retain: false, payloadBytes: 1 } as const;
        expect(ask(name, publish) === 'may').toBe(isIn(may?.publish));
      },
    ),
    { numRuns: 3_000 },
  );
});

describe.each(Object.entries(allowed))('%s as a real client', (name, may) => {
  test('may leave a will exactly where it may publish', async () => {
    const relay = await relayForTest();
    const accepted: string[] = [];
    for (const [what, topic] of Object.entries(topics)) {
      // Not a packet at all. [MQTT-4.7.3-1]
      if (topic === '') continue;
      const raw = await rawClient(relay);
      const will = { topic, payload: Buffer.from('x'), qos: 1 as const, retain: false };
      raw.send(connectPacket(name, { will }));
      // A topic that MQTT forbids may end the connection without an answer.
      await until(() => raw.packets.length > 0 || raw.socket.closed, `an answer to a will on ${what}`);
      const [answer] = raw.packets;
      if (answer?.cmd === 'connack' && answer.returnCode === 0) accepted.push(what);
      raw.send({ cmd: 'disconnect' });
      await raw.closed;
    }
    expect(accepted.toSorted()).toEqual(may.publish.toSorted());
    expect(relay.stats().published).toBe(0);
  });
});

describe('the message itself', () => {
  const press = pressTopic('house-01');
  const status = statusTopic('house-01');
  const beacon = beaconTopic('lab');

  // who, topic, QoS, retained, bytes, answer
  const rows: [string, string, number, boolean, number, Answer][] = [
    ['house-01', press, 0, false, maxPayloadBytes, 'may'],
    ['house-01', press, 1, false, maxPayloadBytes, 'may'],
    ['house-01', press, 2, false, 1, 'qos-2'],
    ['house-01', press, 0, true, 1, 'retained-press'],
    ['house-01', press, 1, true, 1, 'retained-press'],
    ['house-01', press, 1, true, 0, 'retained-press'],
    ['house-01', press, 1, false, maxPayloadBytes + 1, 'payload-too-long'],
    ['lab-provisioner', status, 0, false, 1, 'may'],
    ['lab-provisioner', status, 1, true, maxPayloadBytes, 'may'],
    ['lab-provisioner', status, 1, true, 0, 'may'],
    ['lab-provisioner', status, 2, true, 1, 'qos-2'],
    ['lab-provisioner', status, 1, true, maxPayloadBytes + 1, 'payload-too-long'],
    ['lab-provisioner', beacon, 0, true, 1, 'may'],
    ['lab-provisioner', beacon, 1, false, 1, 'may'],
    ['lab-provisioner', beacon, 2, true, 1, 'qos-2'],
    ['lab-provisioner', beacon, 1, true, maxPayloadBytes + 1, 'payload-too-long'],
  ];
  test.each(
    rows,
  )('%s to %s, QoS %i, retained %s, %i bytes: %s', (name, topic, qos, retain, payloadBytes, answer) => {
    expect(ask(name, { kind: 'publish', topic, qos, retain, payloadBytes })).toBe(answer);
  });
});

test('lets nobody do anything who is not in the list', () => {
  for (const topic of Object.values(topics)) {
    expect(ask('nobody', { kind: 'subscribe', topic })).toBe('unknown-user');
    expect(ask('nobody', { kind: 'publish', topic, qos: 0, retain: false, payloadBytes: 0 })).toBe(
      'unknown-user',
    );
  }
});
