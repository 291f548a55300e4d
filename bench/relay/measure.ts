/** The measurements, each in turns: a noisy moment hits all brokers alike. */
import { setTimeout as sleep } from 'node:timers/promises';
import { medianOf } from '../press/statistics.ts';
import type { Broker, BrokerName } from './brokers.ts';
import type { Child } from './child.ts';
import { processorMs, residentBytes } from './process-facts.ts';
import type { Sizes } from './sizes.ts';

/** What was measured of each broker, a value for each turn. */
export type Turns = Partial<Record<BrokerName, number[]>>;

export interface Row {
  name: string;
  unit: string;
  digits: number;
  turns: Turns;
}

export interface Bench {
  sizes: Sizes;
  names: readonly BrokerName[];
  load: Child;
  password: string;
  /** Starts a broker of its own for a measurement. */
  start(name: BrokerName): Promise<Broker>;
  say(text: string): void;
}

type Running = ReadonlyMap<BrokerName, Broker>;

/** Messages that each sender keeps on the way: enough that nobody waits for the other end, and no more than queues hold. */
const pairWindow = 20;
const crowdWindow = 5;
/** Logins at a time. */
const loginsAtOnce = 50;
/** Before the memory of a new process is taken, so many have come and gone: code is loaded, buffers are made. */
const warmUpConnections = 50;
/** After the last login, until memory is taken (ms). */
const settleMs = 2_000;

/** Turn after turn, with the brokers in another order each time. What goes wrong carries the broker's name. */
async function inTurns(
  bench: Bench,
  rounds: number,
  turn: (name: BrokerName, round: number) => Promise<void>,
): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < bench.names.length; i++) {
      const name = bench.names[(i + round) % bench.names.length] as BrokerName;
      try {
        await turn(name, round);
      } catch (error) {
        throw new Error(`${name} cannot be measured: ${error instanceof Error ? error.message : error}`);
      }
    }
  }
}

/** Sets up the same clients at each broker, measures in turns, and lets them go. */
async function withTraffic(
  bench: Bench,
  running: Running,
  kind: 'pairs' | 'crowd',
  count: number,
  tls: boolean,
  turn: (name: BrokerName, broker: Broker, counts: boolean) => Promise<void>,
): Promise<void> {
  const { load, password } = bench;
  const of = (name: BrokerName): Broker => running.get(name) as Broker;
  await inTurns(bench, 1, name =>
    load.ask(kind, { key: name, listener: doorOf(of(name), tls), password, count }),
  );
  // The first turn meets cold code and is not counted.
  await inTurns(bench, bench.sizes.rounds + 1, (name, round) => turn(name, of(name), round > 0));
  await inTurns(bench, 1, name => load.ask('close', { key: name }));
}

function doorOf(broker: Broker, tls: boolean): { port: number; tls: boolean } {
  return { port: tls ? broker.tlsPort : broker.port, tls };
}

function add(turns: Turns, name: BrokerName, value: number): void {
  turns[name] = [...(turns[name] ?? []), value];
}

export async function measureLatency(
  bench: Bench,
  running: Running,
  pairs: number,
  tls = false,
): Promise<Row[]> {
  const { load, sizes } = bench;
  const [median, p99]: [Turns, Turns] = [{}, {}];
  await withTraffic(bench, running, 'pairs', pairs, tls, async (name, _, counts) => {
    const about = { key: name, rate: sizes.latencyRate, ms: sizes.turnMs };
    const { medianMs, p99Ms } = await load.ask<{ medianMs: number; p99Ms: number }>('latency', about);
    if (!counts) return;
    add(median, name, medianMs);
    add(p99, name, p99Ms);
  });
  const where = `${pairs} ${pairs === 1 ? 'pair' : 'pairs'}${tls ? ', TLS' : ''}`;
  return [
    { name: `latency, ${where}: median`, unit: 'ms', digits: 3, turns: median },
    { name: `latency, ${where}: p99`, unit: 'ms', digits: 2, turns: p99 },
  ];
}

