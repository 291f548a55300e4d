/** Two provisioners with one relay login, on two journals: one stays, both logs and the doctor name the other. */
import { pino } from 'pino';
import { expect } from 'vitest';
import { startOperator } from '../../provisioner/src/operator/operator.ts';
import { startProvisioner } from '../../provisioner/src/provisioner.ts';
import type { Provisioner } from '../../provisioner/src/service.ts';
import { problemsOf, type Visited, visit, warningsOf } from '../cli/fixtures/doctor-lab.ts';
import { writeSettings } from '../cli/fixtures/operator-lab.ts';
import { until } from '../fixtures/patience.ts';
import { at, type Room, roomTest } from '../provisioner/fixtures/room.ts';

const test = roomTest();

const named = 'another provisioner uses this login at the relay';

/** One on this journal, with its control socket; what it logs, and what the doctor says of it. */
async function start(room: Room, journal: string) {
  const lines: { msg: string }[] = [];
  const log = pino({}, { write: line => void lines.push(JSON.parse(line)) });
  const config = { ...room.lab.config, journal: `${room.lab.folder}/${journal}` };
  const provisioner: Provisioner = await startProvisioner(config, { log });
  room.onClose(() => provisioner.stop());
  const operator = await startOperator(provisioner, config, log);
  room.onClose(() => operator.stop());
  return {
    provisioner,
    says: (words: string) => lines.filter(({ msg }) => msg.startsWith(words)).length,
    doctor: (): Promise<Visited> => visit(writeSettings(room.lab, { journal })),
  };
}

test('the one that began first stays, the other stands aside, and each is named', async ({ room }) => {
  const first = await start(room, 'first');
  await until(() => first.provisioner.connected, 'the first');
  const second = await start(room, 'second');
  await until(
    () => second.provisioner.lastError?.includes('stands aside'),
    'the second to stand aside',
    60_000,
  );
  await until(() => first.provisioner.health().rival?.first === false, 'the first to name the second');
  await until(() => first.provisioner.connected && !second.provisioner.connected, 'the first to be back');
  const connects = () => first.provisioner.relays[0]?.connects ?? 0;
  const before = connects();
  expect(before).toBeLessThan(10);
  const button = await room.connect();
  await button.press(1);
  await button.until(at(1, 'ready'));
  expect(connects()).toBe(before);
  expect(second.provisioner.presses()).toEqual([]);
  expect([first.says(named), second.says(named)]).toEqual([1, 1]);
  const [ours, theirs] = [await first.doctor(), await second.doctor()];
  expect(ours.code).toBe(0);
  expect(warningsOf(ours)).toContainEqual(
    expect.stringMatching(/^relay\.user: another provisioner .* began later, and stands aside/),
  );
  expect(problemsOf(theirs)).toMatchObject([
    {
      setting: 'relay.user',
      found: expect.stringContaining('another provisioner'),
      advice: expect.stringContaining(second.provisioner.health().rival?.instance ?? '?'),
    },
  ]);
  expect(connects()).toBe(before);
});
