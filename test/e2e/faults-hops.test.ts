/** What can go wrong before the first packet, and messages that are whole packets but not what they should be. */
import { afterAll, describe, expect, test } from 'vitest';
import { button, hotspot, keys } from '../../bench/energy/button-and-relay.ts';
import { pingEveryMs } from '../../firmware/src/limits.ts';
import type { Status } from '../../protocol/src/messages.ts';
import { encode } from '../../protocol/src/node/envelope.ts';
import type { SigningKey } from '../../protocol/src/sign.ts';
import { beaconTopic, statusTopic } from '../../protocol/src/topics.ts';
import { expectSound, Rigs } from './fixtures/faults-check.ts';
import { meddleAt } from './fixtures/faults-kinds.ts';
import { followed, idle, quick } from './fixtures/faults-lab.ts';
import { type Meddle, withPayload } from './fixtures/faults-peer.ts';
import type { Plan } from './fixtures/faults-rig.ts';

const rigs = new Rigs();
afterAll(() => rigs.close());

type Case = Partial<Plan> & { name: string; end: string; numbers?: number[]; clusters?: string[] };

function rows(cases: Case[]): void {
  test.concurrent.each(
    cases.map((row): [string, Case] => [`${row.name}: ${row.end}`, row]),
  )('ends on the display as it should, %s', async (_, { end, numbers, clusters, ...plan }) => {
    const expected = { ...(numbers && { numbers }), ...(clusters && { clusters }) };
    expectSound(await rigs.run({ story: quick, ...plan }), end, expected);
  });
}

const backInReach: Plan['mends'] = ({ board }) => {
  board.networks = [hotspot];
  Object.assign(board.troubles, { dnsFails: false, connectRefused: false });
};

/** Breaks something as soon as a status of that state is on its way to the board. */
function onceSaid(name: string, work: Plan['breaks']): NonNullable<Plan['meddle']> {
  return scene => (packet, line) => {
    line.send(packet.way, packet.bytes);
    if (packet.way === 'down' && packet.name === name) work?.(scene);
  };
}

describe('before the first packet', () => {
  const mends = backInReach;
  const away: Plan['breaks'] = ({ board }) => {
    board.networks = [];
  };
  rows([
    { name: 'no network in reach', end: 'HOTSPOT', breaks: away, mends },
    {
      name: 'another password',
      end: 'HOTSPOT',
      breaks: ({ board }) => {
        board.networks = [{ ...hotspot, password: 'changed' }];
      },
      mends,
    },
    {
      name: 'no such host name',
      end: 'RELAY',
      breaks: ({ board }) => {
        board.troubles.dnsFails = true;
      },
      mends,
    },
    {
      name: 'TCP refused, told by an exception',
      end: 'RELAY',
      breaks: ({ board }) => {
        board.troubles.connectRefused = true;
      },
      mends,
    },
    {
      name: 'TCP refused, told by an event',
      end: 'RELAY',
      breaks: ({ peer }) => peer.close(),
      mends: ({ peer }) => peer.open(),
    },
    {
      name: 'TCP accepted, then silence',
      end: 'RELAY',
      breaks: ({ peer }) => {
        peer.mute = true;
      },
      mends: ({ peer }) => {
        peer.mute = false;
      },
    },
  ]);
});

describe('for good, once the press is accepted', () => {
  rows([
    {
      name: 'the phone walks off',
      end: 'HOTSPOT',
      meddle: onceSaid('accepted', ({ board, clock }) => {
        board.networks = [];
        clock.later(200, () => board.loseWifi());
      }),
      mends: backInReach,
      story: followed,
    },
    {
      name: 'the relay is gone',
      end: 'RELAY',
      meddle: onceSaid('accepted', ({ peer, clock }) => clock.later(200, () => void peer.close())),
      mends: ({ peer }) => peer.open(),
      story: followed,
    },
    {
      name: 'the lab is silent',
      end: 'LAB',
      story: followed.slice(0, 1),
      mends: ({ lab }) =>
        lab.sayStatus({ ...idle, press: 1, seq: 9, state: 'ready', cluster: `${button}-1`, percent: 100 }),
    },
  ]);
});

