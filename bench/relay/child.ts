/** A process of its own that is asked things, one at a time. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { basename } from 'node:path';

/** Longest any answer may take (ms): 5,000 logins over TLS take 15 s on two cores, ten times that on a bad day. */
const answerTimeoutMs = 180_000;
/** How long a process may take to end when asked to, before it is killed (ms). */
const stopTimeoutMs = 5_000;

export interface Child {
  pid: number;
  ask<T>(question: string, about?: object): Promise<T>;
  stop(): Promise<void>;
}

/** @param path of a program that answers through {@link answer}. */
export function startChild(path: string): Child {
  const file = basename(path);
  const child = fork(path, {
    execArgv: ['--expose-gc'],
    // Whatever it logs is written, as in real life, but nobody reads it.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { ...process.env, LOG_FORMAT: 'json', LOG_LEVEL: 'info' },
  });
  return {
    pid: child.pid ?? 0,
    ask: (question, about = {}) => ask(child, file, { question, ...about }),
    stop: () => stopProcess(child),
  };
}

function ask<T>(child: ChildProcess, file: string, question: object): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const fail = (why: string) => done(() => reject(new Error(`${file}: ${why}`)));
    const timer = setTimeout(() => fail(`no answer within ${answerTimeoutMs / 1000} s`), answerTimeoutMs);
    const onExit = (code: number | null) => fail(`ended with ${code}`);
    const onMessage = (reply: { error?: string; result?: T }) =>
      reply.error === undefined ? done(() => resolve(reply.result as T)) : fail(reply.error);
    function done(settle: () => void): void {
      clearTimeout(timer);
      child.off('exit', onExit).off('message', onMessage);
      settle();
    }
    child.on('exit', onExit).on('message', onMessage);
    child.send(question, error => error && fail(error.message));
  });
}

/** Asks a process to end, and kills it when it does not. */
export async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill();
  const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
  await gone;
  clearTimeout(timer);
}

/** The other side: answers each question with what `answers` has under its name, and ends with its parent. */
export function answer(answers: Record<string, (about: never) => unknown>): void {
  process.on('disconnect', () => process.exit());
  process.on('message', ({ question, ...about }: { question: string }) => {
    Promise.resolve()
      .then(() => answers[question]?.(about as never))
      .then(
        result => process.send?.({ result }),
        (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : String(error) }),
      );
  });
}

/** What a collected heap holds (bytes). */
export function heapFacts(): { heldBytes: number } {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return { heldBytes: heapUsed + external };
}
