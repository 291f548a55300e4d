/** Seats with clients that leave when the test says so. The whole of it with real connections: takeover.test.ts. */
import { EventEmitter } from 'node:events';
import type { Client } from 'aedes';
import { expect, it } from 'vitest';
import { Seats } from '../../relay/src/seats.ts';
import { pause } from './helpers.ts';

interface Part {
  client: Client;
  closes: number;
  breakOff: () => void;
}

/** The part of a client that seats look at. */
function part(): Part {
  const conn = new EventEmitter();
  const self: Part = {
    client: undefined as unknown as Client,
    closes: 0,
    breakOff: () => conn.emit('close'),
  };
  const close = (): void => {
    self.closes++;
  };
  self.client = { id: 'house-01', conn, close } as unknown as Client;
  return self;
}

/** What the promise has become so far. */
function watch<T>(promise: Promise<T>): { value?: T } {
  const seen: { value?: T } = {};
  void promise.then(value => {
    seen.value = value;
  });
  return seen;
}

it('the first sits down at once, the next when the first has left', async () => {
  const seats = new Seats(10_000);
  const [a, b] = [part(), part()];
  expect(await seats.take('house-01', a.client)).toBe(true);
  seats.registered(a.client);
  const second = watch(seats.take('house-01', b.client));
  expect(a.closes).toBe(1);
  a.breakOff(); // its socket is gone, but aedes still has it on its list
  await pause(5);
  expect(second).toEqual({});
  seats.left(a.client);
  await pause(5);
  expect(second).toEqual({ value: true });
});

it('the third waits for the first too, though the second never sat', async () => {
  const seats = new Seats(10_000);
  const [a, b, c] = [part(), part(), part()];
  await seats.take('house-01', a.client);
  seats.registered(a.client);
  const second = watch(seats.take('house-01', b.client));
  const third = watch(seats.take('house-01', c.client));
  b.breakOff();
  await pause(5);
  expect([second, third]).toEqual([{}, {}]);
  seats.left(a.client);
  await pause(5);
  expect([second, third]).toEqual([{ value: false }, { value: true }]);
});

it('nobody waits longer than the limit for one that will not leave', async () => {
  const seats = new Seats(20);
  const [a, b] = [part(), part()];
  await seats.take('house-01', a.client);
  seats.registered(a.client);
  expect(await seats.take('house-01', b.client)).toBe(true);
});
