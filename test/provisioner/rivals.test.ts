/** When the other provisioner with this login is gone; and one's own restart, which is none. The whole: test/e2e. */
import { pino } from 'pino';
import { expect, test as plain } from 'vitest';
import { silentLog } from '../../config/src/log.ts';
import { startProvisioner } from '../../provisioner/src/provisioner.ts';
import type { Provisioner, ProvisionerDeps } from '../../provisioner/src/service.ts';
import { makeInstance, Rivals } from '../../provisioner/src/uplink/rivals.ts';
import { until } from '../fixtures/patience.ts';
import { type Room, roomTest } from './fixtures/room.ts';

const test = roomTest();

const named = 'another provisioner uses this login at the relay';

function heardLog() {
  const lines: { msg: string }[] = [];
  const log = pino({}, { write: line => void lines.push(JSON.parse(line)) });
  return { log, says: (words: string) => lines.filter(({ msg }) => msg.startsWith(words)).length };
}

/** With the same settings, but for its journal. */
async function startSecond(room: Room, deps: Partial<ProvisionerDeps> = {}): Promise<Provisioner> {
  const config = { ...room.lab.config, journal: `${room.lab.config.journal}-2` };
  const second = await startProvisioner(config, { log: silentLog, ...deps });
  room.onClose(() => second.stop());
  return second;
}

test('the first one is gone: the second takes the login at its next look but one', async ({ room }) => {
  await room.startProvisioner();
  const second = await startSecond(room, { firstLookMs: 200 });
  await until(
    () => second.health().rival?.first === true && !second.connected,
    'the second to stand aside',
    60_000,
  );
  const connects = () => room.provisioner.relays[0]?.connects ?? 0;
  const before = connects();
  // Once it comes back because the second has left.
  await until(() => connects() >= before + 2, 'a look that puts the first out for a moment', 60_000);
  await until(() => !second.connected, 'the second to leave again');
  await room.stopProvisioner();
  await until(() => second.connected, 'the second to go on', 60_000);
  const button = await room.connect();
  await button.press(1);
  await button.until(({ press, state }) => press === 1 && state === 'ready');
});

test('one that starts again and again is not taken for another', async ({ room }) => {
  const { log, says } = heardLog();
  for (let i = 0; i < 5; i++) {
    await room.startProvisioner({}, { log, now: () => Date.now() + 5_000 * i });
    await room.lab.restartRelay();
    await until(() => room.provisioner.connected, 'the relay again');
  }
  expect(says(named)).toBe(0);
  expect(room.provisioner.health().rival).toBeUndefined();
});

const early = makeInstance(1_000);
const late = makeInstance(1_700_000_000_000);

function rivals(self: string) {
  let changes = 0;
  const made = new Rivals({
    ...{ self, relays: ['one', 'two'], now: () => 7, log: silentLog },
    onChange: () => void changes++,
  });
  const hear = (by: string, ...times: number[]) => {
    for (const time of times) made.heard('one', { state: 'offline', time, by });
  };
  return { made, hear, changes: () => changes };
}

plain('one that began earlier sorts first, whatever the year', () => {
  expect(early < late).toBe(true);
  expect(early).toHaveLength(late.length);
  expect(makeInstance(5)).not.toBe(makeInstance(5));
});

plain('a dead one is heard twice, or many times with the same words: no other', () => {
  const { made, hear } = rivals(late);
  // Its last beacon, the will of its last connection, and what slow nodes of a broker hand out again.
  hear(early, 100, 40, 100, 40, 100);
  hear(makeInstance(2_000), 140, 200, 140, 200);
  expect([made.rival, made.aside]).toEqual([undefined, false]);
});

plain(
  'the later one stands aside at all relays until nobody is left at any; the first one never does',
  () => {
    const later = rivals(late);
    later.hear(early, 1, 2, 3);
    expect([later.made.rival, later.made.aside]).toEqual([
      { instance: early, heardAt: 7, first: true },
      false,
    ]);
    later.hear(early, 4);
    expect([later.made.aside, later.changes()]).toEqual([true, 1]);
    later.made.looked('one', 'nobody');
    later.made.looked('two', 'somebody');
    later.made.looked('one', 'nobody');
    expect(later.made.aside).toBe(true);
    later.made.looked('two', 'no relay');
    expect(later.made.aside).toBe(true);
    later.made.looked('one', 'nobody');
    expect([later.made.aside, later.changes()]).toEqual([false, 2]);
    const first = rivals(early);
    first.hear(late, 1, 2, 3, 4, 5, 6);
    expect([first.made.rival?.first, first.made.aside]).toEqual([false, false]);
  },
);
