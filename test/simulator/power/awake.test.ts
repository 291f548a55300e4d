/** How long the worst press keeps the chip awake, all that blocks counted, and that the deadline holds then too. */
import { afterEach, describe, expect, test } from 'vitest';
import {
  answerLimitMs,
  awakeLimitMs,
  joinLimitMs,
  pressTries,
  showErrorMs,
} from '../../../firmware/src/limits.ts';
import type { TraceEntry } from '../../../simulator/board/board.ts';
import { deadHostMs } from '../../../simulator/board/socket-world.ts';
import { type BoardName, currentsOf } from '../../../simulator/power/currents.ts';
import { integrate } from '../../../simulator/power/model.ts';
import { durations } from '../../../simulator/power/times.ts';
import { idle, type SlowWorld, slowJoinMs, slowWorld, wakings } from './fixtures/slow-world.ts';

const recommended = 'firebeetle-2-esp32-e';
const boards: BoardName[] = [recommended, 'esp32-ssd1306', 'heltec-wifi-kit-32'];

/** Four networks that never answer, a fifth that takes its time, and a relay that is not there. */
const roundMs = 4 * joinLimitMs + slowJoinMs + deadHostMs;
/** The boot, drawing, round trips, the last frames before the sleep. */
const slackMs = durations.bootMs.value + 2000;

const mAh = (trace: readonly TraceEntry[], name: BoardName) => integrate(trace, currentsOf(name)).mAh;

const worlds: SlowWorld[] = [];
afterEach(() => Promise.all(worlds.splice(0).map(world => world.close())));

async function pressed(boardName: string): Promise<SlowWorld & { asleep: () => boolean }> {
  const world = await slowWorld(boardName);
  worlds.push(world);
  await world.clock.advance(1000);
  let asleep = false;
  world.board.on('sleep', sleep => {
    asleep = sleep.kind === 'pin';
  });
  return { ...world, asleep: () => asleep };
}

describe('the worst press', () => {
  test.each(
    boards,
  )('five networks, then a dead host: one round, then the error without a radio, on %s', async name => {
    const { board, clock, asleep } = await pressed(name);
    board.troubles.connectBlocksMs = deadHostMs;
    board.press();
    await clock.run(asleep, awakeLimitMs);
    const [tried = 0, shown = 0, ...more] = wakings(board.trace).slice(-2);
    expect(tried).toBeGreaterThan(roundMs);
    expect(tried).toBeLessThan(roundMs + slackMs);
    expect(shown).toBeLessThan(showErrorMs + slackMs);
    expect(more).toEqual([]);
    expect(mAh(board.trace, name)).toBeLessThan(5);
    expect(board.faults).toEqual([]);
  });

  test('lost after it was sent, and three times more: under five minutes awake at once, six and a half in all', async () => {
    const { board, clock, asleep, heard } = await pressed(recommended);
    // With less luck the chip's event task hangs at the second address, and the third round has no joins.
    board.troubles.mdnsIsFree = true;
    board.press();
    await clock.run(() => heard() >= pressTries, awakeLimitMs);
    await clock.advance(answerLimitMs - 1000);
    board.troubles.connectBlocksMs = deadHostMs;
    // Each time that it has called in vain, the network goes too.
    const losing = () => {
      if (board.state === 'awake') board.loseWifi();
    };
    losing();
    let dials = 0;
    await clock.run(() => {
      const blocked = board.trace.filter(
        entry => entry.what === 'blocked' && entry.durationMs === deadHostMs,
      ).length;
      if (blocked > dials) losing();
      dials = blocked;
      return asleep();
    }, awakeLimitMs);
    const all = wakings(board.trace);
    const askedMs = 4 * joinLimitMs + slowJoinMs + pressTries * answerLimitMs;
    const worstMs = askedMs + 2 * roundMs + 3000;
    expect(dials).toBe(3);
    expect(Math.max(...all)).toBeGreaterThan(worstMs - answerLimitMs);
    expect(Math.max(...all)).toBeLessThan(worstMs + slackMs);
    expect(Math.max(...all)).toBeLessThan(5 * 60_000);
    expect(all.reduce((sum, ms) => sum + ms, 0)).toBeLessThan(6.5 * 60_000);
    expect(mAh(board.trace, recommended)).toBeLessThan(15);
  });
});

describe('the deadline', () => {
  test('ends a build that is followed for ever, and a dial that blocks makes it late by that dial at most', async () => {
    const { board, clock, asleep, say, heard } = await pressed(recommended);
    board.press();
    await clock.run(() => heard() > 0, awakeLimitMs);
    const wokeAtMs = clock.nowMs() - 4 * joinLimitMs - slowJoinMs;
    for (let seq = 1; clock.nowMs() - wokeAtMs < awakeLimitMs - 60_000; seq++) {
      say({
        ...idle,
        press: 1,
        seq,
        state: 'provisioning',
        cluster: 'house-01-1',
        percent: 40,
        lookAgainS: 2,
      });
      await clock.advance(20_000);
    }
    expect(board.state).toBe('awake');
    // Its next words are cut off; it dials again, and the deadline falls into that.
    await clock.advance(wokeAtMs + awakeLimitMs - 20_000 - clock.nowMs());
    board.troubles.cutAfterBytes = 1;
    board.troubles.connectBlocksMs = deadHostMs;
    await clock.run(asleep, awakeLimitMs);
    const awakeMs = Math.max(...wakings(board.trace));
    expect(awakeMs).toBeGreaterThan(awakeLimitMs);
    expect(awakeMs).toBeLessThan(awakeLimitMs + deadHostMs + slackMs);
    expect(board.faults.filter(({ kind }) => kind !== 'after-sleep')).toEqual([]);
  });
});
