/** A relay in a process of its own: what kills or fills it kills and fills no test, and its memory is its own. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import type { Limits } from '../../relay/src/limits.ts';
import type { RelayStats } from '../../relay/src/relay.ts';
import type { User } from '../../relay/src/users.ts';
import { users } from './helpers.ts';

/** From the start of Node to an open port, on a busy machine (milliseconds). */
const startLimitMs = 30_000;
/** The answer to a question about its state (milliseconds). */
const answerLimitMs = 20_000;

export interface RelayApart {
  host: string;
  port: number;
  url: string;
  /** What it has counted, and the memory that its process holds. Fails when it has ended or says nothing. */
  look(): Promise<{ stats: RelayStats; memoryBytes: number }>;
}

/** Starts a relay with the users of helpers.ts and some more. It ends with its test. */
export async function relayApart(limits: Partial<Limits> = {}, more: User[] = []): Promise<RelayApart> {
  const child = fork(new URL('attacks-relay-part.ts', import.meta.url), {
    execArgv: ['--import', 'tsx', '--expose-gc'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  });
  let words = '';
  child.stderr?.on('data', chunk => (words += chunk));
  const ask = (question: object, limitMs: number) => answerOf(child, question, limitMs, () => words);
  const told = (await ask({ users: [...users.values(), ...more], limits }, startLimitMs)) as RelayApart;
  return { ...told, look: () => ask({}, answerLimitMs) as ReturnType<RelayApart['look']> };
}

function answerOf(
  child: ChildProcess,
  question: object,
  limitMs: number,
  words: () => string,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const fail = (what: string) => reject(new Error(`the relay ${what}: ${words()}`));
    if (!child.connected) return fail('has ended');
    const timer = setTimeout(() => fail('says nothing'), limitMs);
    const onExit = () => fail('has ended');
    child.once('exit', onExit);
    child.once('message', answer => {
      clearTimeout(timer);
      child.off('exit', onExit);
      resolve(answer);
    });
    child.send(question);
  });
}
