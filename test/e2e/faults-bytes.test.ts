/** The connection cut after every single byte, in both directions, until the press is accepted. */
import { afterAll, describe, expect, it } from 'vitest';
import { expectSound, Rigs } from './faults-check.ts';
import { quick } from './faults-lab.ts';
import { type Meddle, type Passing, withPayload } from './faults-peer.ts';

const rigs = new Rigs();
afterAll(() => rigs.close());

/** Rigs that work at the same time: more would only wait for each other. */
const atOnce = 4;

type Way = Passing['way'];

/** On the first connection, exactly so many bytes get through that way. */
function cutAfter(way: Way, count: number): Meddle {
  let left = count;
  return (packet, line) => {
    if (packet.way !== way || line.number > 1) return line.send(packet.way, packet.bytes);
    line.send(way, packet.bytes.subarray(0, left));
    left = Math.max(0, left - packet.bytes.length);
    if (left === 0) line.cut();
  };
}

/** The packets that way up to the one named. */
async function packetsUntil(way: Way, last: string): Promise<Passing[]> {
  const { passed } = await rigs.run({ story: quick });
  const mine = passed.filter(packet => packet.way === way);
  return mine.slice(0, mine.findIndex(({ name }) => name === last) + 1);
}

/**
 * Cuts after each byte of each packet.
 * @param known once this packet is through, the press goes out, and from then on the button comes back by itself.
 * @returns how many cases that were.
 */
async function cutEverywhere(way: Way, last: string, known: string): Promise<number> {
  const packets = await packetsUntil(way, last);
  const sizes = packets.map(({ bytes }) => bytes.length);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const at = packets.findIndex(({ name }) => name === known);
  // What goes up must be answered too before the cut: one byte more.
  const knownAfter = (way === 'up' ? 1 : 0) + sizes.slice(0, at + 1).reduce((sum, size) => sum + size, 0);
  let next = 0;
  const work = async () => {
    for (let count = next++; count <= total; count = next++) {
      const ending = await rigs.run({ story: quick, meddle: () => cutAfter(way, count) });
      expectSound(ending, count < knownAfter ? 'RELAY' : 'ready', {
        after: `cut after ${count} of ${total} bytes`,
      });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return total + 1;
}

describe('a connection cut after any byte', () => {
  it('that comes down: RELAY until beacon and status are here, ready all the same from then on', async () => {
    expect(await cutEverywhere('down', 'accepted', 'beacon')).toBeGreaterThan(500);
  }, 120_000);

  it('that goes up: RELAY until CONNECT and SUBSCRIBE are out, ready all the same from then on', async () => {
    expect(await cutEverywhere('up', 'press', 'SUBSCRIBE')).toBeGreaterThan(350);
  }, 120_000);
});

describe('the bytes of a connection', () => {
  it('one by one are as good as whole packets', async () => {
    const meddle: Meddle = ({ way, bytes }, line) => {
      for (const byte of bytes) line.trickle(way, Buffer.from([byte]));
    };
    expectSound(await rigs.run({ story: quick, meddle: () => meddle }), 'ready');
  });

  it('all at once are as good as one packet after the other', async () => {
    const heldBack: Buffer[] = [];
    const meddle: Meddle = ({ way, name, bytes }, line) => {
      if (way === 'up' || line.number > 1) return line.send(way, bytes);
      heldBack.push(bytes);
      // What the button waits for comes last: it has nothing to do before.
      if (name !== 'beacon' && heldBack.length < 4) return;
      line.send(way, Buffer.concat(heldBack.splice(0)));
    };
    expectSound(await rigs.run({ story: quick, meddle: () => meddle }), 'ready');
  });

  it('can carry a packet of a length that nobody has announced: RELAY', async () => {
    const meddle: Meddle = ({ way, name, bytes }, line) => {
      const huge = () => Buffer.alloc(5000, 'x');
      line.send(way, name === 'idle' ? withPayload(bytes, huge) : bytes);
    };
    expectSound(await rigs.run({ story: quick, meddle: () => meddle }), 'RELAY');
  });
});
