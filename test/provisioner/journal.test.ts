import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { SetupError } from '../../config/src/setup-error.ts';
import { encodeValue } from '../../provisioner/src/journal/codec.ts';
import { Journal, readJournal } from '../../provisioner/src/journal/index.ts';
import { newButton, type PressRecord } from '../../provisioner/src/journal/records.ts';
import { keptEnded, maxHistory } from '../../provisioner/src/journal/write-batch.ts';
import { patience, until } from '../fixtures/patience.ts';
import { startJournalProcess } from './fixtures/journal-process.ts';
import { noticeOf, pressRecord } from './fixtures/records.ts';

let folder: string;

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'dashbutton-')), 'journal');
});

afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

/** Opens, changes raw records, closes. */
async function raw(change: (db: ClassicLevel<string, string>) => Promise<unknown>): Promise<void> {
  const db = new ClassicLevel<string, string>(folder);
  await db.open();
  await change(db);
  await db.close();
}

async function reopened(journal: Journal): Promise<Journal> {
  await journal.close();
  return Journal.open(folder);
}

test('what was written is read again, and nothing else', async () => {
  const first = await Journal.open(folder);
  const button = { ...newButton('house-01'), lastPress: 3, building: 3 };
  await first.write({ presses: [pressRecord(3, { step: 'reserved', range: '172.16.0.0/20' })], button });
  await first.write({ presses: [pressRecord(2, { step: 'ready', endedAt: 5, address: '10.0.0.1' })] });
  const second = await reopened(first);
  expect(second.presses().map(({ press, step }) => [press, step])).toEqual([
    [2, 'ready'],
    [3, 'reserved'],
  ]);
  expect(second.press('house-01', 2)?.address).toBe('10.0.0.1');
  expect(second.button('house-01')).toEqual(button);
  expect(second.button('house-02').status.state).toBe('idle');
  await second.close();
});

test('unfinished: builds, releases, and failed ones of which something may be left', async () => {
  const journal = await Journal.open(folder);
  await journal.write({
    presses: [
      pressRecord(1, { step: 'building' }),
      pressRecord(2, { step: 'ready' }),
      pressRecord(3, { step: 'releasing' }),
      pressRecord(4, { step: 'failed' }),
      pressRecord(5, { step: 'failed', cleanUp: { since: 1 } }),
      pressRecord(6, { step: 'failed', cleanUp: { since: 1, endedAt: 2 } }),
    ],
  });
  expect(journal.unfinished().map(({ press }) => press)).toEqual([1, 3, 5]);
  await journal.close();
});

test('every step and its time, whatever the caller says of it; the first and the newest of too many', async () => {
  let now = 1000;
  const journal = await Journal.open(folder, { now: () => now++ });
  const step = async (to: PressRecord['step']) => journal.write({ presses: [pressRecord(1, { step: to })] });
  await step('accepted');
  await step('accepted');
  await step('reserved');
  await journal.write({
    presses: [pressRecord(1, { step: 'reserved', history: [{ step: 'ready', at: 1 }] })],
  });
  expect(journal.press('house-01', 1)?.history).toEqual([
    { step: 'accepted', at: 1000 },
    { step: 'reserved', at: 1002 },
  ]);
  for (let i = 0; i < 100; i++) await step(i % 2 === 0 ? 'ready' : 'releasing');
  const again = await reopened(journal);
  const history = again.press('house-01', 1)?.history ?? [];
  expect(history).toHaveLength(maxHistory);
  expect(history[0]).toEqual({ step: 'accepted', at: 1000 });
  expect(history.at(-1)).toEqual({ step: 'releasing', at: now - 1 });
  await again.close();
});

