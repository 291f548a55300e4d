import { describe, expect, it } from 'vitest';
import { beaconTopic, pressTopic, statusTopic } from '../../protocol/src/topics.ts';
import { type Refusal, refusal, type Wish } from '../../relay/src/access.ts';
import { users } from './helpers.ts';

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
    subscribe: ['own press', 'press of a neighbour'],
  },
};

describe.each(Object.entries(allowed))('%s', (name, may) => {
  const rows = Object.entries(topics) as [TopicName, string][];

  it.each(rows)('publishes to %s only if it is in the table', (what, topic) => {
    const expected: Answer = may.publish.includes(what) ? 'may' : wrong(topic);
    for (const qos of [0, 1] as const) {
      expect(ask(name, { kind: 'publish', topic, qos, retain: false, payloadBytes: 1 })).toBe(expected);
    }
  });

  it.each(rows)('subscribes to %s only if it is in the table', (what, topic) => {
    const expected: Answer = may.subscribe.includes(what) ? 'may' : wrong(topic);
    expect(ask(name, { kind: 'subscribe', topic })).toBe(expected);
    expect(ask(name, { kind: 'receive', topic })).toBe(expected);
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
  it.each(
    rows,
  )('%s to %s, QoS %i, retained %s, %i bytes: %s', (name, topic, qos, retain, payloadBytes, answer) => {
    expect(ask(name, { kind: 'publish', topic, qos, retain, payloadBytes })).toBe(answer);
  });
});

it('lets nobody do anything who is not in the list', () => {
  for (const topic of Object.values(topics)) {
    expect(ask('nobody', { kind: 'subscribe', topic })).toBe('unknown-user');
    expect(ask('nobody', { kind: 'publish', topic, qos: 0, retain: false, payloadBytes: 0 })).toBe(
      'unknown-user',
    );
  }
});
