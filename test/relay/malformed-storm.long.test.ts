/** 100,000 broken packets against a relay in a process of its own, before and after login: nobody else notices. */
import { test } from 'vitest';
import { patience } from '../fixtures/patience.ts';
import { relayApart } from './fixtures/attacks-relay.ts';
import { seed, stolen, unhurried, weather } from './fixtures/malformed-storm.ts';

const packetsInAll = 100_000;

test(
  `${packetsInAll} broken packets (SEED=${seed}) kill nothing, reach nobody, hold up nobody`,
  async () => {
    const relay = await relayApart(unhurried, stolen);
    await weather(relay, packetsInAll, async () => (await relay.look()).stats);
  },
  patience(60_000),
);
