/** Some of the broken packets of malformed-storm.long.test.ts, from as many connections at a time. */
import { test } from 'vitest';
import { makeUsers } from '../../relay/src/auth/users.ts';
import { relayForTest, users } from './fixtures/helpers.ts';
import { seed, stolen, unhurried, weather } from './fixtures/malformed-storm.ts';

const packetsInAll = 2_000;

test(`${packetsInAll} broken packets (SEED=${seed}) kill nothing, reach nobody, hold up nobody`, async () => {
  const relay = await relayForTest({ limits: unhurried, users: makeUsers([...users.values(), ...stolen]) });
  await weather(relay, packetsInAll, relay.stats);
});
