import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Journal } from '../../provisioner/src/journal/index.ts';
import type { Webhook } from '../../provisioner/src/settings/config.ts';
import { giveUpAfterMs, maxWaiting } from '../../provisioner/src/webhooks/courier.ts';
import { signatureHeaders, webhookKey } from '../../provisioner/src/webhooks/sign.ts';
import { Webhooks } from '../../provisioner/src/webhooks/webhooks.ts';
import { makeAuthority, makeServerPair } from '../../simulator/ccp/certificates.ts';
import { noticeOf, pressRecord } from './records.ts';
import { type Receiver, type ReceiverOptions, startReceiver } from './webhooks-receiver.ts';

const key = Buffer.alloc(32, 7);
const secret = `whsec_${key.toString('base64')}`;
const poll = { timeout: 20_000, interval: 20 };

let folder: string;
let journal: Journal;
let webhooks: Webhooks | undefined;
let receivers: Receiver[];
let lines: string[];
let nowMs: number | undefined;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dashbutton-'));
  journal = await Journal.open(folder);
  receivers = [];
  lines = [];
  nowMs = undefined;
});

afterEach(async () => {
  await webhooks?.stop();
  webhooks = undefined;
  await journal.close();
  await Promise.all(receivers.map(receiver => receiver.close()));
  rmSync(folder, { recursive: true, force: true });
});

async function receiver(options: Partial<ReceiverOptions> = {}): Promise<Receiver> {
  const started = await startReceiver({ key, ...options });
  receivers.push(started);
  return started;
}

/** The shortest waits that the jitter allows: 2.5 s, 5 s, 10 s … */
function start(...hooks: Webhook[]): void {
  const log = pino({ level: 'debug' }, { write: line => void lines.push(line) });
  webhooks = new Webhooks({
    journal,
    webhooks: hooks,
    log,
    now: () => nowMs ?? Date.now(),
    random: () => 0,
  });
}

async function restart(...hooks: Webhook[]): Promise<void> {
  await webhooks?.stop();
  await journal.close();
  journal = await Journal.open(folder);
  start(...hooks);
}

async function say(...presses: number[]): Promise<string[]> {
  const notices = presses.map(press => noticeOf(press));
  await journal.write({ presses: presses.map(press => pressRecord(press)), notices });
  return notices.map(({ id }) => id);
}

test('a POST that its receiver can verify; then nothing waits any more', async () => {
  const hook = await receiver();
  start({ url: hook.url, secret });
  const notice = noticeOf(1, { event: 'ready', server: 'https://10.0.0.1:6443' });
  await journal.write({ notices: [notice] });
  await expect.poll(() => hook.received.length, poll).toBe(1);
  expect(hook.refused).toEqual([]);
  expect(JSON.parse(hook.received[0]?.body ?? '')).toEqual(notice);
  expect(hook.received[0]?.headers).toMatchObject({
    'content-type': 'application/json',
    'user-agent': expect.stringMatching(/^dashbutton\/\d+\.\d+\.\d+/),
    'webhook-id': notice.id,
  });
  await expect.poll(() => journal.notices(), poll).toEqual([]);
});

test('a secret without the prefix is its own text; one that is no base64 is refused and not repeated', async () => {
  expect(webhookKey('just words', 'x')).toEqual(Buffer.from('just words'));
  expect(webhookKey(secret, 'x')).toEqual(key);
  for (const bad of ['whsec_', 'whsec_c2hvcnQ=', 'whsec_!!!']) {
    expect(() => start({ url: 'http://127.0.0.1:1', secret: bad })).toThrow(
      /^the secret of webhooks\.0 http:\/\/127\.0\.0\.1:1 begins with whsec_: expected base64 of 24 to 64 bytes behind that$/,
    );
  }
});

test('the wrong key: a receiver that checks turns it away, and it is tried again', async () => {
  const hook = await receiver();
  start({ url: hook.url, secret: 'another' });
  await say(1);
  await expect.poll(() => hook.refused, poll).toEqual(['a wrong signature']);
  expect(hook.received).toEqual([]);
  await expect.poll(() => lines.join(), poll).toMatch(/it answered 400/);
});

test('500 is tried again with longer and longer waits, one at a time and in order', async () => {
  const hook = await receiver();
  hook.answer = (response, count) => response.writeHead(count <= 2 ? 500 : 200).end();
  start({ url: hook.url, secret });
  const [first = '', second = '', third = ''] = await say(1, 2, 3);
  await expect.poll(() => hook.ids(), poll).toEqual([first, first, first, second, third]);
  const times = hook.received.map(({ atMs }) => atMs);
  expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(2_400);
  expect((times[2] ?? 0) - (times[1] ?? 0)).toBeGreaterThan(4_900);
  // The time of the attempt, not of the event.
  const stamps = hook.received.map(({ headers }) => Number(headers['webhook-timestamp']));
  expect((stamps[2] ?? 0) - (stamps[0] ?? 0)).toBeGreaterThan(6);
});

test('dead, then alive at the same place; meanwhile the other one is told at once', async () => {
  const dead = await receiver();
  const { url, port } = dead;
  await dead.close();
  const alive = await receiver();
  start({ url, secret }, { url: alive.url, secret });
  const ids = await say(1, 2);
  await expect.poll(() => alive.ids(), poll).toEqual(ids);
  const back = await receiver({ port });
  await expect.poll(() => back.ids(), poll).toEqual(ids);
  await expect.poll(() => journal.notices(), poll).toEqual([]);
});