test('of each button’s ended presses the newest are kept; what stands, or may, is kept for ever', async () => {
  let now = 1000;
  const journal = await Journal.open(folder, { now: () => now++ });
  const old: Partial<PressRecord>[] = [
    { step: 'ready' },
    { step: 'releasing' },
    { step: 'building' },
    { step: 'failed', cleanUp: { since: 1 } },
    { step: 'failed' },
    { step: 'released' },
    { step: 'joined', of: 1 },
  ];
  await journal.write({ presses: old.map((change, i) => pressRecord(i + 1, change)) });
  await journal.write({ presses: [pressRecord(1, { button: 'house-02', step: 'rejected' })] });
  for (let press = 10; press < 10 + keptEnded; press++) {
    await journal.write({ presses: [pressRecord(press, { step: 'rejected' })] });
  }
  const numbers = (of: Journal) => of.presses().map(({ button, press }) => `${button} ${press}`);
  const kept = Array.from({ length: keptEnded }, (_, i) => `house-01 ${i + 10}`);
  const stand = [1, 2, 3, 4].map(press => `house-01 ${press}`);
  expect(numbers(journal)).toEqual([...stand, 'house-02 1', ...kept]);
  const again = await reopened(journal);
  expect(numbers(again)).toEqual([...stand, ...kept, 'house-02 1']);
  // An old one that ends now is the newest of them: the one that ended first goes.
  await again.write({ presses: [pressRecord(3, { step: 'failed' })] });
  expect(numbers(again)).toEqual([...stand, ...kept.slice(1), 'house-02 1']);
  await again.close();
});

test('many writes at once: each is there, in its order', async () => {
  const journal = await Journal.open(folder);
  const writes = Array.from({ length: 1000 }, (_, i) =>
    journal.write({
      presses: [pressRecord(1 + (i % 300), { step: 'building', percent: Math.floor(i / 10) })],
    }),
  );
  await Promise.all(writes);
  // A write that begins in the very turn in which the last one ended.
  for (let i = 0; i < 20; i++) await journal.write({ presses: [pressRecord(400, { percent: i })] });
  const again = await reopened(journal);
  expect(again.presses()).toHaveLength(301);
  expect(again.press('house-01', 100)?.percent).toBe(99);
  expect(again.press('house-01', 300)?.percent).toBe(89);
  await again.close();
});

test('a record that could not be read back is refused, alone', async () => {
  const journal = await Journal.open(folder);
  const good = journal.write({ presses: [pressRecord(1)] });
  const bad = journal.write({ presses: [pressRecord(2), pressRecord(3, { percent: 101 })] });
  const alsoGood = journal.write({ presses: [pressRecord(4)] });
  await expect(bad).rejects.toThrow(/could not be read back: percent/);
  await Promise.all([good, alsoGood]);
  const again = await reopened(journal);
  expect(again.presses().map(({ press }) => press)).toEqual([1, 4]);
  expect(again.broken).toBeUndefined();
  await again.close();
  await expect(again.write({ presses: [pressRecord(5)] })).rejects.toThrow(/journal is closed/);
});

test('notices: for whom they are, in their order, until each has been told', async () => {
  const journal = await Journal.open(folder);
  await journal.write({ notices: [noticeOf(1)] });
  expect(journal.notices()).toEqual([]);
  let told = 0;
  journal.connect({
    addressees: ({ event }) => (event === 'ready' ? ['a', 'b'] : ['a']),
    onNew: () => {
      told += 1;
    },
  });
  for (let press = 1; press <= 12; press++) {
    await journal.write({ notices: [noticeOf(press, { event: press % 2 === 0 ? 'ready' : 'accepted' })] });
  }
  expect(told).toBe(12);
  const presses = (of: Journal, hook?: string) => of.notices(hook).map(({ press }) => press);
  expect(presses(journal, 'b')).toEqual([2, 4, 6, 8, 10, 12]);
  const ids = journal.notices().map(({ id }) => id);
  await journal.settled('a', ids.slice(0, 4));
  await journal.settled('b', ids.slice(1, 2));
  const again = await reopened(journal);
  expect(presses(again)).toEqual([4, 5, 6, 7, 8, 9, 10, 11, 12]);
  expect(presses(again, 'a')).toEqual([5, 6, 7, 8, 9, 10, 11, 12]);
  expect(presses(again, 'b')).toEqual([4, 6, 8, 10, 12]);
  expect([...again.waitingFor()].sort()).toEqual(['a', 'b']);
  await again.close();
});

test('a second provisioner is refused, in this process and in another', async () => {
  const journal = await Journal.open(folder);
  await expect(Journal.open(folder)).rejects.toThrow(SetupError);
  await expect(Journal.open(folder)).rejects.toThrow(/^another provisioner uses the journal .*stop it/);
  await expect(readJournal(folder)).rejects.toThrow(/^another provisioner uses the journal/);
  await journal.close();
  const other = startJournalProcess(folder);
  onTestFinished(() => other.kill());
  await until(() => other.lines.length > 0, 'a first write');
  await expect(Journal.open(folder)).rejects.toThrow(/^another provisioner uses the journal/);
  await other.kill();
  await (await Journal.open(folder)).close();
});

