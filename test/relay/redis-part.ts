/** A real Redis from Debian on a Unix socket or a port of its own, with nothing on disk, and nodes of a relay on it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';

import { installed } from '../installed.ts';
import { pause } from './helpers.ts';

export const hasRedis = () => installed('redis-server');

/** How long Redis may take until it answers, on a busy machine (milliseconds). */
const startLimitMs = 20_000;

export interface RunningRedis {
  /** For `redis` in the relay's options. */
  url: string;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
  /** Starts it again at the same place, empty. */
  start(): Promise<void>;
  /** Stops it in its tracks: connections stay open and nobody answers. */
  freeze(): void;
  thaw(): void;
  /** What redis-cli would say. */
  ask(command: string, ...args: (string | number)[]): Promise<unknown>;
}

/**
 * Starts a Redis that ends with its test.
 * @param args more of its settings, for example `--requirepass`
 * @param login how `ask` logs in
 */
export async function redisForTest(args: string[] = [], login = {}): Promise<RunningRedis> {
  const folder = mkdtempSync(join(tmpdir(), 'dashbutton-redis-'));
  const path = join(folder, 'socket');
  let child: ChildProcess | undefined;

  async function ask(command: string, ...words: (string | number)[]): Promise<unknown> {
    const redis = new Redis({ path, lazyConnect: true, retryStrategy: () => null, ...login });
    redis.on('error', () => {});
    try {
      return await redis.connect().then(() => redis.call(command, ...words));
    } finally {
      redis.disconnect();
    }
  }

  async function start(): Promise<void> {
    const settings = [
      '--port',
      '0',
      '--unixsocket',
      path,
      '--save',
      '',
      '--appendonly',
      'no',
      '--dir',
      folder,
    ];
    child = spawn('redis-server', [...settings, ...args], { stdio: 'ignore' });
    const giveUpAt = Date.now() + startLimitMs;
    while (!existsSync(path) || (await ask('PING').catch(() => '')) !== 'PONG') {
      if (Date.now() > giveUpAt) throw new Error('redis-server does not answer');
      await pause(20);
    }
  }

  async function kill(): Promise<void> {
    const running = child;
    child = undefined;
    if (!running || running.exitCode !== null) return;
    const ended = new Promise(resolve => running.once('close', resolve));
    running.kill('SIGKILL');
    await ended;
    rmSync(path, { force: true });
  }

  onTestFinished(async () => {
    await kill();
    rmSync(folder, { recursive: true, force: true });
  });
  await start();
  const signal = (name: NodeJS.Signals) => child?.kill(name);
  return { url: path, kill, start, freeze: () => signal('SIGSTOP'), thaw: () => signal('SIGCONT'), ask };
}

/** Waits until something is true, at most `limitMs`; how long it took (milliseconds). */
export async function within(limitMs: number, isTrue: () => boolean, what: string): Promise<number> {
  const from = performance.now();
  for (; !isTrue(); await pause(5)) {
    if (performance.now() - from > limitMs) throw new Error(`waited ${limitMs} ms in vain for: ${what}`);
  }
  return performance.now() - from;
}
