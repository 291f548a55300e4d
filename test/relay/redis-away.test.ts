/** Redis goes away and comes back, in every way it can; passwords and TLS on the way to it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SetupError } from '../../config/src/setup-error.ts';
import { beaconTopic, statusTopic } from '../../protocol/src/topics.ts';
import { passwordVariable, type RedisOptions } from '../../relay/src/redis/connect.ts';
import { freePort } from '../e2e/proxies-programs.ts';
import { makeCertificate } from '../simulator-board/certificates.ts';
import { login, messagesOf, pause, rawClient, relayForTest } from './helpers.ts';
import { hasRedis, type RunningRedis, redisForTest, within } from './redis-part.ts';

/** Longest a test waits for what takes about four seconds (milliseconds). */
const limitMs = 20_000;
const beacon = beaconTopic('lab');
const will = { topic: beacon, payload: Buffer.from('offline'), qos: 1 as const, retain: true };

/** Everything that was logged, as one text. */
function capturedLog() {
  const lines: string[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) });
  return { log, text: () => lines.join('') };
}

function fileWith(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'dashbutton-redis-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'file');
  writeFileSync(path, text);
  return path;
}

const ways: [what: string, away: (redis: RunningRedis) => unknown, back: (redis: RunningRedis) => unknown][] =
  [
    ['ends', redis => redis.kill(), redis => redis.start()],
    ['is stopped in its tracks', redis => redis.freeze(), redis => redis.thaw()],
    [
      'becomes a replica and takes no writes',
      redis => redis.ask('REPLICAOF', '127.0.0.1', '1'),
      redis => redis.ask('REPLICAOF', 'NO', 'ONE'),
    ],
  ];

