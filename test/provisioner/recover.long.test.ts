/** The lab's machine is lost with twelve clusters in four states, on both platforms: nothing doubled, nothing orphaned. */
import { rmSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { encode, keyFromBytes } from '../../protocol/src/node/envelope.ts';
import { pressTopic } from '../../protocol/src/topics.ts';
import { readCopy } from '../../provisioner/src/journal/copy.ts';
import { isBuilding, stands } from '../../provisioner/src/journal/records.ts';
import { patience, pause, until } from '../fixtures/patience.ts';
import { pressBody, type TestButton } from './fixtures/lab.ts';
import { type LostLab, recordsOf, startLostLab } from './fixtures/lost-lab.ts';

const names = Array.from({ length: 12 }, (_, i) => `b-${String(i + 1).padStart(2, '0')}`);
const [ready, releasing, left, building] = [0, 3, 6, 9].map(at => names.slice(at, at + 3)) as [
  string[],
  string[],
  string[],
  string[],
];

function buttonOf(lost: LostLab, name: string): TestButton {
  const button = lost.buttons.get(name);
  if (button === undefined) throw new Error(name);
  return button;
}

const all = (lost: LostLab, some: readonly string[], work: (button: TestButton) => Promise<unknown>) =>
  Promise.all(some.map(name => work(buttonOf(lost, name))));

/** Presses made by the lab's clock. */
const time = (lost: LostLab) => ({ time: Math.floor(lost.clock.now() / 1000) });

/** Every cluster on the platform has one record that stands and knows its id. */
async function expectNoOrphans(lost: LostLab): Promise<void> {
  const records = recordsOf(lost);
  for (const { name, id } of await lost.shown()) {
    const record = records.get(name);
    expect([name, record?.id, record !== undefined && stands(record)]).toEqual([name, id, true]);
  }
}

test.each(['ccp v2', 'ccp v3', 'cluster-api'] as const)(
  'twelve clusters in four states, and no journal: %s',
  async kind => {
    const lost = await startLostLab(kind, names, 20);
    onTestFinished(() => lost.close());
    const { buttons } = lost.lab.config;
    const [living = '', full = '', shown = ''] = ready;
    for (const [name, rules] of Object.entries({
      [living]: { timeToLiveS: 7200, warnBeforeS: 600 },
      [full]: { maxClusters: 1 },
    })) {
      const settings = buttons[name];
      if (settings !== undefined)
        lost.lab.config.buttons = { ...lost.lab.config.buttons, [name]: { ...settings, rules } };
    }
    await lost.start();
    const early = [...ready, ...releasing];
    await all(lost, early, button => button.press(1));
    await all(lost, early, button => button.until(({ state }) => state === 'ready', 60_000));
    let goOn = kind === 'ccp v3' ? () => {} : lost.holdRemovals();
    await all(lost, releasing, button => button.press(2, { action: 'release' }));
    if (kind === 'ccp v2')
      await all(lost, releasing, button => button.until(({ phase }) => /not answering/.test(phase), 60_000));
    else
      await all(lost, releasing, button =>
        button.until(({ state, percent }) => state === 'releasing' && percent === 50, 60_000),
      );
    if (kind === 'ccp v3') goOn = lost.holdRemovals();
    lost.failNext(3);
    await all(lost, left, button => button.press(1));
    await all(lost, left, button => button.until(({ state }) => state === 'failed', 60_000));
    const old = encode(keyFromBytes(lost.lab.keys[shown] ?? Buffer.alloc(32)), pressTopic(shown), {
      ...pressBody(2),
      ...time(lost),
    });
    await all(lost, building, button => button.press(1));
    await until(
      () => building.every(name => recordsOf(lost).get(`${name}-1`)?.step === 'building'),
      'builds that the platform shows',
      60_000,
    );
    const before = recordsOf(lost);
    const ids = new Map((await lost.shown()).map(({ name, id }) => [name, id]));
    expect([...ids.keys()].sort()).toEqual(names.map(name => `${name}-1`));
    await lost.lose();
    rmSync(lost.lab.config.journal, { recursive: true });

    const { notes } = await lost.recover();
    const after = recordsOf(lost);
    for (const [name, was] of before) {
      const is = after.get(name);
      expect([name, is?.profile, is?.range, is?.id, is?.acceptedAt]).toEqual([
        name,
        'house',
        was.range,
        ids.get(name),
        was.acceptedAt,
      ]);
    }
    const steps = (some: readonly string[]) => some.map(name => after.get(`${name}-1`)?.step);
    expect(steps(ready)).toEqual(['ready', 'ready', 'ready']);
    expect(steps(left)).toEqual(['failed', 'failed', 'failed']);
    expect(after.get(`${living}-1`)).toMatchObject({ address: before.get(`${living}-1`)?.address });
    await expectNoOrphans(lost);

    // Follow: those that were being built become ready, and their buttons are told.
    await all(lost, building, button =>
      button.until(({ state, address }) => state === 'ready' && address !== undefined, 60_000),
    );
    // A press that was recorded before: with a known number, and with one that nobody knows of any more.
    const count = (await lost.shown()).length;
    await buttonOf(lost, shown).raw(old);
    await buttonOf(lost, shown).until(({ code, line }) => code === 'STALE' && /restored/.test(line ?? ''));
    await buttonOf(lost, full).press(1, time(lost));
    await until(
      () => lost.provisioner.counters.replayed + lost.provisioner.counters.repeated > 0,
      'the replay',
    );
    expect((await lost.shown()).length).toBe(count);
    // Quota: what stood stands.
    await pause(1_100);
    await buttonOf(lost, full).press(2, time(lost));
    await buttonOf(lost, full).until(({ code, press }) => code === 'QUOTA' && press === 2);
    // Give back goes on where the platform had begun; where it had not, nobody is thrown out by an old word.
    goOn();
    if (kind === 'ccp v2') {
      expect(notes.filter(note => /was being given back, but stands/.test(note))).toHaveLength(3);
      expect(steps(releasing)).toEqual(['ready', 'ready', 'ready']);
      await all(lost, releasing, button => button.press(3, { action: 'release', ...time(lost) }));
    }
    await all(lost, releasing, button =>
      button.until(({ state, seq }) => state === 'released' && seq > 0, 120_000),
    );
    // What failed builds had left goes.
    await until(
      () => left.every(name => recordsOf(lost).get(`${name}-1`)?.cleanUp?.endedAt !== undefined),
      'the end of what was left',
      120_000,
    );
    // Time to live: warned, then given back.
    const end = recordsOf(lost).get(`${living}-1`)?.expiresAt ?? 0;
    const was = before.get(`${living}-1`)?.expiresAt ?? 0;
    expect(end).toBeGreaterThanOrEqual(was);
    expect(end).toBeLessThanOrEqual(lost.clock.now() + 7_200_000);
    lost.clock.pass(6_700_000);
    await buttonOf(lost, living).until(
      ({ state, phase }) => state === 'ready' && /^given back in/.test(phase),
      60_000,
    );
    expect(recordsOf(lost).get(`${living}-1`)?.step).toBe('ready');
    lost.clock.pass(700_000);
    await buttonOf(lost, living).until(({ state }) => state === 'released', 120_000);
    await expectNoOrphans(lost);
    const now = await lost.shown();
    expect(now.map(({ name }) => name).sort()).toEqual(
      [full, shown, ...building].map(name => `${name}-1`).sort(),
    );
    for (const { name, id } of now) expect(id).toBe(ids.get(name));
  },
  patience(200_000),
);

test.each(['ccp v3', 'cluster-api'] as const)(
  'from a copy that was taken under 600 presses a minute: %s',
  async kind => {
    const many = Array.from({ length: 30 }, (_, i) => `b-${i + 1}`);
    const lost = await startLostLab(kind, many, 200);
    onTestFinished(() => lost.close());
    await lost.start();
    const numbers = new Map(many.map(name => [name, 0]));
    const sent: { name: string; payload: Buffer }[] = [];
    const payloadOf = (name: string, press: number, action: 'create' | 'release') =>
      encode(keyFromBytes(lost.lab.keys[name] ?? Buffer.alloc(32)), pressTopic(name), {
        ...pressBody(press),
        action,
      });
    let copied = '';
    // Ten a second.
    for (let i = 0; i < 300; i++) {
      const name = many[i % many.length] ?? '';
      const press = (numbers.get(name) ?? 0) + 1;
      numbers.set(name, press);
      const payload = payloadOf(name, press, i % 7 === 3 ? 'release' : 'create');
      sent.push({ name, payload });
      await buttonOf(lost, name).raw(payload);
      if (i === 150) copied = lost.provisioner.copyJournal();
      await pause(100);
    }
    await until(() => lost.provisioner.counters.received >= sent.length, 'all presses');
    const known = readCopy(copied, 'copy');
    expect(known.presses.length).toBeGreaterThan(50);
    const before = recordsOf(lost);
    const lastPresses = new Map(
      many.map(name => [
        name,
        Math.max(
          ...lost.provisioner
            .presses()
            .filter(({ button }) => button === name)
            .map(({ press }) => press),
        ),
      ]),
    );
    // What the relay has not heard of yet nobody can know afterwards: only its time keeps such a press out.
    const isAnswered = (name: string) =>
      buttonOf(lost, name).statuses.some(({ press }) => press === lastPresses.get(name));
    await until(() => many.every(isAnswered), 'the last answer to each button');
    await lost.lose();
    rmSync(lost.lab.config.journal, { recursive: true });
    const ids = new Map((await lost.shown()).map(({ name, id }) => [name, id]));
    const newer = [...ids.keys()].filter(name => known.presses.every(({ cluster }) => cluster !== name));
    expect(newer.length).toBeGreaterThan(0);

    const { beginning } = await lost.recover({ copy: known });
    for (const { button, lastPress } of beginning.buttons)
      expect([button, lastPress]).toEqual([button, Math.max(lastPress, lastPresses.get(button) ?? 0)]);
    await expectNoOrphans(lost);
    const wereReady = [...before].filter(([, { step }]) => step === 'ready').map(([name]) => name);
    // Who was refused another press last was told nothing of it since: then its API server is asked once more.
    for (const name of wereReady)
      expect([name, recordsOf(lost).get(name)?.step]).toEqual([
        name,
        expect.stringMatching(/^(ready|verifying)$/),
      ]);
    // Everything once more, as a hostile relay could.
    for (const { name, payload } of sent) await buttonOf(lost, name).raw(payload);
    await until(() => lost.provisioner.counters.received >= sent.length, 'all of it again', 60_000);
    await until(
      () => [...recordsOf(lost).values()].every(({ step }) => !isBuilding(step)),
      'the end of all builds',
      120_000,
    );
    await expectNoOrphans(lost);
    for (const name of wereReady) expect([name, recordsOf(lost).get(name)?.step]).toEqual([name, 'ready']);
    for (const { name, id } of await lost.shown()) expect([name, id]).toEqual([name, ids.get(name)]);
    expect(lost.provisioner.counters.accepted).toBe(0);
  },
  patience(200_000),
);
