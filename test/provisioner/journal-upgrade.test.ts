/** Journals of version 1: the values below stand as that version wrote them. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Journal, readJournal } from '../../provisioner/src/journal/index.ts';
import { keptEnded } from '../../provisioner/src/journal/write-batch.ts';

let folder: string;

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'dashbutton-')), 'journal');
});

afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

const told = '"told":{"batteryMv":3900,"rssiDbm":-60,"firmware":"0.1.0"}';
const head = (press: number, step: string) =>
  `{"button":"house-01","press":${press},"profile":"house","step":"${step}","cluster":"house-01-${press}"`;
const times = '"acceptedAt":1000,"deadlineAt":9000,"percent":100';
const old: [string, string][] = [
  ['meta', '{"version":1}'],
  [
    'button/house-01',
    '{"button":"house-01","lastPress":4,"building":3,"status":{"press":4,"seq":7,"state":"rejected","cluster":"","phase":"rejected","percent":0,"upTo":0,"leftS":0,"lookAgainS":0,"code":"QUOTA","line":"Full"}}',
  ],
  [
    'press/house-01/0000000001',
    `${head(1, 'released')},"range":"172.16.0.0/20",${times},"endedAt":2000,"address":"10.0.0.1","server":"https://10.0.0.1:6443","release":{"press":2,"percent":100,"askedAt":3000,"endedAt":4000},${told}}`,
  ],
  [
    'press/house-01/0000000002',
    `${head(2, 'joined').replace('house-01-2', '')},${times},"endedAt":3000,"of":1,${told}}`,
  ],
  ['press/house-01/0000000003', `${head(3, 'building')},"range":"172.16.16.0/20",${times},${told}}`],
  [
    'press/house-01/0000000004',
    `${head(4, 'releasing')},${times},"endedAt":2000,"release":{"press":0,"percent":5,"askedAt":3500},${told}}`,
  ],
];

/** LevelDB as version 1 opened it: packed. */
async function write(entries: readonly [string, string][]): Promise<void> {
  const db = new ClassicLevel(folder);
  await db.batch(entries.map(([key, value]) => ({ type: 'put', key, value })));
  await db.close();
}

test('every record is made a new one, once', async () => {
  await write(old);
  const first = await Journal.open(folder);
  const histories = first.presses().map(({ step, history, release }) => [step, history, release?.by]);
  expect(histories).toEqual([
    ['released', [{ step: 'released', at: 4000 }], 'button'],
    ['joined', [{ step: 'joined', at: 3000 }], undefined],
    ['building', [{ step: 'building', at: 1000 }], undefined],
    ['releasing', [{ step: 'releasing', at: 3500 }], 'button'],
  ]);
  expect(first.press('house-01', 1)).toMatchObject({ address: '10.0.0.1', told: { batteryMv: 3900 } });
  expect(first.button('house-01')).toMatchObject({ lastPress: 4, building: 3, status: { line: 'Full' } });
  const presses = first.presses();
  await first.close();
  const second = await Journal.open(folder);
  expect(second.presses()).toEqual(presses);
  expect(readFileSync(join(folder, 'LAST-WRITE'), 'utf8')).toMatch(/^[0-9a-f]{8} "0{15}1"$/);
  await second.close();
  const db = new ClassicLevel(folder);
  expect(await db.get('meta')).toMatch(/^[0-9a-f]{8} \{"version":2,"writes":1,"records":5,"sum":\d+\}$/);
  await db.close();
});

test('one that is damaged is refused, and left as it is', async () => {
  await write([...old, ['press/house-01/0000000005', `${head(5, 'built')},${times},${told}}`]]);
  await expect(Journal.open(folder)).rejects.toThrow(
    /record "press\/house-01\/0000000005" is damaged: step: .* \(restore it from a copy/,
  );
  const db = new ClassicLevel(folder);
  expect(await db.get('meta')).toBe('{"version":1}');
  await db.close();
});

test('a look does not upgrade it', async () => {
  await write(old);
  expect((await readJournal(folder)).presses).toHaveLength(4);
  const db = new ClassicLevel(folder);
  expect(await db.get('meta')).toBe('{"version":1}');
  await db.close();
});

test('too many ended ones go at once', async () => {
  const many = Array.from({ length: 80 }, (_, i): [string, string] => {
    const press = i + 10;
    return [
      `press/house-01/${String(press).padStart(10, '0')}`,
      `${head(press, 'rejected')},${times},"endedAt":5000,${told}}`,
    ];
  });
  await write([...old, ...many]);
  const journal = await Journal.open(folder);
  const ended = Array.from({ length: keptEnded }, (_, i) => 90 - keptEnded + i);
  expect(journal.presses().map(({ press }) => press)).toEqual([3, 4, ...ended]);
  await journal.close();
});
