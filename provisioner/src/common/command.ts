/**
 * Runs a command in a process group of its own, so that it can be ended with all that it has started: of a shell that
 * waits for a program, the program too.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { errnoOf } from '../../../config/src/setup-error.ts';

export interface CommandOptions {
  env: NodeJS.ProcessEnv;
  timeoutMs: number;
  /** Of its standard output. */
  maxBytes: number;
  /** Ends it early. */
  signal: AbortSignal;
  /** Its standard input; left out: it reads nothing. */
  input?: string;
  cwd?: string;
  /** So long after SIGTERM comes SIGKILL, in milliseconds; left out: SIGKILL at once. */
  graceMs?: number;
  /** The end of its standard error that is kept, in bytes; left out: none of it. */
  errorBytes?: number;
  /** It ends with this process, also when that is killed: a shell beside it sees to that. */
  endsWithUs?: boolean;
}

/** What became of it; `failed` has its exit code, the signal that it died of, or why it could not be started. */
export type Outcome = { errors: string } & (
  | { kind: 'answered'; text: string }
  | { kind: 'failed'; code: string | number }
  | { kind: 'ended' | 'late' | 'tooMuch' }
);

/**
 * Starts what it is given, and ends the group when its third descriptor ends, which this process holds. What waits for that has
 * none of the command's streams: who reads them would wait for it.
 */
const shell = '/bin/sh';
const guarded = [
  '{ read -r _ <&3; kill -s KILL -- -$$ || kill -s KILL -$$; } <&3 >/dev/null 2>&1 &',
  'watcher=$!; exec 3<&-; trap : TERM',
  '"$@"; code=$?',
  'kill -s KILL $watcher 2>/dev/null; exit $code',
].join('\n');

/** Never rejects. */
export async function runCommand(
  path: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<Outcome> {
  if (options.signal.aborted) return { kind: 'ended', errors: '' };
  // Before there is anything to be left behind: a signal may come while the command is being started.
  listen();
  try {
    const { env, cwd, input, errorBytes, endsWithUs = false } = options;
    const [command, ...all] = endsWithUs ? [shell, '-c', guarded, 'sh', path, ...args] : [path, ...args];
    const child = spawn(command, all, {
      env,
      ...(cwd === undefined ? {} : { cwd }),
      detached: true,
      stdio: [
        input === undefined ? 'ignore' : 'pipe',
        'pipe',
        errorBytes === undefined ? 'ignore' : 'pipe',
        ...(endsWithUs ? (['pipe'] as const) : []),
      ],
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

async function followed(child: ChildProcess, options: CommandOptions): Promise<Outcome> {
  const { timeoutMs, maxBytes, signal, input, graceMs = 0, errorBytes = 0 } = options;
  const parts: Buffer[] = [];
  let length = 0;
  let errors = Buffer.alloc(0);
  let why: 'ended' | 'late' | 'tooMuch' | undefined;
  let grace: NodeJS.Timeout | undefined;
  let leftBehind: NodeJS.Timeout | undefined;
  const letGo = () => {
    child.stdout?.destroy();
    child.stderr?.destroy();
  };
  const kill = () => {
    endGroup(child, 'SIGKILL');
    // Whoever has left the group may still hold the other end.
    letGo();
  };
  const cut = (kind: 'ended' | 'late' | 'tooMuch') => {
    if (why !== undefined) return;
    why = kind;
    if (graceMs === 0) return kill();
    endGroup(child, 'SIGTERM');
    grace = setTimeout(kill, graceMs);
  };
  child.stdout?.on('data', (part: Buffer) => {
    length += part.length;
    if (length > maxBytes) cut('tooMuch');
    else parts.push(part);
  });
  child.stderr?.on('data', (part: Buffer) => {
    errors = Buffer.concat([errors, part]).subarray(-errorBytes);
  });
  for (const stream of child.stdio) stream?.on('error', () => {}); // it may end without reading
  if (input !== undefined) (child.stdin as Writable).end(input);
  const end = () => cut('ended');
  signal.addEventListener('abort', end);
  const timer = setTimeout(() => cut('late'), timeoutMs);
  const ended = await new Promise<Outcome>(resolve => {
    child.on('error', error => resolve(failed(error)));
    child.on('close', (code, killer) => {
      const said = { errors: errors.toString('utf8') };
      if (code === 0) resolve({ ...said, kind: 'answered', text: Buffer.concat(parts).toString('utf8') });
      else resolve({ ...said, kind: 'failed', code: code ?? String(killer) });
    });
    // What it has left running in the background may hold its streams for ever.
    child.on('exit', () => {
      leftBehind = setTimeout(() => setImmediate(letGo), leftBehindMs);
    });
  });
  for (const each of [timer, grace, leftBehind]) clearTimeout(each);
  signal.removeEventListener('abort', end);
  (child.stdio[3] as Readable | undefined)?.destroy();
  // What a command has started in the background and answered after may be what it is for. Otherwise nothing is left.
  if (why !== undefined || ended.kind !== 'answered') endGroup(child, 'SIGKILL');
  return why === undefined ? ended : { kind: why, errors: ended.errors };
}

/** After a command's end its streams are read for so long at most, in milliseconds: all that it has said is there by then. */
const leftBehindMs = 1_000;

function failed(error: unknown): Outcome {
  return { kind: 'failed', code: errnoOf(error) ?? 'not understood', errors: '' };
}

function endGroup({ pid }: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {} // all of it is gone
}

/** Running now. The terminal's Ctrl-C does not come to other groups than our own: these end with this process. */
const running = new Set<ChildProcess>();
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
  for (const child of running) endGroup(child, 'SIGKILL');
}

/** Where nobody else listens, a signal ends this process as if we did not listen either, but not without the commands. */
function dieOf(signal: NodeJS.Signals): void {
  // Whoever listens decides what it means; if it is the end, it is an orderly one or an `exit`.
  if (process.listenerCount(signal) > 1) return;
  endAll();
  process.off(signal, dieOf);
  process.kill(process.pid, signal);
}
