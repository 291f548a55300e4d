/**
 * `npm run bench:relay`: our relay, bare aedes and Mosquitto side by side in one run, turn by turn. Brokers and load
 * are processes of their own. SIZE=small for a trial, ONLY=one-client for what one client can do to the others alone, ROUNDS of it. Linux only: memory and processor time come from /proc.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Broker, type BrokerName, brokerNames, prepareFolder, startBroker } from './relay/brokers.ts';
import { startChild } from './relay/child.ts';
import { makeLogins, mosquittoHash } from './relay/logins.ts';
import {
  type Bench,
  measureFlood,
  measureIdle,
  measureLatency,
  measureLogins,
  type Row,
} from './relay/measure.ts';
import { measureOneClient } from './relay/one-client.ts';
import { maxOpenFiles } from './relay/process-facts.ts';
import { sizesFor } from './relay/sizes.ts';
import { header, line, verdicts } from './relay/table.ts';

const say = (text: string) => process.stdout.write(`${text}\n`);
const loadNow = () =>
  `load average ${loadavg()
    .map(load => load.toFixed(1))
    .join(' ')}`;

async function main(): Promise<void> {
  const { sizes, note } = sizesFor(process.env.SIZE, maxOpenFiles());
  if (note !== undefined) say(note);
  const names = brokerNames();
  if (!names.includes('mosquitto'))
    say('Mosquitto is MISSING (Debian package mosquitto): measured without it');
  say(`${availableParallelism()} processors, ${loadNow()}, Node ${process.version}`);
  say(
    'The relay and Mosquitto check logins and topics, bare aedes checks nothing. 100 bytes, QoS 1, loopback.',
  );
  say(`Passwords: 256 random bits; relay: SHA-256; Mosquitto: ${mosquittoHash}.`);
  const folder = mkdtempSync(join(tmpdir(), 'dashbutton-bench-'));
  // Also when it is interrupted.
  const cleanUp = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', cleanUp);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));
  const logins = makeLogins(sizes);
  await prepareFolder(folder, logins);
  const load = startChild(join(folder, 'load-part.mjs'));
  const attacker = startChild(join(folder, 'attack-part.mjs'));
  let against: string[] = [];
  const running = new Map<BrokerName, Broker>();
  const start = (name: BrokerName) => startBroker(name, folder);
  const bench: Bench = { sizes, names, load, password: logins.password, start, say };
  const rows: Row[] = [];
  const took = async (measuring: Promise<Row[]>) => {
    const measured = await measuring;
    rows.push(...measured);
    for (const row of measured) say(line(row, names));
  };
  try {
    say(`\n${header(names)}`);
    if (process.env.ONLY !== 'one-client') {
      await took(measureIdle(bench, false));
      await took(measureIdle(bench, true));
      for (const name of names) running.set(name, await start(name));
      for (const pairs of sizes.latencyPairs) await took(measureLatency(bench, running, pairs));
      await took(measureLatency(bench, running, sizes.tlsPairs, true));
      await took(measureFlood(bench, running, 'pairs'));
      await took(measureFlood(bench, running, 'crowd'));
      await took(measureLogins(bench, running, false));
      await took(measureLogins(bench, running, true));
    }
    await Promise.all([...running.values()].map(part => part.stop()));
    running.clear();
    against = await measureOneClient({
      ...bench,
      attacker,
      start: name => startBroker(name, folder, true),
      turnMs: sizes.attackMs,
      halfOpen: sizes.halfOpen,
      rounds: Number(process.env.ROUNDS ?? sizes.attackRounds),
    });
  } finally {
    await Promise.all([...running.values(), load, attacker].map(part => part.stop()));
    cleanUp();
  }
  say('');
  for (const verdict of [...(rows.length > 0 ? verdicts(rows) : []), ...against]) say(verdict);
  say(loadNow());
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
