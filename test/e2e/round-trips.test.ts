/** How often the button has to wait for the other side, from the open socket to `accepted` on the display. */
import { afterAll, describe, expect, test } from 'vitest';
import { Rigs } from './fixtures/faults-check.ts';
import { quick } from './fixtures/faults-lab.ts';
import type { Passing } from './fixtures/faults-peer.ts';
import { roundTripMs } from './fixtures/faults-rig.ts';

const rigs = new Rigs();
afterAll(() => rigs.close());

/** How often something came down after something had gone up: so often did the button have to wait. */
function roundTrips(passed: readonly Passing[]): number {
  const until = passed.findIndex(({ name }) => name === 'accepted');
  const way = passed.slice(0, until + 1).map(packet => packet.way);
  return way.filter((now, index) => now === 'down' && way[index - 1] === 'up').length;
}

describe('from the open socket to accepted', () => {
  const counted = 2;
  test(`${counted} round trips, and 3 are allowed: what goes up and is answered, in turns`, async () => {
    const { passed } = await rigs.run({ story: quick });
    expect(roundTrips(passed)).toBe(counted);
    expect(counted).toBeLessThanOrEqual(3);
  });

  test(`${counted} by the clock too, on a network where nothing else takes time`, async () => {
    const { trace, acceptedAtMs = Number.NaN } = await rigs.run({ story: quick });
    const open = trace.find(entry => entry.what === 'socket' && entry.event === 'open');
    const tookMs = acceptedAtMs - (open?.atMs ?? Number.NaN);
    // Less than half a round trip is the chip's own calls.
    expect(Math.round(tookMs / roundTripMs)).toBe(counted);
    expect(tookMs / roundTripMs).toBeGreaterThanOrEqual(counted);
  });
});
