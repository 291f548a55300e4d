/**
 * What a run is going to do to the project, drawn from a seed before anything starts: who presses what and when, how
 * each press is delivered, who dies when, what the platform does wrong. How the run then goes is not repeatable: two
 * processes and a network never meet twice in the same way.
 */
import { createHash } from 'node:crypto';
import type { RuleSettings } from '../../provisioner/src/settings/rules.ts';
import type { Failure } from '../../simulator/ccp/simulator.ts';
import { type KillAt, type Moment, sides } from './moments.ts';
import { Random } from './random.ts';

export const sizes = ['short', 'long'] as const;
export type Size = (typeof sizes)[number];

/** Kinds of order: both generations of the platform's API, both networks. */
export const orders = ['v2-calico', 'v2-aci', 'v3-calico', 'v3-aci'] as const;
export type Order = (typeof orders)[number];

/** All times in milliseconds. */
export interface PressPlan {
  action: 'create' | 'release';
  /** Between the end of the press before and this one. */
  pauseMs: number;
  /** The same bytes are delivered again, so long after the first time. */
  againMs: number[];
  /** Delivered only after the next press: the relay or a hostile hand has turned them round. */
  overtaken: boolean;
  /** How long its end is waited for before the next press is made. */
  patienceMs: number;
}

export interface ButtonPlan {
  name: string;
  order: Order;
  rules: RuleSettings;
  presses: PressPlan[];
}

export interface FailurePlan {
  /** After the failure before has ended. */
  afterMs: number;
  failure: Failure;
  forMs: number;
}

export interface StormPlan {
  buttons: ButtonPlan[];
  /** After each start of the process, so long until it is killed, and then until the next start. */
  provisionerKills: { afterMs: number; downMs: number }[];
  relayKills: { afterMs: number; downMs: number }[];
  /** Streams of failures that run side by side. */
  failures: FailurePlan[][];
  /** How many times as fast as a laboratory the platform builds. */
  speed: number;
}

export interface StepPlan extends KillAt {
  order: Order;
}

export interface Plan {
  seed: number;
  size: Size;
  steps: StepPlan[];
  storm: StormPlan;
}

/** Everything that a press can go through. */
const moments: readonly Moment[] = [
  // The slowest first, so that nobody waits for them at the end.
  ...(['expired', 'warned'] as const),
  ...(['accepted', 'reserved', 'creating', 'id kept', 'building', 'percent', 'verifying', 'ready'] as const),
  ...(['joined', 'rejected', 'failed', 'clean-up begun', 'clean-up trouble', 'clean-up ended'] as const),
  ...(['releasing', 'release percent', 'released'] as const),
];

/** Below the 50 ended presses that the journal keeps of a button, so that it can be asked about each of them. */
const longPresses = 40;

export function makePlan(seed: number, size: Size): Plan {
  const random = new Random(seed);
  const isLong = size === 'long';
  const stepOrders: Order[] = isLong ? ['v2-calico', 'v3-calico'] : ['v2-calico'];
  const steps = stepOrders.flatMap(order =>
    moments.flatMap(moment => sides.map(side => ({ order, moment, side }))),
  );
  const kills = (count: number, mostMs: number) =>
    random.many(count, () => ({ afterMs: random.int(50, mostMs), downMs: random.int(0, 300) }));
  const storm: StormPlan = {
    speed: isLong ? 40 : 100,
    buttons: random.many(isLong ? 36 : 12, i => buttonPlan(random, i, isLong ? longPresses : 8)),
    provisionerKills: kills(isLong ? 200 : 10, 2_200),
    relayKills: kills(isLong ? 100 : 5, 4_000),
    failures: random.many(2, () => random.many(isLong ? 300 : 20, () => failurePlan(random))),
  };
  return { seed, size, steps, storm };
}

/** A few letters that are the same only for the same plan. */
export function digestOf(plan: Plan): string {
  return createHash('sha256').update(JSON.stringify(plan)).digest('hex').slice(0, 12);
}

function buttonPlan(random: Random, index: number, presses: number): ButtonPlan {
  // The names tell the order, for whoever reads a history. One in four gives back by itself.
  const order = orders[index % orders.length] ?? 'v2-calico';
  const expires = index % 4 === Math.floor(index / 4) % 4;
  return {
    name: `${order}-${index}`,
    order,
    rules: {
      maxClusters: random.int(2, 4),
      whenReady: random.percent(20) ? 'show' : 'create',
      ...(expires ? { timeToLiveS: random.int(4, 10), warnBeforeS: 2 } : {}),
    },
    presses: random.many(presses, i => ({
      action: i > 0 && random.percent(35) ? 'release' : 'create',
      pauseMs: random.int(0, presses === longPresses ? 3_000 : 800),
      againMs: random.many(random.int(0, 4), () => random.int(0, random.percent(30) ? 8_000 : 800)),
      overtaken: random.percent(6),
      patienceMs: random.percent(20) ? random.int(0, 1_500) : 20_000,
    })),
  };
}

const methods = ['POST', 'GET', 'DELETE'];

function failurePlan(random: Random): FailurePlan {
  const make = random.pick(makers);
  return { afterMs: random.int(0, 700), failure: make(random), forMs: random.int(100, 1_800) };
}

/** Each as often as the others, but for those named twice. */
const makers: readonly ((random: Random) => Failure)[] = [
  random => ({ kind: 'drop', atFraction: random.next(), times: random.int(1, 3) }),
  random => ({ kind: 'drop', atFraction: random.next(), times: 1 }),
  random => ({ kind: 'lostAnswer', method: random.pick(methods), times: random.int(1, 4) }),
  random => ({ kind: 'lostAnswer', method: random.pick(['POST', 'DELETE']), times: random.int(1, 4) }),
  random => ({ kind: 'doubled', method: random.pick(methods), times: random.int(1, 4) }),
  random => ({ kind: 'doubled', method: random.pick(['POST', 'DELETE']), times: random.int(1, 4) }),
  // Shorter than the 500 ms after which an unseen cluster counts as not made: the platform's own rule in miniature.
  random => ({
    kind: 'delayed',
    method: random.pick(methods),
    delayMs: random.int(10, 400),
    times: random.int(1, 5),
  }),
  random => ({ kind: 'slow', delayMs: random.int(10, 300), times: random.int(1, 10) }),
  random => ({ kind: 'serverError', status: random.pick([500, 502, 503, 504]) }),
  random => ({ kind: 'serverError', method: random.pick(methods), times: random.int(1, 6) }),
  () => ({ kind: 'full', times: 1 }),
  random => ({
    kind: 'nodeError',
    node: random.pick(['master', 'worker']),
    answer: random.pick(['status', 'withoutUuid']),
    times: 1,
  }),
  random => ({ kind: 'badLogin', times: random.int(1, 2) }),
];
