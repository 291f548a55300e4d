/** The bytes of a connection: cut off, one by one, all at once. Every single byte is cut in the long tests. */
import { afterAll, describe, expect, test } from 'vitest';
import { expectSound, Rigs } from './fixtures/faults-check.ts';
import { cutBytes, someBytes } from './fixtures/faults-cut.ts';
import { quick } from './fixtures/faults-lab.ts';
import { type Meddle, withPayload } from './fixtures/faults-peer.ts';

const rigs = new Rigs();
afterAll(() => rigs.close());

describe('a connection cut in the middle of a packet or between two', () => {
  test('that comes down: RELAY until beacon and status are here, ready all the same from then on', async () => {
    const where = { way: 'down', last: 'accepted', known: 'beacon' } as const;
    expect(await cutBytes(rigs, where, someBytes)).toBeGreaterThan(20);
  });

  test('that goes up: RELAY until CONNECT and SUBSCRIBE are out, ready all the same from then on', async () => {
    const where = { way: 'up', last: 'press', known: 'SUBSCRIBE' } as const;
    expect(await cutBytes(rigs, where, someBytes)).toBeGreaterThan(15);
  });
});

describe('the bytes of a connection', () => {
  test('one by one are as good as whole packets', async () => {
    const meddle: Meddle = ({ way, bytes }, line) => {
      for (const byte of bytes) line.trickle(way, Buffer.from([byte]));
    };
    expectSound(await rigs.run({ story: quick, meddle: () => meddle }), 'ready');
  });

  test('all at once are as good as one packet after the other', async () => {
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

  test('can carry a packet of a length that nobody has announced: RELAY', async () => {
    const meddle: Meddle = ({ way, name, bytes }, line) => {
      const huge = () => Buffer.alloc(5000, 'x');
      line.send(way, name === 'idle' ? withPayload(bytes, huge) : bytes);
    };
    expectSound(await rigs.run({ story: quick, meddle: () => meddle }), 'RELAY');
  });
});
