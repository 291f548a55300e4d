import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { test as base, expect } from 'vitest';
import { Journal } from '../../provisioner/src/journal/index.ts';
import type { Webhook } from '../../provisioner/src/settings/config.ts';
import { signatureHeaders, webhookKey } from '../../provisioner/src/settings/webhook-signature.ts';
import { giveUpAfterMs, maxWaiting } from '../../provisioner/src/webhooks/delivery.ts';
import { Webhooks } from '../../provisioner/src/webhooks/webhooks.ts';
import { makeAuthority, makeServerPair } from '../../simulator/ccp/certificates.ts';
import { pause, until } from '../fixtures/patience.ts';
import { endsBefore } from './fixtures/by-itself.ts';
import { noticeOf, pressRecord } from './fixtures/records.ts';
import { type Receiver, type ReceiverOptions, startReceiver } from './fixtures/webhooks-receiver.ts';

const key = Buffer.alloc(32, 7);
const secret = `whsec_${key.toString('base64')}`;

/** A journal, webhooks that read it, and receivers on loopback. */
class Post {
  readonly #folder = mkdtempSync(join(tmpdir(), 'dashbutton-'));
  readonly #receivers: Receiver[] = [];
  #journal: Journal | undefined;
  #webhooks: Webhooks | undefined;
  /** What was logged. */
  readonly lines: string[] = [];
  /** The lab's clock, when it is not the machine's. */
  nowMs: number | undefined;