describe.skipIf(!hasRedis())('Redis goes away (Debian package redis-server)', () => {
  it.each(
    ways,
  )('it %s: the node lets all go, takes none, ends not, and serves again', async (_, away, back) => {
    const redis = await redisForTest();
    const { log, text } = capturedLog();
    const relay = await relayForTest({ redis: redis.url, log });
    const provisioner = await login(relay, 'lab-provisioner', { will });
    const button = await login(relay, 'house-01');
    await button.subscribeAsync([beacon, statusTopic('house-01')]);
    expect(relay.stats().redis).toBe('up');

    await away(redis);
    await within(limitMs, () => relay.stats().redis === 'away', 'the node to notice');
    await within(limitMs, () => !provisioner.connected && !button.connected, 'all to be let go');
    await within(limitMs, () => relay.stats().clients === 0, 'nobody to be counted');
    const turnedAway = await rawClient(relay);
    await turnedAway.closed;

    await back(redis);
    await within(limitMs, () => relay.stats().redis === 'up', 'the node to serve again');
    const again = await login(relay, 'house-01');
    const heard = messagesOf(again);
    await again.subscribeAsync(statusTopic('house-01'));
    const publisher = await login(relay, 'lab-provisioner');
    await publisher.publishAsync(statusTopic('house-01'), 'ready', { qos: 1, retain: true });
    await within(limitMs, () => heard.length > 0, 'the status');
    expect(text()).toMatch(/is away: all clients are let go.*serving again/s);
    expect(relay.stats().refused['redis-away']).toBeGreaterThan(0);
  });

  it('a short break, too: whoever stays connected would have missed what was said in it', async () => {
    const redis = await redisForTest();
    const relay = await relayForTest({ redis: redis.url });
    const button = await login(relay, 'house-01');
    await redis.ask('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await within(limitMs, () => !button.connected, 'the button to be let go');
    await within(limitMs, () => relay.stats().redis === 'up', 'the node to serve again');
  });

  it('a node whose place in Redis is gone (emptied, or silent for too long) starts anew', async () => {
    const redis = await redisForTest();
    const relay = await relayForTest({ redis: redis.url });
    const button = await login(relay, 'house-01');
    await redis.ask('FLUSHALL');
    await within(limitMs, () => !button.connected, 'the button to be let go');
    await within(limitMs, () => relay.stats().redis === 'up', 'the node to serve again');
    expect(await redis.ask('SCARD', 'dashbutton:nodes')).toBe(1);
  });

  it('closing takes less than two seconds while Redis is away', async () => {
    for (const away of [(redis: RunningRedis) => redis.kill(), (redis: RunningRedis) => redis.freeze()]) {
      const redis = await redisForTest();
      const relay = await relayForTest({ redis: redis.url });
      await login(relay, 'house-01');
      await away(redis);
      const from = performance.now();
      await relay.close();
      expect(performance.now() - from).toBeLessThan(5_000);
    }
  });
});

describe.skipIf(!hasRedis())('the way to Redis (Debian package redis-server)', () => {
  /** How a start with these options fails. */
  async function problem(redis: RedisOptions | string): Promise<string> {
    const { log, text } = capturedLog();
    const error = await relayForTest({ redis, log }).then(
      () => new Error('it started'),
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(SetupError);
    return `${(error as Error).message}${text()}`;
  }

  it('a password comes from a file, the environment or the URL, and stands in no log or error', async () => {
    const secret = 'S3cret-of-redis';
    const redis = await redisForTest(['--requirepass', secret], { password: secret });
    const { log, text } = capturedLog();
    const fromFile = { url: redis.url, passwordFile: fileWith(`${secret}\n`) };
    await relayForTest({ redis: fromFile, log });
    process.env[passwordVariable] = secret;
    onTestFinished(() => {
      delete process.env[passwordVariable];
    });
    await relayForTest({ redis: redis.url, log });
    await redis.kill();
    await pause(500);
    expect(text()).toMatch(/still away/);
    expect(text()).not.toContain(secret);
  });

  it('what is wrong is said with its reason, and without the secret', async () => {
    const secret = 'S3cret-of-redis';
    const port = await freePort();
    const redis = await redisForTest(['--requirepass', secret, '--port', String(port)], { password: secret });
    const at = `127.0.0.1:${port}`;
    expect(await problem(redis.url)).toMatch(/Redis at .*socket cannot be used: NOAUTH/);
    const wrong = await problem(`redis://:wrong-one@${at}/2`);
    expect(wrong).toMatch(`Redis at ${at} (database 2) cannot be used: WRONGPASS`);
    expect(wrong).not.toContain('wrong-one');
    const noUrl = await problem(`http://:${secret}@${at}`);
    expect(noUrl).toMatch(/expected redis:/);
    expect(noUrl).not.toContain(secret);
    expect(await problem({ url: redis.url, passwordFile: '/none' })).toMatch(
      /password file of Redis.*ENOENT/,
    );
    expect(await problem(`redis://127.0.0.1:${await freePort()}`)).toMatch(/ECONNREFUSED/);
    expect(await problem(`redis://:${secret}@${at}/99`)).toMatch(/out of range/);
    await relayForTest({ redis: `redis://:${secret}@${at}` });
    redis.freeze();
    expect(await problem(`redis://:${secret}@${at}`)).toMatch(/no answer within/);
  });

  it('TLS: only to a Redis whose certificate is vouched for', async () => {
    const made = await makeCertificate('ec');
    const [cert, key] = [fileWith(made.cert), fileWith(made.key)];
    const port = await freePort();
    const files = ['--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', cert];
    await redisForTest(['--tls-port', String(port), '--tls-auth-clients', 'no', ...files]);
    const url = `rediss://localhost:${port}`;
    expect(await problem(url)).toMatch(/certificate/);
    const relay = await relayForTest({ redis: { url, caFile: cert } });
    expect(relay.stats().redis).toBe('up');
    expect(await problem({ url: `redis://localhost:${port}`, caFile: cert })).toMatch(/not rediss/);
  });
});
