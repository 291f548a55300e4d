/** The sender does not choose the size of the log, nor the labels of metrics. */
import { pino } from 'pino';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { pressTopic } from '../../../protocol/src/topics.ts';
import { defaultLimits } from '../../../relay/src/limits/limits.ts';
import { makeClientLog } from '../../../relay/src/metrics/client-log.ts';
import { until } from '../../fixtures/patience.ts';
import {
  connectPacket,
  publishPacket,
  rawClient,
  relayForTest,
  subscribePacket,
} from '../fixtures/helpers.ts';

interface Line {
  msg: string;
  who?: string;
  more?: Record<string, number>;
  count?: number;
  others?: number;
}

function collected() {
  const texts: string[] = [];
  const log = pino({ level: 'info' }, { write: (text: string) => void texts.push(text) });
  return { log, texts, lines: () => texts.map(text => JSON.parse(text) as Line) };
}

describe('through a real relay', () => {
  test('16 kB of short filters in one SUBSCRIBE are some lines, and one that counts the rest', async () => {
    const { log, texts, lines } = collected();
    const relay = await relayForTest({ log });
    const before = texts.length;
    const raw = await rawClient(relay);
    const filters = Array.from({ length: 2_600 }, (_, i) => i.toString(36));
    raw.send(connectPacket('lab-provisioner'), subscribePacket(1, ...filters));
    await until(() => raw.packets.length === 2, 'SUBACK');
    await relay.close();
    const caused = lines().slice(before);
    expect(caused.length).toBeLessThanOrEqual(20);
    expect(caused.at(-1)?.more?.['subscribe refused: foreign-topic']).toBe(2_600 - 4);
    expect(texts.slice(before).join('').length).toBeLessThan(4_000);
  });

  test('600 wrong logins from one address, too; and each is counted', async () => {
    const { log, texts, lines } = collected();
    const relay = await relayForTest({ log });
    const before = texts.length;
    for (let i = 0; i < 30; i++) {
      const some = Array.from({ length: 20 }, async (_, j) => {
        const raw = await rawClient(relay);
        // Names of their own, each with what would be a label or a line.
        raw.send(connectPacket(`x".} \n${i}-${j}`, { password: Buffer.from('wrong') }));
        await raw.closed;
      });
      await Promise.all(some);
    }
    expect(relay.stats().refused).toEqual({ 'bad-user-name-or-password': 600 });
    await relay.close();
    const caused = lines().slice(before);
    expect(caused.length).toBeLessThanOrEqual(20);
    expect(caused.at(-1)?.more).toEqual({ 'login refused: bad-user-name-or-password': 595 });
  });

  test('so are packets that are refused one after the other, with a reconnect each', async () => {
    const { log, texts, lines } = collected();
    const relay = await relayForTest({ log, limits: { buttonMessageBurst: 1e9 } });
    const before = texts.length;
    for (let i = 0; i < 100; i++) {
      const raw = await rawClient(relay);
      raw.send(connectPacket('house-01'), publishPacket(pressTopic('cloud-01'), 'x'));
      await raw.closed;
    }
    await relay.close();
    expect(lines().slice(before).length).toBeLessThanOrEqual(20);
  });
});

describe('the log of what clients cause', () => {
  const limits = { ...defaultLimits, logLinesPerClient: 3, logLines: 10, rememberedKeys: 100 };

  test('has a few lines of each in full, a sum when the minute is over, and begins anew', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const { log, lines } = collected();
    const clientLog = makeClientLog(log, limits);
    const many = () => {
      for (let i = 0; i < 10; i++) clientLog.note('warn', 'a', { reason: 'r' }, 'refused');
    };
    many();
    clientLog.note('info', 'b', {}, 'logged in');
    expect(lines().map(({ msg }) => msg)).toEqual(['refused', 'refused', 'refused', 'logged in']);
    vi.advanceTimersByTime(defaultLimits.logPeriodMs);
    expect(lines().at(-1)).toMatchObject({ who: 'a', more: { 'refused: r': 7 } });
    expect(lines()).toHaveLength(5);
    many();
    expect(lines()).toHaveLength(8);
    clientLog.close();
    expect(lines()).toHaveLength(9);
    vi.advanceTimersByTime(10 * defaultLimits.logPeriodMs);
    expect(lines()).toHaveLength(9);
  });

  test('is bounded whoever comes: 100,000 names are ten lines, twenty sums and one of the rest', () => {
    const { log, lines } = collected();
    const clientLog = makeClientLog(log, limits);
    for (let i = 0; i < 100_000; i++) clientLog.note('warn', `stranger ${i}`, { reason: 'r' }, 'refused');
    clientLog.close();
    expect(lines()).toHaveLength(10 + 20 + 1);
    const sums = lines().slice(10);
    const counted = sums.reduce((sum, { more, count = 0 }) => sum + count + (more?.['refused: r'] ?? 0), 0);
    expect(counted).toBe(100_000 - 10);
  });
});