  get journal(): Journal {
    if (this.#journal === undefined) throw new Error('the journal is not open');
    return this.#journal;
  }

  get webhooks(): Webhooks {
    if (this.#webhooks === undefined) throw new Error('not started');
    return this.#webhooks;
  }

  async open(): Promise<void> {
    this.#journal = await Journal.open(this.#folder);
  }

  async close(): Promise<void> {
    await this.stop();
    await this.#journal?.close();
    await Promise.all(this.#receivers.map(receiver => receiver.close()));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async receiver(options: Partial<ReceiverOptions> = {}): Promise<Receiver> {
    const started = await startReceiver({ key, now: () => this.nowMs ?? Date.now(), ...options });
    this.#receivers.push(started);
    return started;
  }

  /** The shortest waits that the jitter allows: 2.5 s, 5 s, 10 s … */
  start(...hooks: Webhook[]): void {
    this.#webhooks = new Webhooks({
      journal: this.journal,
      webhooks: hooks,
      log: pino({ level: 'debug' }, { write: line => void this.lines.push(line) }),
      now: () => this.nowMs ?? Date.now(),
      ran: () => this.nowMs ?? Date.now(),
      random: () => 0,
    });
  }

  async stop(): Promise<void> {
    await this.#webhooks?.stop();
    this.#webhooks = undefined;
  }

  async restart(...hooks: Webhook[]): Promise<void> {
    await this.stop();
    await this.journal.close();
    await this.open();
    this.start(...hooks);
  }

  async say(...presses: number[]): Promise<string[]> {
    const notices = presses.map(press => noticeOf(press));
    await this.journal.write({ presses: presses.map(press => pressRecord(press)), notices });
    return notices.map(({ id }) => id);
  }

  /** Until a line says so. */
  async logged(words: RegExp): Promise<void> {
    await until(() => this.lines.some(line => words.test(line)), `a line with ${words}`, waitMs);
  }

  /** Until so many calls have failed, by the log. */
  async notTold(count: number): Promise<void> {
    const failed = () => this.lines.filter(line => line.includes('"webhook not told"')).length >= count;
    await until(failed, `${count} failures`, waitMs);
  }

  /** Until nobody has anything to be told of any more. */
  async allTold(): Promise<void> {
    await until(() => this.journal.notices().length === 0, 'all notices to be settled', waitMs);
  }
}

/** For the second of the waits between attempts, and more. */
const waitMs = 20_000;

async function heard(hook: Receiver, count: number): Promise<void> {
  await until(() => hook.received.length >= count, `${count} calls`, waitMs);
}

const test = base.extend(
  'post',
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the names of the fixtures from here; none is needed.
  async ({}, { onCleanup }) => {
    const post = new Post();
    onCleanup(() => post.close());
    await post.open();
    return post;
  },
).concurrent;

// First, because it takes longest.
test('no answer within 10 s is a failure', async ({ post }) => {
  const hook = await post.receiver();
  hook.answer = () => {};
  post.start({ url: hook.url, secret });
  await post.say(1);
  await post.logged(/no answer within 10000 ms/);
});

test('a POST that its receiver can verify; then nothing waits any more', async ({ post }) => {
  const hook = await post.receiver();
  post.start({ url: hook.url, secret });
  const notice = noticeOf(1, { event: 'ready', server: 'https://10.0.0.1:6443' });
  await post.journal.write({ notices: [notice] });
  await heard(hook, 1);
  expect(hook.refused).toEqual([]);
  expect(JSON.parse(hook.received[0]?.body ?? '')).toEqual(notice);
  expect(hook.received[0]?.headers).toMatchObject({
    'content-type': 'application/json',
    'user-agent': expect.stringMatching(/^dashbutton\/\d+\.\d+\.\d+/),
    'webhook-id': notice.id,
  });
  await post.allTold();
});

test('a secret without the prefix is its own text; one that is no base64 is refused and not repeated', async ({
  post,
}) => {
  expect(webhookKey('just words', 'x')).toEqual(Buffer.from('just words'));
  expect(webhookKey(secret, 'x')).toEqual(key);
  for (const bad of ['whsec_', 'whsec_c2hvcnQ=', 'whsec_!!!']) {
    expect(() => post.start({ url: 'http://127.0.0.1:1', secret: bad })).toThrow(
      /^the secret of webhooks\.0 http:\/\/127\.0\.0\.1:1 begins with whsec_: expected base64 of 24 to 64 bytes behind that$/,
    );
  }
});

test('the wrong key: a receiver that checks turns it away, and it is tried again', async ({ post }) => {
  const hook = await post.receiver();
  post.start({ url: hook.url, secret: 'another' });
  await post.say(1);
  await until(() => hook.refused.length > 0, 'a refusal');
  expect(hook.refused).toEqual(['a wrong signature']);
  expect(hook.received).toEqual([]);
  await post.logged(/it answered 400/);
});

test('500 is tried again with longer and longer waits, one at a time and in order', async ({ post }) => {
  const hook = await post.receiver();
  const startMs = Date.now();
  post.nowMs = startMs;
  // A minute passes with each call.
  hook.answer = (response, count) => {
    post.nowMs = startMs + count * 60_000;
    response.writeHead(count <= 2 ? 500 : 200).end();
  };
  post.start({ url: hook.url, secret });
  const [first = '', second = '', third = ''] = await post.say(1, 2, 3);
  await heard(hook, 1);
  await pause(1_000);
  expect(hook.received).toHaveLength(1);
  await heard(hook, 5);
  expect(hook.ids()).toEqual([first, first, first, second, third]);
  const waits = post.lines.flatMap(line => /"againS":(\d+)/.exec(line)?.[1] ?? []);
  expect(waits).toEqual(['3', '5']);
  // The time of the attempt, not of the event.
  const stamps = hook.received.map(({ headers }) => Number(headers['webhook-timestamp']));
  expect(stamps.map(stamp => stamp - Math.floor(startMs / 1000))).toEqual([0, 60, 120, 180, 240]);
});

test('dead, then alive at the same place; meanwhile the other one is told at once', async ({ post }) => {
  const dead = await post.receiver({ path: '/dead' });
  const { url, port } = dead;
  await dead.close();
  const alive = await post.receiver();
  post.start({ url, secret }, { url: alive.url, secret });
  const ids = await post.say(1, 2);
  await heard(alive, ids.length);
  expect(alive.ids()).toEqual(ids);
  const back = await post.receiver({ path: '/dead', port });
  await heard(back, ids.length);
  expect(back.ids()).toEqual(ids);
  await post.allTold();
});

test('stop ends a call under way at once; the next start repeats it, with the same id', async ({ post }) => {
  const hook = await post.receiver();
  hook.answer = () => {};
  post.start({ url: hook.url, secret });
  const ids = await post.say(1);
  await heard(hook, 1);
  // By itself the call ends after 10 s.
  expect(await endsBefore(9_000, post.stop())).toBe(true);
  hook.answer = 204;
  await post.restart({ url: hook.url, secret });
  await heard(hook, 2);
  expect(hook.ids()).toEqual([...ids, ...ids]);
  expect(post.lines.filter(line => line.includes('webhook not told'))).toEqual([]);
});

test('each is told of the events that it wants, also where two settings name one URL', async ({ post }) => {
  const hook = await post.receiver();
  post.start(
    { url: hook.url, secret, events: ['ready'] },
    { url: hook.url, secret, events: ['ready', 'failed'] },
  );
  const events = ['accepted', 'ready', 'failed'] as const;
  await post.journal.write({ notices: events.map(event => noticeOf(1, { event })) });
  await heard(hook, 3);
  await post.allTold();
  const told = hook.received.map(({ body }) => JSON.parse(body).event).sort();
  expect(told).toEqual(['failed', 'ready', 'ready']);
});

test('https with an authority of its own; without it nothing is sent', async ({ post }) => {
  const authority = await makeAuthority('authority');
  const pair = await makeServerPair('hooks', ['127.0.0.1'], authority);
  const hook = await post.receiver({ tls: { cert: pair.certPem, key: pair.keyPem } });
  post.start({ url: hook.url, secret });
  await post.say(1);
  await post.logged(/certificate/);
  expect(hook.received).toEqual([]);
  await post.restart({ url: hook.url, secret, ca: authority.certPem });
  await heard(hook, 1);
});

test('410 refuses a notice for good; a redirect is not followed', async ({ post }) => {
  const elsewhere = await post.receiver();
  const hook = await post.receiver();
  hook.answer = (response, count) => {
    if (count === 1) response.writeHead(410).end();
    else response.writeHead(307, { location: elsewhere.url }).end();
  };
  post.start({ url: hook.url, secret });
  const ids = await post.say(1, 2);
  await heard(hook, ids.length);
  expect(hook.ids()).toEqual(ids);
  await post.logged(/it answered 307/);
  expect(elsewhere.received).toEqual([]);
  expect(post.journal.notices().map(({ id }) => id)).toEqual(ids.slice(1));
});

test('a notice that is refused for good holds up nothing behind it; it is listed, and can be sent again', async ({
  post,
}) => {
  const hook = await post.receiver();
  const answers = [404, 200, 400, 200];
  hook.answer = (response, count) => response.writeHead(answers[count - 1] ?? 200).end();
  post.start({ url: hook.url, secret });
  const ids = await post.say(1, 2, 3, 4);
  await post.allTold();
  expect(hook.ids()).toEqual(ids);
  expect(post.webhooks.refused()).toMatchObject([
    { id: ids[0], press: 1, reason: 'it answered 404', webhook: expect.stringMatching(/^webhooks\.0 http/) },
    { id: ids[2], press: 3, reason: 'it answered 400' },
  ]);
  // Also after a restart.
  await post.restart({ url: hook.url, secret });
  expect(post.webhooks.refused()).toHaveLength(2);
  expect(await post.webhooks.sendAgain([ids[2] ?? ''])).toBe(1);
  await heard(hook, 5);
  expect(hook.ids().at(-1)).toBe(ids[2]);
  await post.allTold();
  expect(post.webhooks.refused().map(({ id }) => id)).toEqual([ids[0]]);
  expect(await post.webhooks.sendAgain()).toBe(1);
  await until(() => post.webhooks.refused().length === 0, 'nothing refused any more');
});

test.each([408, 425, 429])('what may pass is tried again: %d', async status => {
  const post = new Post();
  await post.open();
  const hook = await post.receiver();
  hook.answer = (response, count) => response.writeHead(count === 1 ? status : 200).end();
  post.start({ url: hook.url, secret });
  await post.say(1);
  await heard(hook, 2);
  await post.allTold();
  expect(post.webhooks.refused()).toEqual([]);
  await post.close();
});

test('a receiver that says when is asked then', async ({ post }) => {
  const hook = await post.receiver();
  hook.answer = (response, count) => {
    if (count === 1) response.writeHead(503, { 'retry-after': '4' }).end();
    else response.writeHead(200).end();
  };
  post.start({ url: hook.url, secret });
  await post.say(1);
  // By itself it would come again after 2.5 s.
  await post.logged(/"againS":4\b/);
  await pause(3_000);
  expect(hook.received).toHaveLength(1);
  await heard(hook, 2);
});

test('what nobody took for a day is dropped, with all that is as old; what is younger waits on', async ({
  post,
}) => {
  const hook = await post.receiver();
  hook.answer = 500;
  const at = Date.now();
  post.nowMs = at;
  post.start({ url: hook.url, secret });
  const young = noticeOf(3, {}, at + 60_000);
  await post.journal.write({ notices: [noticeOf(1, {}, at), noticeOf(2, {}, at)] });
  // Not as soon as the call has come: the delivery looks at the clock when it has failed.
  await post.notTold(1);
  post.nowMs = at + 60_000;
  await post.journal.write({ notices: [young] });
  await post.notTold(2);
  expect(post.journal.notices()).toHaveLength(3);
  post.nowMs = at + giveUpAfterMs;
  await until(() => post.journal.notices().length === 1, 'the old ones to be dropped', waitMs);
  expect(post.journal.notices()).toEqual([young]);
  expect(post.lines.find(line => line.includes('more than a day old'))).toMatch(/"level":50.*"notices":2/);
});

test('of too many that wait the oldest go', async ({ post }) => {
  post.start({ url: 'http://127.0.0.1:1/', secret });
  const notices = Array.from({ length: maxWaiting + 5 }, (_, i) => noticeOf(i + 1));
  await post.journal.write({ notices });
  await until(() => post.journal.notices().length === maxWaiting, 'the oldest to be dropped');
  expect(post.journal.notices()[0]?.press).toBe(6);
  expect(post.lines.join()).toMatch(/more than 1000 notices wait, dropped the oldest/);
});

test('what waits for a webhook that is no longer in the settings is dropped, and said', async ({ post }) => {
  post.start({ url: 'http://127.0.0.1:1/', secret });
  await post.say(1, 2);
  await post.restart();
  await post.allTold();
  expect(post.lines.join()).toMatch(/"notices":2.*no longer in the settings/);
});

test('no secret in any line, nor the path or user of a URL', async ({ post }) => {
  const hook = await post.receiver({ path: '/T0/very-secret-path?token=very-secret-token' });
  hook.answer = (response, count) => response.writeHead(count === 1 ? 500 : 410).end();
  post.start({ url: hook.url, secret }, { url: 'http://127.0.0.1:1/very-secret-path', secret });
  await post.say(1);
  await heard(hook, 2);
  await post.logged(/410/);
  await post.restart({ url: hook.url, secret });
  await post.allTold();
  expect(post.lines.length).toBeGreaterThan(3);
  for (const hidden of ['very-secret', secret, key.toString('base64'), 'whsec_']) {
    expect(post.lines.join()).not.toContain(hidden);
  }
});

test('headers as the scheme’s own test vector has them', () => {
  const published = webhookKey('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'x');
  expect(
    signatureHeaders(published, 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1_614_265_330_999, '{"test": 2432232314}'),
  ).toEqual({
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  });
});
