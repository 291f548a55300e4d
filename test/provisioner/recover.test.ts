/** What a recovered press may never do: take away what may be in use. */
import { expect } from 'vitest';
import { Journal } from '../../provisioner/src/journal/index.ts';
import { CcpPlatform } from '../../provisioner/src/platforms/ccp/ccp.ts';
import { TestClock } from './fixtures/clock.ts';
import { eventually, template } from './fixtures/lab.ts';
import { pressRecord } from './fixtures/records.ts';
import { type Room, roomTest } from './fixtures/room.ts';

const test = roomTest({ ccp: { speed: 300 } });
const never = new AbortController().signal;
const range = '172.16.0.0/20';

function platformOf({ ccp }: Room['lab']): CcpPlatform {
  const { url, user: username, password, caPem: ca } = ccp;
  return new CcpPlatform({ type: 'ccp', url, username, password, trust: { ca } });
}

/** Its cluster is on the platform; the journal has it as it comes from a recovery. */
async function recoveredBuild(room: Room): Promise<void> {
  const platform = platformOf(room.lab);
  room.onClose(() => platform.close());
  const target = { name: 'house-01-1', template: template(room.lab.ccp), addOns: [] };
  await platform.create({ ...target, range, description: 'dash button house-01 of lab, press 1' }, never);
  const seen = await platform.observe(target, never);
  if (seen.kind === 'absent') throw new Error('not made');
  const journal = await Journal.open(room.lab.config.journal);
  const now = { acceptedAt: Date.now(), deadlineAt: Date.now() + 600_000 };
  const press = pressRecord(1, { step: 'building', recovered: true, id: seen.id, range, ...now });
  const button = journal.button('house-01');
  await journal.write({
    presses: [press],
    button: { ...button, lastPress: 1, building: 1, recoveredAt: Date.now() },
  });
  await journal.close();
}

test('its deadline: it counts as failed, its cluster stays until a person says so, also after a restart', async ({
  room,
}) => {
  await recoveredBuild(room);
  const goOn = room.holdBuild();
  const clock = new TestClock();
  await room.startProvisioner({}, clock);
  await eventually(() => room.record()?.step === 'failed' || clock.pass(60_000));
  expect(room.record()).toMatchObject({ cleanUp: { givenUp: true }, recovered: true });
  goOn();
  await room.startProvisioner();
  expect(room.provisioner.underWay).toBe(0);
  expect(room.names()).toEqual(['house-01-1']);
  expect(room.calls('DELETE')).toBe(0);
  await room.provisioner.release('house-01-1');
  await eventually(() => room.record()?.cleanUp?.endedAt !== undefined);
  expect(room.names()).toEqual([]);
});

test('somebody else has its range: it does not give way, and becomes ready', async ({ room }) => {
  await recoveredBuild(room);
  const others = platformOf(room.lab);
  room.onClose(() => others.close());
  await others.create(
    { name: 'theirs', template: template(room.lab.ccp), addOns: [], range, description: 'theirs' },
    never,
  );
  await room.startProvisioner();
  await eventually(() => room.record()?.step === 'ready');
  expect(room.record()).toMatchObject({ range });
  expect(room.names().sort()).toEqual(['house-01-1', 'theirs']);
  expect(room.calls('DELETE')).toBe(0);
});
