/** What a relay hands out of ours, held against the newest: {@link ReadBack} on a clock of its own. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ReadBack } from '../../provisioner/src/uplink/read-back.ts';

const beacon = 'beacon';
const said: string[] = [];
let deaf = 0;
let newest: Buffer | undefined;
let readBack: ReadBack;

beforeEach(() => {
  vi.useFakeTimers();
  said.length = 0;
  deaf = 0;
  newest = Buffer.from('new');
  readBack = new ReadBack({
    beacon,
    newest: () => newest,
    sayAgain: topic => void said.push(topic),
    onDeaf: () => void deaf++,
  });
  readBack.follow(['a', 'b', 'c', beacon]);
});

afterEach(() => {
  readBack.stop();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const old = Buffer.from('old');

test('an old message is answered with the newest, within two seconds', () => {
  readBack.heard('a', old);
  vi.advanceTimersByTime(2_000);
  expect(said).toEqual(['a']);
});

test('the newest, an echo of what was newest a moment ago, and nothing of ours are left alone', () => {
  readBack.heard('a', Buffer.from('new'));
  readBack.heard('b', old);
  readBack.heard('b', Buffer.from('new'));
  newest = undefined;
  readBack.heard('c', old);
  vi.advanceTimersByTime(60_000);
  expect(said).toEqual([]);
});

test('words of ours that come back in their turn are no news, however late', () => {
  const words = ['1', '2', 'new'].map(text => Buffer.from(text));
  for (const word of words) readBack.said('a', word, true);
  for (const word of words) {
    readBack.heard('a', word);
    vi.advanceTimersByTime(15_000);
  }
  expect(said).toEqual([]);
  // The same word again is old by now.
  readBack.heard('a', words[0] as Buffer);
  vi.advanceTimersByTime(2_000);
  expect(said).toEqual(['a']);
});

test('something foreign is not believed because ours is still on the way; that is waited for, not for ever', () => {
  readBack.said('a', Buffer.from('new'), true);
  readBack.heard('a', old);
  vi.advanceTimersByTime(9_000);
  expect(said).toEqual([]);
  vi.advanceTimersByTime(2_000);
  expect(said).toEqual(['a']);
});

test('a word in passing that comes back is no news', () => {
  readBack.said('a', Buffer.from('your key is wrong'), false);
  readBack.heard('a', Buffer.from('your key is wrong'));
  vi.advanceTimersByTime(5_000);
  expect(said).toEqual([]);
});

test('a relay that insists is answered ever more slowly, at most once a minute in the end', () => {
  for (let ms = 0; ms < 3_600_000; ms += 250) {
    readBack.heard('a', old);
    // Heard at once and then left to settle.
    if (ms % 1_000 === 0) vi.advanceTimersByTime(1_000);
  }
  const minutes = (3_600_000 / 1_000) * (1_000 / 60_000);
  expect(said.length).toBeGreaterThan(minutes / 2);
  expect(said.length).toBeLessThan(minutes + 10);
});

test('six thousand old ones at once are answered, a few at a time', () => {
  const topics = Array.from({ length: 6_000 }, (_, i) => `topic ${i}`);
  for (const topic of topics) readBack.heard(topic, old);
  vi.advanceTimersByTime(1_000);
  expect(said.length).toBeGreaterThan(0);
  expect(said.length).toBeLessThanOrEqual(200);
  vi.advanceTimersByTime(60_000);
  expect(new Set(said)).toEqual(new Set(topics));
  expect(said).toHaveLength(topics.length);
});

test('two beacons in a row that do not come back: deaf; one alone is a hiccup', () => {
  readBack.said(beacon, Buffer.from('1'), true);
  vi.advanceTimersByTime(60_000);
  readBack.said(beacon, Buffer.from('2'), true);
  readBack.heard(beacon, Buffer.from('new'));
  readBack.said(beacon, Buffer.from('3'), true);
  // Said again at once, as after a stale press: it had no time to come back.
  for (let i = 0; i < 5; i++) readBack.said(beacon, Buffer.from('4'), true);
  vi.advanceTimersByTime(60_000);
  readBack.said(beacon, Buffer.from('5'), true);
  expect(deaf).toBe(0);
  vi.advanceTimersByTime(60_000);
  readBack.said(beacon, Buffer.from('6'), true);
  expect(deaf).toBe(1);
});