test('a look into the journal while nobody has it open; where there is none, none is made', async () => {
  await expect(readJournal(folder)).rejects.toThrow(/there is no journal in/);
  expect(readdirSync(join(folder, '..'))).toEqual([]);
  const journal = await Journal.open(folder);
  journal.connect({ addressees: () => ['a'], onNew: () => {} });
  const button = { ...newButton('house-01'), lastPress: 1 };
  await journal.write({ presses: [pressRecord(1)], button, notices: [noticeOf(1)] });
  const [record] = journal.presses();
  await journal.close();
  const seen = await readJournal(folder);
  expect(seen).toEqual({
    presses: [record],
    buttons: [button],
    notices: [expect.objectContaining({ press: 1 })],
  });
});

test('another user is kept from leaving files in the folder', async () => {
  await (await Journal.open(folder)).close();
  const before = readdirSync(folder);
  const uid = process.getuid?.() ?? 0;
  onTestFinished(() => void vi.restoreAllMocks());
  vi.spyOn(process, 'getuid').mockReturnValue(uid + 1);
  await expect(readJournal(folder)).rejects.toThrow(
    `belongs to user ${uid}, this runs as ${uid + 1}: run it as`,
  );
  expect(readdirSync(folder)).toEqual(before);
});

test('a newer version, a damaged record, a stranger’s folder and a file in the way: each one sentence', async () => {
  await (await Journal.open(folder)).close();
  await raw(db => db.put('meta', encodeValue('meta', '{"version":3,"more":[]}').text));
  await expect(Journal.open(folder)).rejects.toThrow(/has version 3, this program knows 2: update/);
  const { text } = encodeValue('press/house-01/0000000001', '{"step":"built"}');
  await raw(db => db.put('press/house-01/0000000001', text));
  await expect(Journal.open(folder)).rejects.toThrow(
    /record "press\/house-01\/0000000001" is damaged: button/,
  );
  rmSync(folder, { recursive: true });
  await raw(db => db.put('a', 'b'));
  await expect(Journal.open(folder)).rejects.toThrow(/holds something that is not a journal/);
  writeFileSync(join(folder, '..', 'file'), '');
  await expect(Journal.open(join(folder, '..', 'file'))).rejects.toThrow(/journal folder .* cannot be made/);
});

test('its owner alone may look into the folder', async () => {
  await (await Journal.open(folder)).close();
  expect(statSync(folder).mode & 0o777).toBe(0o700);
});

/** 20,000 and more with DASHBUTTON_PRESSES. */
const manyPresses = Number(process.env.DASHBUTTON_PRESSES ?? 4_000);

test(
  `${manyPresses} presses leave a folder of bounded size`,
  async () => {
    const buttons = 40;
    const journal = await Journal.open(folder);
    let largest = 0;
    for (let press = 1; press <= manyPresses / buttons; press++) {
      await Promise.all(
        Array.from({ length: buttons }, async (_, i) => {
          const name = `house-${String(i).padStart(2, '0')}`;
          const button = { ...newButton(name), lastPress: press };
          for (const step of ['accepted', 'building', 'released'] as const) {
            await journal.write({ presses: [pressRecord(press, { button: name, step })], button });
          }
        }),
      );
      if (press % 10 === 0) largest = Math.max(largest, bytesIn(folder));
    }
    expect(journal.presses()).toHaveLength(buttons * keptEnded);
    await (await reopened(journal)).close();
    if (process.env.DASHBUTTON_PRESSES) {
      process.stdout.write(`largest ${largest}, at the end ${bytesIn(folder)} bytes\n`);
    }
    // The 2,000 records are about 1.2 MB; two of LevelDB's logs (4 MB each) and its first tables come on top.
    expect(largest).toBeLessThan(30_000_000);
  },
  patience(manyPresses * 10),
);

function bytesIn(path: string): number {
  return readdirSync(path).reduce(
    (sum, name) => sum + (statSync(join(path, name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}
