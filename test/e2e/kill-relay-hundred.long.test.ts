/** A hundred buttons wait for their clusters while the relay is killed. `kill.test.ts` has ten. */
import { test } from 'vitest';
import { patience } from '../fixtures/patience.ts';
import { killRelayWhileWaiting } from './fixtures/kill-relay.ts';

test(
  'killed while 100 buttons wait, the relay has everybody and every status back',
  t => killRelayWhileWaiting(t, 100, 10),
  patience(120_000),
);