describe('a keep-alive that is never answered', () => {
  test('is noticed at the next one, and another connection tells how far the build is', async () => {
    const meddle = meddleAt({ way: 'up', name: 'PINGREQ', often: 'once' }, 'silent');
    const ending = await rigs.run({ story: followed, meddle });
    expectSound(ending, 'ready');
    const openedAt = ending.trace.flatMap(entry =>
      entry.what === 'socket' && entry.event === 'open' ? [entry.atMs] : [],
    );
    expect(openedAt).toHaveLength(2);
    // Two pings, and a moment for coming back.
    expect((openedAt[1] ?? 0) - (openedAt[0] ?? 0)).toBeLessThan(2 * pingEveryMs + 5000);
  });
});

/** Puts other words into the first message of that name, signed with that key. */
function reworded(name: string, key: SigningKey, body: unknown): NonNullable<Plan['meddle']> {
  const topic = name === 'beacon' ? beaconTopic('lab') : statusTopic(button);
  const payload = encode(key, topic, body as object);
  const meddle: Meddle = (packet, line) => {
    const mine = packet.way === 'down' && packet.name === name;
    line.send(packet.way, mine ? withPayload(packet.bytes, () => payload) : packet.bytes);
  };
  return () => meddle;
}

/** Right after the press, before its true answer: one that was said to an older press, by whoever plays recordings. */
function playedBack(status: Status): NonNullable<Plan['meddle']> {
  const payload = encode(keys.button, statusTopic(button), status);
  let recording: Buffer | undefined;
  const meddle: Meddle = (packet, line) => {
    if (packet.name === 'idle') recording = withPayload(packet.bytes, () => payload);
    line.send(packet.way, packet.bytes);
    if (packet.name === 'press' && recording) line.send('down', recording);
  };
  return () => meddle;
}

const older: Status = { ...idle, press: 2, seq: 4, state: 'ready', cluster: `${button}-2`, percent: 100 };

describe('a message that is not what it should be', () => {
  const memory = { press: 3 };
  const numbers = [4];
  const clusters = [`${button}-4`];
  rows([
    { name: 'a status of an older press, retained', end: 'ready', status: older, memory, numbers, clusters },
    { name: 'a status signed with another key', end: 'ready', meddle: reworded('idle', keys.site, idle) },
    { name: 'a status that is no object', end: 'ready', meddle: reworded('idle', keys.button, [null]) },
    {
      name: 'a status without a number',
      end: 'ready',
      meddle: reworded('idle', keys.button, { ...idle, press: undefined }),
    },
    {
      name: 'a status with a text for a number',
      end: 'ready',
      meddle: reworded('idle', keys.button, { ...idle, press: '7' }),
    },
    { name: 'a beacon signed with another key', end: 'KEY', meddle: reworded('beacon', keys.button, {}) },
    {
      name: 'a beacon with a bad body',
      end: 'LAB',
      meddle: reworded('beacon', keys.site, { state: 'online' }),
    },
    {
      name: 'a beacon that says offline',
      end: 'LAB',
      meddle: reworded('beacon', keys.site, { state: 'offline', time: 1 }),
    },
    {
      name: 'an answer to an older press, played back',
      end: 'ready',
      meddle: playedBack({ ...older, press: 3, cluster: `${button}-3` }),
      ...{ status: { ...idle, press: 3 }, memory, numbers, clusters },
    },
    {
      name: 'a stale beacon',
      end: 'STALE',
      breaks: ({ lab }) => {
        lab.beaconLateS = 600;
        lab.sayBeacon();
      },
      mends: ({ lab }) => {
        lab.beaconLateS = 0;
        lab.sayBeacon();
      },
      // A press that the lab has turned away is answered: the next one is another wish.
      numbers: [1, 2],
      clusters: [`${button}-2`],
    },
  ]);
});
