/** Copies of a journal: taken while it is written, whole or refused; and journals made whole or not at all. */
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as base, expect } from 'vitest';
import { writeWhole } from '../../cli/write-whole.ts';
import { SetupError } from '../../config/src/setup-error.ts';
import { readCopy } from '../../provisioner/src/journal/copy.ts';
import { copyJournal, Journal, readJournal } from '../../provisioner/src/journal/index.ts';
import { checkUser, hasJournal, makeJournal } from '../../provisioner/src/journal/make.ts';
import { newButton } from '../../provisioner/src/journal/records.ts';
import { installed } from '../fixtures/installed.ts';
import { noticeOf, pressRecord } from './fixtures/records.ts';

const test = base.extend(
  'folder',
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the names of the fixtures from here; none is needed.
  ({}, { onCleanup }) => {
    const folder = mkdtempSync(join(tmpdir(), 'dashbutton-'));
    onCleanup(() => rmSync(folder, { recursive: true, force: true }));
    return folder;
  },
);

test('taken between writes it is what was on disk at that moment, and the folder says the same', async ({
  folder,
}) => {
  const place = join(folder, 'journal');
  const journal = await Journal.open(place);
  journal.connect({ addressees: () => ['hook'], onNew: () => {} });
  for (let press = 1; press <= 20; press++) {
    const under = journal.write({
      presses: [pressRecord(press, { step: 'ready' })],
      button: { ...newButton('house-01'), lastPress: press },
      notices: [noticeOf(press)],
    });
    const copy = readCopy(journal.copy('lab'), 'it');
    expect(copy.presses.map(record => record.press)).toEqual(
      Array.from({ length: press - 1 }, (_, i) => i + 1),
    );
    await under;
  }
  const text = journal.copy('lab');
  const { site, presses, buttons, notices } = readCopy(text, 'it');
  expect([site, presses, buttons, notices.length]).toEqual([
    'lab',
    journal.presses(),
    [journal.button('house-01')],
    20,
  ]);
  await journal.close();
  expect(readCopy(await copyJournal(place, 'lab', 1), 'it')).toMatchObject({
    at: 1,
    presses,
    buttons,
    notices,
  });
});

test('one changed byte, a cut, another file: refused, each with what to do', async ({ folder }) => {
  const journal = await Journal.open(join(folder, 'journal'));
  await journal.write({ presses: [pressRecord(1), pressRecord(2)] });
  const text = journal.copy('lab');
  await journal.close();
  for (let at = 0; at < text.length; at += 1) {
    const other = text[at] === 'x' ? 'y' : 'x';
    const changed = text.slice(0, at) + other + text.slice(at + 1);
    expect(() => readCopy(changed, 'copy.txt')).toThrow(SetupError);
    expect(() => readCopy(text.slice(0, at), 'copy.txt')).toThrow(SetupError);
  }
  expect(() => readCopy('site: lab\n', 'copy.txt')).toThrow(
    /copy.txt is no copy of a journal: dashbutton journal copy makes one/,
  );
  expect(() => readCopy(`${text}x`, 'copy.txt')).toThrow(
    /copy.txt is damaged: it is not whole; take another/,
  );
});

test('a file is there whole, for its owner only, and never in the place of another', ({ folder }) => {
  const path = join(folder, 'copy.txt');
  const before = process.umask(0);
  try {
    writeWhole(path, 'text', () => {});
  } finally {
    process.umask(before);
  }
  expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o777]).toEqual(['text', 0o600]);
  expect(() => writeWhole(path, 'other', () => {})).toThrow(/copy.txt is there already: choose another name/);
  // Made by somebody between the look and the writing.
  const late = join(folder, 'late');
  expect(() => writeWhole(late, 'other', () => writeFileSync(late, 'theirs'))).toThrow(/is there already/);
  expect(readFileSync(late, 'utf8')).toBe('theirs');
  const link = join(folder, 'link');
  symlinkSync(join(folder, 'nowhere'), link);
  expect(() => writeWhole(link, 'other', () => {})).toThrow(/is there already/);
  const wrong = () => {
    throw new SetupError('not as it was');
  };
  expect(() => writeWhole(join(folder, 'new'), 'text', wrong)).toThrow(/not as it was/);
  expect(() => writeWhole(join(folder, 'none/new'), 'text', () => {})).toThrow(/cannot be written/);
  expect(readdirSync(folder).sort()).toEqual(['copy.txt', 'late', 'link']);
});

test.skipIf(!installed('prlimit'))(
  'a disk that is full: nothing is left of it (needs prlimit)',
  ({ folder }) => {
    const path = join(folder, 'copy.txt');
    const limit = (bytes: number | 'unlimited') =>
      execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:`]);
    limit(100);
    try {
      expect(() => writeWhole(path, 'x'.repeat(10_000), () => {})).toThrow(
        /copy.txt cannot be written: EFBIG/,
      );
    } finally {
      limit('unlimited');
    }
    expect(readdirSync(folder)).toEqual([]);
  },
);

test('a journal is made whole, with the histories that there were, and only where there is none', async ({
  folder,
}) => {
  const place = join(folder, 'a/journal');
  const history = [{ step: 'accepted' as const, at: 5 }];
  const beginning = {
    presses: [pressRecord(3, { step: 'ready', history, recovered: true })],
    buttons: [{ ...newButton('house-01'), lastPress: 3, recoveredAt: 9 }],
    notices: [{ notice: noticeOf(3, {}, 5), to: ['hook'] }],
  };
  await makeJournal(place, beginning);
  expect(await readJournal(place)).toEqual({ ...beginning, notices: [noticeOf(3, {}, 5)] });
  await expect(makeJournal(place, beginning)).rejects.toThrow(
    /there is a journal in .*: nothing was changed/,
  );
  expect(readdirSync(join(folder, 'a'))).toEqual(['journal']);
  mkdirSync(join(folder, 'empty'));
  // A disk mounted just there: empty of ours, and nothing can be put in its place.
  mkdirSync(join(folder, 'disk', 'lost+found'), { recursive: true });
  expect(hasJournal(join(folder, 'disk'))).toBe(false);
  await expect(makeJournal(join(folder, 'disk'), beginning)).rejects.toThrow(
    /name a folder on it as journal/,
  );
  await makeJournal(join(folder, 'empty'), { presses: [], buttons: [], notices: [] });
  expect(statSync(join(folder, 'empty')).mode & 0o077).toBe(0);
  writeFileSync(join(folder, 'file'), '');
  await expect(makeJournal(join(folder, 'file'), beginning)).rejects.toThrow(SetupError);
});

test('root makes none that shuts out the user of the folder around it', ({ folder }) => {
  const owner = statSync(folder).uid;
  const make = (me: number) => () => checkUser(join(folder, 'journal'), me);
  expect(make(owner === 0 ? 1 : owner)).not.toThrow();
  if (owner === 0) expect(make(0)).not.toThrow();
  else expect(make(0)).toThrow(/belongs to user \d+, this runs as root: run it as that user/);
});