test('stop ends a call under way within a second; the next start repeats it, with the same id', async () => {
  const hook = await receiver();
  hook.answer = () => {};
  start({ url: hook.url, secret });
  const ids = await say(1);
  await expect.poll(() => hook.received.length, poll).toBe(1);
  const before = performance.now();
  await webhooks?.stop();
  expect(performance.now() - before).toBeLessThan(1_000);
  hook.answer = 204;
  await restart({ url: hook.url, secret });
  await expect.poll(() => hook.ids(), poll).toEqual([...ids, ...ids]);
  expect(lines.filter(line => line.includes('webhook not told'))).toEqual([]);
});

test('no answer within 10 s is a failure', { timeout: 60_000 }, async () => {
  const hook = await receiver();
  hook.answer = () => {};
  start({ url: hook.url, secret });
  await say(1);
  await expect.poll(() => lines.join(), poll).toMatch(/no answer within 10000 ms/);
});

test('each is told of the events that it wants, also where two settings name one URL', async () => {
  const hook = await receiver();
  start({ url: hook.url, secret, events: ['ready'] }, { url: hook.url, secret, events: ['ready', 'failed'] });
  const events = ['accepted', 'ready', 'failed'] as const;
  await journal.write({ notices: events.map(event => noticeOf(1, { event })) });
  await expect.poll(() => hook.ids().length, poll).toBe(3);
  await expect.poll(() => journal.notices(), poll).toEqual([]);
  const told = hook.received.map(({ body }) => JSON.parse(body).event).sort();
  expect(told).toEqual(['failed', 'ready', 'ready']);
});

test('https with an authority of its own; without it nothing is sent', async () => {
  const authority = await makeAuthority('authority');
  const pair = await makeServerPair('hooks', ['127.0.0.1'], authority);
  const hook = await receiver({ tls: { cert: pair.certPem, key: pair.keyPem } });
  start({ url: hook.url, secret });
  await say(1);
  await expect.poll(() => lines.join(), poll).toMatch(/certificate/);
  expect(hook.received).toEqual([]);
  await restart({ url: hook.url, secret, ca: authority.certPem });
  await expect.poll(() => hook.received.length, poll).toBe(1);
});

test('410 ends a notice at once; a redirect is not followed', async () => {
  const elsewhere = await receiver();
  const hook = await receiver();
  hook.answer = (response, count) => {
    if (count === 1) response.writeHead(410).end();
    else response.writeHead(307, { location: elsewhere.url }).end();
  };
  start({ url: hook.url, secret });
  const ids = await say(1, 2);
  await expect.poll(() => hook.ids(), poll).toEqual(ids);
  await expect.poll(() => lines.join(), poll).toMatch(/it answered 307/);
  expect(elsewhere.received).toEqual([]);
  expect(journal.notices().map(({ id }) => id)).toEqual(ids.slice(1));
});

test('a receiver that says when is asked then', async () => {
  const hook = await receiver();
  hook.answer = (response, count) => {
    if (count === 1) response.writeHead(503, { 'retry-after': '4' }).end();
    else response.writeHead(200).end();
  };
  start({ url: hook.url, secret });
  await say(1);
  await expect.poll(() => hook.received.length, poll).toBe(2);
  expect((hook.received[1]?.atMs ?? 0) - (hook.received[0]?.atMs ?? 0)).toBeGreaterThan(3_900);
});

test('what nobody took for a day is dropped, with all that is as old; what is younger waits on', async () => {
  const hook = await receiver();
  hook.answer = 500;
  const at = Date.now();
  nowMs = at;
  start({ url: hook.url, secret });
  const young = noticeOf(3, {}, at + 60_000);
  await journal.write({ notices: [noticeOf(1, {}, at), noticeOf(2, {}, at), young] });
  await expect.poll(() => hook.received.length, poll).toBe(1);
  expect(journal.notices()).toHaveLength(3);
  nowMs = at + giveUpAfterMs;
  // The receiver has a clock of its own, to which this is a day off: a 400 is as good as a 500 here.
  await expect.poll(() => journal.notices(), poll).toEqual([young]);
  expect(lines.find(line => line.includes('more than a day old'))).toMatch(/"level":50.*"notices":2/);
});

test('of too many that wait the oldest go', async () => {
  start({ url: 'http://127.0.0.1:1/', secret });
  const notices = Array.from({ length: maxWaiting + 5 }, (_, i) => noticeOf(i + 1));
  await journal.write({ notices });
  await expect.poll(() => journal.notices().length, poll).toBe(maxWaiting);
  expect(journal.notices()[0]?.press).toBe(6);
  expect(lines.join()).toMatch(/more than 1000 notices wait, dropped the oldest/);
});

test('what waits for a webhook that is no longer in the settings is dropped, and said', async () => {
  start({ url: 'http://127.0.0.1:1/', secret });
  await say(1, 2);
  await restart();
  await expect.poll(() => journal.notices(), poll).toEqual([]);
  expect(lines.join()).toMatch(/"notices":2.*no longer in the settings/);
});

test('no secret in any line, nor the path or user of a URL', async () => {
  const hook = await receiver({ path: '/T0/very-secret-path?token=very-secret-token' });
  hook.answer = (response, count) => response.writeHead(count === 1 ? 500 : 410).end();
  start({ url: hook.url, secret }, { url: 'http://127.0.0.1:1/very-secret-path', secret });
  await say(1);
  await expect.poll(() => hook.received.length, poll).toBe(2);
  await expect.poll(() => lines.join(), poll).toMatch(/410/);
  await restart({ url: hook.url, secret });
  await expect.poll(() => journal.notices(), poll).toEqual([]);
  expect(lines.length).toBeGreaterThan(3);
  for (const hidden of ['very-secret', secret, key.toString('base64'), 'whsec_']) {
    expect(lines.join()).not.toContain(hidden);
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
