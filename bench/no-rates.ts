/** For benches and tests that do in a second what takes a day: a relay whose limits are looked at but never reached. */
import type { Limits } from '../relay/src/limits/limits.ts';

const plenty = 1_000_000;

/** All clients here have one address, and send as fast as they can. */
export const noRates: Partial<Limits> = {
  connections: plenty,
  connectionsPerAddress: plenty,
  newConnectionsPerAddressPerMinute: plenty,
  buttonMessageBurst: plenty,
  buttonMessagesPerS: plenty,
  provisionerMessageBurst: plenty,
  provisionerMessagesPerS: plenty,
};
