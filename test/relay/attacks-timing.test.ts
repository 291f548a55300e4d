/** What the clock tells a stranger who tries names: nothing. */
import type { IConnackPacket } from 'mqtt-packet';
import { expect, it } from 'vitest';
import { makeUsers, type User } from '../../relay/src/users.ts';
import { makeVerifier } from '../../relay/src/verifier.ts';
import { connectPacket, keys, rawClient, relayForTest, until, users } from './helpers.ts';

/** Guesses are limited, but not here. */
const limits = {
  failedLoginsPerAddress: 1_000,
  failedLoginsPerName: 1_000,
  failedLoginsPerNameAndAddress: 1_000,
};
/** How much longer the one may take in the middle. On a quiet machine it is a few percent. */
const maxRatio = 2;

function medianOf(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const person: User = { name: 'person', role: 'button', site: 'lab', verifier: makeVerifier('a password') };

it.each([
  ["people's passwords", makeUsers([person]), 'person', 5],
  ['keys of machines', users, 'house-01', 60],
])(
  'an unknown name takes as long as a wrong password: %s',
  async (_, known, name, tries) => {
    const relay = await relayForTest({ users: known, limits });
    const ms = async (who: string): Promise<number> => {
      const raw = await rawClient(relay);
      const start = performance.now();
      raw.send(connectPacket(who, { password: Buffer.from(keys['far-01'] ?? '') }));
      await new Promise(resolve => raw.socket.once('data', resolve));
      const took = performance.now() - start;
      await until(() => raw.packets.length > 0, 'CONNACK');
      expect((raw.packets[0] as IConnackPacket).returnCode).toBe(4);
      return took;
    };
    const wrong: number[] = [];
    const unknown: number[] = [];
    for (let i = 0; i < tries; i++) {
      // In turns, so that a noisy moment hits both.
      wrong.push(await ms(name));
      unknown.push(await ms('nobody'));
    }
    const ratio = medianOf(unknown) / medianOf(wrong);
    expect(ratio).toBeGreaterThan(1 / maxRatio);
    expect(ratio).toBeLessThan(maxRatio);
  },
  60_000,
);
