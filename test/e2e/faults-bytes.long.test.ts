/** The connection cut after every single byte, in both directions, until the press is accepted. */
import { afterAll, describe, expect, test } from 'vitest';
import { patience } from '../fixtures/patience.ts';
import { Rigs } from './fixtures/faults-check.ts';
import { cutBytes, everyByte } from './fixtures/faults-cut.ts';

const rigs = new Rigs();
afterAll(() => rigs.close());

describe('a connection cut after any byte', () => {
  test(
    'that comes down: RELAY until beacon and status are here, ready all the same from then on',
    async () => {
      const where = { way: 'down', last: 'accepted', known: 'beacon' } as const;
      expect(await cutBytes(rigs, where, everyByte)).toBeGreaterThan(500);
    },
    patience(60_000),
  );

  test(
    'that goes up: RELAY until CONNECT and SUBSCRIBE are out, ready all the same from then on',
    async () => {
      const where = { way: 'up', last: 'press', known: 'SUBSCRIBE' } as const;
      expect(await cutBytes(rigs, where, everyByte)).toBeGreaterThan(350);
    },
    patience(60_000),
  );
});
