/** Takeovers with clients that leave when the test says so. The whole of it with real connections: takeover.test.ts. */
import { expect, test } from 'vitest';
import { Takeovers } from '../../../relay/src/auth/takeover.ts';
import { pause } from '../../fixtures/patience.ts';
import { part, watch } from '../fixtures/seated.ts';

test('the first sits down at once, the next when the first has left', async () => {
  const takeovers = new Takeovers(10_000);
  const [a, b] = [part(), part()];
  expect(await takeovers.take('house-01', a.client)).toBe(true);
  takeovers.registered(a.client);
  const second = watch(takeovers.take('house-01', b.client));
  expect(a.closes).toBe(1);
  a.breakOff(); // its socket is gone, but aedes still has it on its list
  await pause(5);
  expect(second).toEqual({});
  takeovers.left(a.client);
  await pause(5);
  expect(second).toEqual({ value: true });
});

test('the third waits for the first too, though the second never sat', async () => {
  const takeovers = new Takeovers(10_000);
  const [a, b, c] = [part(), part(), part()];
  await takeovers.take('house-01', a.client);
  takeovers.registered(a.client);
  const second = watch(takeovers.take('house-01', b.client));
  const third = watch(takeovers.take('house-01', c.client));
  b.breakOff();
  await pause(5);
  expect([second, third]).toEqual([{}, {}]);
  takeovers.left(a.client);
  await pause(5);
  expect([second, third]).toEqual([{ value: false }, { value: true }]);
});

test('nobody waits longer than the limit for one that will not leave', async () => {
  const takeovers = new Takeovers(20);
  const [a, b] = [part(), part()];
  await takeovers.take('house-01', a.client);
  takeovers.registered(a.client);
  expect(await takeovers.take('house-01', b.client)).toBe(true);
});
