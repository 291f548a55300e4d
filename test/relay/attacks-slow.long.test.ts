/** Ten thousand strangers that say nothing, against a relay in a process of its own. */
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { patience, until } from '../fixtures/patience.ts';
import { relayApart } from './fixtures/attacks-relay.ts';
import { openSilent, serves } from './fixtures/silent.ts';

/** Connections that say nothing. */
const wanted = 10_000;
/** What test and relay need of open files besides, each. */
const otherFiles = 500;
const openFiles =
  Number(execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' })) || Number.POSITIVE_INFINITY;
const silent = Math.max(1, Math.min(wanted, openFiles - otherFiles));
const scaled =
  silent < wanted ? `, scaled down from ${wanted}: only ${openFiles} files may be open here` : '';
/** Node has 25 kB for a socket and aedes' client on it; this is where something would be wrong. */
const maxBytesEach = 60_000;
/** Longer than the test (milliseconds). */
const never = 1e9;

test(
  `${silent} connections that say nothing${scaled} hinder nobody, and cost little memory`,
  async () => {
    const relay = await relayApart({ connectTimeoutMs: never, connections: wanted + 100 });
    await serves(relay);
    const before = await relay.look();
    const sockets = await openSilent(relay, silent);
    const connections = async () => (await relay.look()).stats.connections;
    // The last ones are still in the kernel's queue.
    await until(async () => (await connections()) === silent, 'all of them', 20_000);
    expect(sockets.filter(({ destroyed }) => destroyed)).toEqual([]);
    const after = await relay.look();
    expect((after.memoryBytes - before.memoryBytes) / silent).toBeLessThan(maxBytesEach);
    await serves(relay);
    for (const socket of sockets) socket.destroy();
    await until(async () => (await connections()) === 0, 'all to leave', 20_000);
  },
  patience(60_000),
);
