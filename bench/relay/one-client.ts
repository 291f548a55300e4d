/** What one client can do to the others: latency of their presses before it begins, and while it floods. */
import { setTimeout as sleep } from 'node:timers/promises';
import { medianOf } from '../press/statistics.ts';
import type { Broker, BrokerName } from './brokers.ts';
import type { Child } from './child.ts';
import { idleButton } from './logins.ts';
import { processorMs } from './process-facts.ts';

/** Kinds of attack; as in attack-part.ts, which must not be imported: it works when it is. */
const attacks = [
  'PINGREQ',
  'PUBLISH',
  'SUBSCRIBE',
  'UNSUBSCRIBE of 3,200',
  'PUBACK',
  'will storm',
  'renegotiation',
  'half-open',
] as const;

/** Presses of others while it is measured: one a second for each pair, as much as a button may. */
const pairs = 20;
/** Until a flood has reached its strength (ms). */
const rampMs = 1_000;
/** A broker is at rest again when its process uses less of a core than this; it has this long for it (ms). */
const atRest = 0.1;
const restLookMs = 200;
const restLimitMs = 10_000;
/** Expected: the median is at most this many times the quiet one, and no worse than Mosquitto's so many times. */
const timesQuiet = 2;
const timesMosquitto = 10;

export interface OneClientBench {
  names: readonly BrokerName[];
  load: Child;
  attacker: Child;
  password: string;
  /** As it is delivered, with all its limits. */
  start(name: BrokerName): Promise<Broker>;
  say(text: string): void;
  turnMs: number;
  halfOpen: number;
  /** How often everything is measured, each time with new processes and in another order. */
  rounds: number;
}

interface Latency {
  medianMs: number;
  p99Ms: number;
}

/**
 * Presses in three turns that follow each other: before an attack; while it goes to another process of the same broker,
 * which costs the machine as much; and while it goes to the broker whose presses these are.
 */
interface Turns {
  quiet: Latency;
  beside: Latency;
  during: Latency;
}

type Found = Map<string, Turns[]>;

/**
 * Measures and prints; returns the verdicts. On a machine that others use, one turn says little: what counts is the median
 * over the rounds of the ratio of turns that follow each other, and a verdict says in how many of them it held. An attacker
 * is a busy neighbour too, on two processors: what the same attack costs beside the broker is the machine's, not the broker's.
 */
export async function measureOneClient(bench: OneClientBench): Promise<string[]> {
  const { names, rounds, say } = bench;
  const found = new Map(names.map((name): [BrokerName, Found] => [name, new Map()]));
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + round) % names.length] as BrokerName;
      const [broker, other] = [await bench.start(name), await bench.start(name)];
      try {
        await measureBroker(bench, `${name}-${round}`, [broker, other], found.get(name) as Found);
      } finally {
        await Promise.all([broker.stop(), other.stop()]);
      }
    }
  }
  say(
    `\none client against the others: latency of their presses before an attack, during one on another process of the same broker, and on theirs, ms; medians of ${rounds} rounds`,
  );
  for (const attack of attacks) {
    const columns = names.map(name => {
      const list = found.get(name)?.get(attack) ?? [];
      const of = (turn: keyof Turns) => medianOf(list.map(turns => turns[turn].medianMs)).toFixed(2);
      return `${name} ${of('quiet')} / ${of('beside')} / ${of('during')}`.padStart(36);
    });
    say(attack.padEnd(24) + columns.join(''));
  }
  return attacks.map(attack => {
    const ours = found.get('relay')?.get(attack) ?? [];
    const theirs = found.get('mosquitto')?.get(attack);
    return verdict(attack, ours, theirs);
  });
}

const ratios = (list: readonly Turns[], to: 'quiet' | 'beside') =>
  list.map(turns => turns.during.medianMs / turns[to].medianMs);

function verdict(attack: string, ours: readonly Turns[], theirs: readonly Turns[] | undefined): string {
  const all = ratios(ours, 'quiet');
  const beside = medianOf(ratios(ours, 'beside'));
  const ratio = medianOf(all);
  const during = (list: readonly Turns[]) => medianOf(list.map(turns => turns.during.medianMs));
  const isKept =
    ratio <= timesQuiet && (theirs === undefined || during(ours) <= timesMosquitto * during(theirs));
  const held = all.filter(each => each <= timesQuiet).length;
  const range = `${Math.min(...all).toFixed(1)} to ${Math.max(...all).toFixed(1)}`;
  return `${attack}: median ${ratio.toFixed(1)} times the quiet one, ${range} (expected: at most ${timesQuiet}, which ${held} of ${all.length} rounds held, and ${timesMosquitto} times Mosquitto's): ${isKept ? 'kept' : 'NOT KEPT'}; ${beside.toFixed(1)} times the same attack on another process`;
}

async function measureBroker(
  { load, attacker, password, turnMs, halfOpen }: OneClientBench,
  turn: string,
  [broker, other]: readonly [Broker, Broker],
  into: Found,
): Promise<void> {
  const key = `one-client-${turn}`;
  const latency = () => load.ask<Latency>('latency', { key, rate: pairs, ms: turnMs });
  await load.ask('pairs', { key, listener: { port: broker.port, tls: false }, password, count: pairs });
  // The first meets cold code.
  await latency();
  const attacked = async (attack: string, { pid, port, tlsPort }: Broker) => {
    const target = { port, tlsPort, name: idleButton(0), password };
    await attacker.ask('begin', { attack, target, count: halfOpen });
    await sleep(attack === 'half-open' ? halfOpen / 10 + rampMs : rampMs);
    const found = await latency();
    await attacker.ask('end');
    await sleep(rampMs);
    // What it has left is not to be taken for quiet.
    await rest(pid);
    return found;
  };
  for (const attack of attacks) {
    const quiet = await latency();
    const [beside, during] = [await attacked(attack, other), await attacked(attack, broker)];
    into.set(attack, [...(into.get(attack) ?? []), { quiet, beside, during }]);
  }
  await load.ask('close', { key });
}

async function rest(pid: number): Promise<void> {
  for (let waitedMs = 0; waitedMs < restLimitMs; waitedMs += restLookMs) {
    const usedMs = processorMs(pid);
    await sleep(restLookMs);
    if (processorMs(pid) - usedMs < atRest * restLookMs) return;
  }
}
