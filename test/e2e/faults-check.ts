/** Rigs for many cases side by side, and what must be true of each case. */
import { expect } from 'vitest';
import { button } from '../../bench/energy/party.ts';
import { awakeLimitMs } from '../../firmware/src/limits.ts';
import { type Ending, type Plan, Rig } from './faults-rig.ts';

/** Rigs for tests that run side by side: a free one, or one more. */
export class Rigs {
  readonly #free: Rig[] = [];
  readonly #all: Rig[] = [];

  async run(plan: Plan): Promise<Ending> {
    let rig = this.#free.pop();
    if (!rig) {
      rig = await Rig.open();
      this.#all.push(rig);
    }
    try {
      return await rig.run(plan);
    } finally {
      this.#free.push(rig);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map(rig => rig.close()));
  }
}

/** What else a case is expected to come to. Default: one cluster by one press number, from a lab that had none. */
interface Expected {
  numbers?: number[];
  clusters?: string[];
  /** What the display says when the wish has come true. */
  good?: string;
  /** Which case it is, for the message, when one test has many. */
  after?: string;
}

/**
 * The invariants of every case: the right word on the display and then sleep, a second press of the finger gets what
 * the first one wanted, and no number too many has left the board, reached the lab or made a cluster.
 * @param end what the display says at last; several with `|` between them where it is a matter of luck.
 */
export function expectSound(ending: Ending, end: string, expected: Expected = {}): void {
  const { numbers = [1], clusters = [`${button}-1`], good = 'ready', after } = expected;
  expect(end.split('|'), after).toContain(ending.end);
  expect(
    {
      again: ending.again,
      sent: ending.sent,
      heard: ending.heard,
      clusters: ending.clusters,
      faults: ending.faults,
    },
    after,
  ).toEqual({
    again: ending.end === good ? undefined : good,
    sent: numbers,
    heard: numbers,
    clusters,
    faults: [],
  });
  // Its own cluster, and not one that a recording praises.
  if (good === 'ready') expect(lastReady(ending), after).toBe(clusters.at(-1));
  expect(ending.awakeMs, after).toBeLessThan(awakeLimitMs);
}

function lastReady({ views }: Ending): string | undefined {
  return views.flatMap(view => (view.kind === 'ready' ? [view.cluster] : [])).at(-1);
}
