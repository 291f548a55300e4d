/** Connections to Redis: where it is, how to log in, and one try that ends in a bounded time. */
import { readFileSync } from 'node:fs';
import { type RedisOptions as DriverOptions, Redis } from 'ioredis';
import { messageOf, SetupError } from '../../../config/src/setup-error.ts';
import type { Timing } from './timing.ts';

export interface RedisOptions {
  /**
   * `redis://host:6379`, `rediss://…` for TLS (the certificate is checked), or the path of a Unix socket. A user name
   * and a password in it are taken; but who puts a password on a command line shows it to everybody on the machine.
   */
  url: string;
  /** The file that holds the password: read at every connect, so it can be changed while the relay runs. */
  passwordFile?: string;
  /** PEM file of the authority that signed Redis' certificate. Default: those the system trusts. */
  caFile?: string;
  /** In front of every key and channel, so that several relays can share one Redis. Default `dashbutton:`. */
  prefix?: string;
  /** Other times than {@link defaultTiming}; every node must have the same. */
  timing?: Partial<Timing>;
}

/** The password, when neither a file nor the URL has it. */
export const passwordVariable = 'DASHBUTTON_REDIS_PASSWORD';

const defaultPrefix = 'dashbutton:';
const defaultPort = 6379;
/** How long a Redis that says nothing may take to close, in milliseconds. */
const disconnectMs = 200;

export function prefixOf(options: RedisOptions): string {
  return options.prefix ?? defaultPrefix;
}

/** Where Redis is, for logs and messages: never with a password. */
export function nameOf(options: RedisOptions): string {
  const { path, host, port, db } = placeOf(options.url);
  return `Redis at ${path ?? `${host}:${port}`}${db ? ` (database ${db})` : ''}`;
}

function placeOf(url: string): DriverOptions {
  if (url.startsWith('/')) return { path: url };
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const db = /^\/?(\d{0,4})$/.exec(parsed?.pathname ?? '')?.[1];
  if (
    !parsed ||
    !/^rediss?:$/.test(parsed.protocol) ||
    !parsed.hostname ||
    db === undefined ||
    parsed.search
  ) {
    // Without the text itself: it may hold a password.
    throw new SetupError(
      'The address of Redis: expected redis://host:port, rediss://host:port, or a path that begins with /',
    );
  }
  const { hostname, port, username, password } = parsed;
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || defaultPort),
    db: Number(db || 0),
    ...(username && { username: decodeURIComponent(username) }),
    ...(password && { password: decodeURIComponent(password) }),
    ...(parsed.protocol === 'rediss:' && { tls: {} }),
  };
}

function read(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new SetupError(`Cannot read ${what}: ${messageOf(error)}`);
  }
}

function driverOptions(options: RedisOptions, env: NodeJS.ProcessEnv): DriverOptions {
  const { passwordFile, caFile } = options;
  const place = placeOf(options.url);
  const fromFile = passwordFile && read(passwordFile, 'the password file of Redis').trim();
  const password = fromFile || place.password || env[passwordVariable];
  if (caFile && !place.tls)
    throw new SetupError('An authority for Redis is set, but its address is not rediss://');
  return {
    ...place,
    ...(password && { password }),
    ...(caFile && { tls: { ca: read(caFile, 'the authority of Redis') } }),
    keyPrefix: prefixOf(options),
  };
}

/**
 * One connection, ready for commands. It never reconnects by itself and never queues while it is away: a message
 * that waits is a message nobody counts. When it ends, it ends (`close`), and node.ts starts anew.
 * @throws SetupError within `answerMs`, with Redis' own reason, when it cannot be had.
 */
export async function connectRedis(options: RedisOptions, answerMs: number): Promise<Redis> {
  const redis = new Redis({
    ...driverOptions(options, process.env),
    lazyConnect: true,
    connectTimeout: answerMs,
    disconnectTimeout: disconnectMs,
    retryStrategy: () => null,
    enableOfflineQueue: false,
    autoResubscribe: false,
    autoResendUnfulfilledCommands: false,
  });
  let reason = '';
  // The driver's promise says only that the connection is closed; the reason comes here. A listener there must be.
  redis.on('error', error => {
    // The first: after a wrong password comes a complaint that there is none.
    reason ||= messageOf(error);
  });
  // A Redis that is stopped in its tracks takes the connection and says nothing: the driver would wait for ever.
  const timer = setTimeout(() => {
    reason ||= `no answer within ${answerMs} ms`;
    redis.disconnect();
  }, answerMs);
  try {
    await redis.connect();
    // A database that does not exist is no error to the driver: it would go on in the first one.
    if (reason) throw new Error(reason);
    return redis;
  } catch (error) {
    redis.disconnect();
    throw new SetupError(`${nameOf(options)} cannot be used: ${reason || messageOf(error)}`);
  } finally {
    clearTimeout(timer);
  }
}
