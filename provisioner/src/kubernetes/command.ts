/**
 * Runs a command in a process group of its own, so that it can be ended with all that it has started: of a shell that
 * waits for a program, the program too.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { errnoOf } from '../../../config/src/setup-error.ts';

export interface CommandOptions {
  env: NodeJS.ProcessEnv;
  timeoutMs: number;
  /** Of its standard output. */
  maxBytes: number;
  /** Ends it early. */
  signal: AbortSignal;
}

/** What became of it; `failed` has its exit code, the signal that it died of, or why it could not be started. */
export type Outcome =
  | { kind: 'answered'; text: string }
  | { kind: 'failed'; code: string | number }
  | { kind: 'ended' | 'late' | 'tooMuch' };

/** Never rejects. The command reads nothing, and what it says on standard error goes nowhere. */
export async function runCommand(
  path: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<Outcome> {
  if (options.signal.aborted) return { kind: 'ended' };
  // Before there is anything to be left behind: a signal may come while the command is being started.
  listen();
  try {
    const child = spawn(path, args, {
      env: options.env,
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    running.add(child);
    const outcome = await followed(child, options);
    running.delete(child);
    return outcome;
  } catch (error) {
    return failed(error);
  } finally {
    unlisten();
  }
}

type Running = ChildProcessByStdio<null, Readable, null>;

async function followed(child: Running, { timeoutMs, maxBytes, signal }: CommandOptions): Promise<Outcome> {
  const parts: Buffer[] = [];
  let length = 0;
  let why: Outcome | undefined;
  const cut = (kind: 'ended' | 'late' | 'tooMuch') => {
    why ??= { kind };
    endGroup(child);
    // Whoever has left the group may still hold the other end.
    child.stdout.destroy();
  };
  child.stdout.on('data', (part: Buffer) => {
    length += part.length;
    if (length > maxBytes) cut('tooMuch');
    else parts.push(part);
  });
  const end = () => cut('ended');
  signal.addEventListener('abort', end);
  const timer = setTimeout(() => cut('late'), timeoutMs);
  const ended = new Promise<Outcome>(resolve => {
    child.on('error', error => resolve(failed(error)));
    child.on('close', (code, killer) => {
      if (code === 0) resolve({ kind: 'answered', text: Buffer.concat(parts).toString('utf8') });
      else resolve({ kind: 'failed', code: code ?? String(killer) });
    });
  });
  const outcome = await ended;
  clearTimeout(timer);
  signal.removeEventListener('abort', end);
  return why ?? outcome;
}

function failed(error: unknown): Outcome {
  return { kind: 'failed', code: errnoOf(error) ?? 'not understood' };
}

function endGroup({ pid }: Running): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {} // all of it is gone
}

/** Running now. The terminal's Ctrl-C does not come to other groups than our own: these end with this process. */
const running = new Set<Running>();
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Commands that run or are being started. */
let listeners = 0;

function listen(): void {
  listeners += 1;
  if (listeners > 1) return;
  process.on('exit', endAll);
  for (const name of signals) process.on(name, dieOf);
}

function unlisten(): void {
  listeners -= 1;
  if (listeners > 0) return;
  process.off('exit', endAll);
  for (const name of signals) process.off(name, dieOf);
}

function endAll(): void {
  for (const child of running) endGroup(child);
}

/** Where nobody else listens, a signal ends this process as if we did not listen either, but not without the commands. */
function dieOf(signal: NodeJS.Signals): void {
  // Whoever listens decides what it means; if it is the end, it is an orderly one or an `exit`.
  if (process.listenerCount(signal) > 1) return;
  endAll();
  process.off(signal, dieOf);
  process.kill(process.pid, signal);
}