/** Messages per second, and the broker's processor time for each; the latter hardly minds a busy machine. */
export async function measureFlood(bench: Bench, running: Running, kind: 'pairs' | 'crowd'): Promise<Row[]> {
  const { load, sizes } = bench;
  const [rate, cost, generator]: [Turns, Turns, Turns] = [{}, {}, {}];
  const count = kind === 'pairs' ? sizes.floodPairs : sizes.crowd;
  const window = kind === 'pairs' ? pairWindow : crowdWindow;
  await withTraffic(bench, running, kind, count, false, async (name, broker, counts) => {
    const before = [processorMs(broker.pid), processorMs(load.pid)] as const;
    const flood = await load.ask<{ count: number; ms: number }>('flood', {
      key: name,
      window,
      ms: sizes.turnMs,
    });
    if (!counts) return;
    add(rate, name, flood.count / (flood.ms / 1000));
    add(cost, name, ((processorMs(broker.pid) - before[0]) * 1000) / flood.count);
    add(generator, name, ((processorMs(load.pid) - before[1]) * 100) / flood.ms);
  });
  const where = kind === 'pairs' ? `${count} pairs` : `${count} buttons to 1 provisioner`;
  return [
    { name: `messages per second, ${where}`, unit: '/s', digits: 0, turns: rate },
    { name: '  processor time of the broker for each', unit: 'us', digits: 1, turns: cost },
    { name: '  load generator busy', unit: '%', digits: 0, turns: generator },
  ];
}

export async function measureLogins(bench: Bench, running: Running, tls: boolean): Promise<Row[]> {
  const { load, password, sizes } = bench;
  const turns: Turns = {};
  const count = tls ? sizes.tlsLogins : sizes.logins;
  await inTurns(bench, sizes.rounds + 1, async (name, round) => {
    const listener = doorOf(running.get(name) as Broker, tls);
    const { ms } = await load.ask<{ ms: number }>('logins', {
      listener,
      password,
      count,
      atOnce: loginsAtOnce,
    });
    if (round > 0) add(turns, name, count / (ms / 1000));
  });
  return [{ name: `logins per second, ${tls ? 'TLS' : 'plain'}`, unit: '/s', digits: 0, turns }];
}

/** Memory for each idle connection, of a process that has done nothing else. */
export async function measureIdle(bench: Bench, tls: boolean): Promise<Row[]> {
  const { load, password, sizes } = bench;
  const [resident, held, whole]: [Turns, Turns, Turns] = [{}, {}, {}];
  await inTurns(bench, sizes.idleRounds, async name => {
    const broker = await bench.start(name);
    try {
      const about = { listener: doorOf(broker, tls), password, atOnce: loginsAtOnce };
      await load.ask('idle', { ...about, count: warmUpConnections });
      await load.ask('leave');
      await sleep(settleMs);
      const heldBefore = (await broker.heldBytes?.()) ?? Number.NaN;
      const before = residentBytes(broker.pid);
      await load.ask('idle', { ...about, count: sizes.idle });
      await sleep(settleMs);
      const after = residentBytes(broker.pid);
      add(resident, name, (after - before) / sizes.idle / 1000);
      add(whole, name, after / 1e6);
      const heldAfter = (await broker.heldBytes?.()) ?? Number.NaN;
      add(held, name, (heldAfter - heldBefore) / sizes.idle / 1000);
    } finally {
      await load.ask('leave').catch(() => {});
      await broker.stop();
    }
  });
  const kind = tls ? 'TLS' : 'plain';
  return [
    { name: `memory per idle connection, ${kind}, at ${sizes.idle}`, unit: 'kB', digits: 1, turns: resident },
    { name: '  the whole process with them', unit: 'MB', digits: 0, turns: whole },
    { name: '  growth of the heap, collected', unit: 'kB', digits: 1, turns: held },
  ];
}

/** The median of a broker's turns; NaN when it was not measured. */
export function medianTurn(row: Row, name: BrokerName): number {
  return medianOf(row.turns[name] ?? []);
}

/** The median of the ratios to bare aedes, turn by turn: what both suffered together falls out. */
export function ratioToAedes(row: Row, name: BrokerName): number {
  const aedes = row.turns.aedes ?? [];
  return medianOf((row.turns[name] ?? []).map((value, turn) => value / (aedes[turn] ?? Number.NaN)));
}
