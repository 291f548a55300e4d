/** All clients of all brokers, in one process that does nothing else. It only works when it is told to. */

import { percentileOf } from '../press/statistics.ts';
import { answer } from './child.ts';
import { inTurn } from './in-turn.ts';
import { LeanClient, type Listener } from './lean-client.ts';
import { buttonTopics, idleButton } from './logins.ts';
import { Traffic } from './traffic.ts';

interface At {
  listener: Listener;
  password: string;
  count: number;
}

const traffic = new Map<string, Traffic>();
let idle: LeanClient[] = [];

function at(key: string): Traffic {
  const found = traffic.get(key);
  if (!found) throw new Error(`nothing is open at ${key}`);
  return found;
}

/** Logs `count` buttons in, `atOnce` at a time. */
function logIn(
  { listener, password, count }: At,
  atOnce: number,
  subscribing: boolean,
): Promise<LeanClient[]> {
  return inTurn(count, atOnce, async i => {
    const client = await LeanClient.connect(listener, idleButton(i), password);
    if (subscribing) await client.subscribe(buttonTopics(idleButton(i)));
    return client;
  });
}

answer({
  pairs: async ({ key, listener, password, count }: At & { key: string }) => {
    traffic.set(key, await Traffic.pairs(listener, password, count));
  },
  crowd: async ({ key, listener, password, count }: At & { key: string }) => {
    traffic.set(key, await Traffic.crowd(listener, password, count));
  },
  latency: async ({ key, rate, ms }: { key: string; rate: number; ms: number }) => {
    const took = await at(key).latency(rate, ms);
    return { medianMs: percentileOf(took, 50), p99Ms: percentileOf(took, 99) };
  },
  flood: ({ key, window, ms }: { key: string; window: number; ms: number }) => at(key).flood(window, ms),
  close: ({ key }: { key: string }) => {
    at(key).close();
    traffic.delete(key);
  },
  logins: async (about: At & { atOnce: number }) => {
    const startedAt = performance.now();
    const clients = await logIn(about, about.atOnce, false);
    const ms = performance.now() - startedAt;
    for (const client of clients) client.close();
    return { ms };
  },
  idle: async (about: At & { atOnce: number }) => {
    idle = await logIn(about, about.atOnce, true);
  },
  leave: () => {
    for (const client of idle) client.close();
    idle = [];
  },
});
