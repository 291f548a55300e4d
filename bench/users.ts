/**
 * What a users file of many buttons costs: to start with, to check, to enrol one more and to revoke one; and how long the
 * event loop stands still while a running relay takes one change over. Run by `node --import tsx bench/users.ts`.
 *
 * On a machine that others use a pause is mostly theirs. So there are pairs, one change and one rest of the same length in
 * turn, and each synchronous piece of a take-over is timed by itself, again and again: the shortest of its times is its own.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { openUsers, putUser, removeUser, usersText } from '../cli/enroll/users-file.ts';
import { silentLog } from '../config/src/log.ts';
import { formatUser, readUsers, readUsersText } from '../relay/src/auth/users.ts';
import { scanAtOnce, scanUsers } from '../relay/src/auth/users-scan.ts';
import { makeVerifier } from '../relay/src/auth/verifier.ts';
import { startRelay } from '../relay/src/relay.ts';
import { medianOf } from './press/statistics.ts';

const pairs = Number(process.env.PAIRS ?? 15);
const folder = mkdtempSync(join(tmpdir(), 'dashbutton-users-'));
const path = join(folder, 'users.yaml');

const newUser = (name: string) =>
  ({
    name,
    role: 'button',
    site: 'lab',
    verifier: makeVerifier(randomBytes(32).toString('base64')),
  }) as const;

async function timed<T>(work: () => T | Promise<T>): Promise<[ms: number, result: T]> {
  const start = performance.now();
  const result = await work();
  return [performance.now() - start, result];
}

function write(text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

/** The longest time between two turns of the event loop while `work` runs, less the clock's own step (milliseconds). */
async function longestPauseMs(work: () => Promise<void>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await work();
  delay.disable();
  return Math.max(0, delay.max / 1e6 - 1);
}

/** What stands in the way of everybody else, piece by piece: the longest of them, each at its best of many times (ms). */
function longestPieces(before: string, after: string): Record<string, number> {
  const users = scanAtOnce(before)?.users ?? new Map();
  const best = new Map<string, number>();
  const piece = <T>(name: string, work: () => T): T => {
    const start = performance.now();
    const result = work();
    best.set(name, Math.min(best.get(name) ?? Infinity, performance.now() - start));
    return result;
  };
  for (let round = 0; round < pairs; round++) {
    const text = piece('read the file', () => readUsersText(path));
    piece('compare its text', () => text !== before && text === after);
    const steps = scanUsers(text, users);
    for (let i = 0; !piece(`step ${i}`, () => steps.next()).done; i++);
  }
  const steps = [...best].filter(([name]) => name.startsWith('step')).map(([, ms]) => ms);
  return {
    'read the file': best.get('read the file') ?? 0,
    'compare its text': best.get('compare its text') ?? 0,
    [`the longest of ${steps.length} steps`]: Math.max(...steps),
  };
}

const list = (figures: Record<string, number>, digits = 0) =>
  Object.entries(figures)
    .map(([what, ms]) => `${what} ${ms.toFixed(digits)} ms`)
    .join(', ');

async function measure(count: number): Promise<void> {
  write(`users:\n${Array.from({ length: count }, (_, i) => formatUser(newUser(`button-${i}`))).join('')}`);
  const megabytes = statSync(path).size / 1e6;
  const [checkMs] = await timed(() => readUsers(path));
  const [startMs, relay] = await timed(() =>
    startRelay({ host: '127.0.0.1', port: 0, users: path, log: silentLog, limits: { usersCheckMs: 100 } }),
  );
  const [enrolMs] = await timed(() => {
    const file = openUsers(path);
    putUser(file, newUser('one-more'));
    write(usersText(file));
  });
  const [revokeMs] = await timed(() => {
    const file = openUsers(path);
    removeUser(file, 'button-9');
    write(usersText(file));
  });
  process.stdout.write(
    `${count} users, ${megabytes.toFixed(1)} MB: ${list({ start: startMs, check: checkMs, enroll: enrolMs, revoke: revokeMs })}\n`,
  );
  await sleep(1_500);
  const withIt = readUsersText(path);
  const text = openUsers(path);
  removeUser(text, 'button-7');
  const without = usersText(text);
  const [during, rest]: [number[], number[]] = [[], []];
  for (let i = 0; i < pairs; i++) {
    const taken = relay.stats().usersFilesTaken;
    let lastedMs = 0;
    const change = async () => {
      [lastedMs] = await timed(async () => {
        write(i % 2 === 0 ? without : withIt);
        while (relay.stats().usersFilesTaken === taken) await sleep(20);
      });
    };
    during.push(await longestPauseMs(change));
    rest.push(await longestPauseMs(() => sleep(lastedMs)));
  }
  await relay.close();
  const [a, b] = [during, rest].map(all => [medianOf(all), Math.min(...all)] as const);
  const pause = (of: typeof a) => `${of?.[0].toFixed(1)} / ${of?.[1].toFixed(1)} ms`;
  process.stdout.write(
    `  longest pause of the event loop, median / shortest of ${pairs}: one change is taken over ${pause(a)}, at rest ${pause(b)}\n` +
      `  its pieces by themselves: ${list(longestPieces(withIt, without), 2)}\n`,
  );
}

for (const count of (process.env.USERS ?? '1000,10000,100000').split(',').map(Number)) await measure(count);
rmSync(folder, { recursive: true });
