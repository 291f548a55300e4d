/** Every jump of the clock, at every moment. */
import { jumpThrough } from './fixtures/jumps.ts';
import { roomTest } from './fixtures/room.ts';

const test = roomTest({ ccp: { speed: 400 } });
const hourMs = 3_600_000;

test.for([
  hourMs,
  -hourMs,
  24 * hourMs,
  -24 * hourMs,
  48 * hourMs,
  -48 * hourMs,
])('a clock that jumps by %d ms at any moment ends nothing and refuses nothing', (byMs, { room }) =>
  jumpThrough(room, byMs));
