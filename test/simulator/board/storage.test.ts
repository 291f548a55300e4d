import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { storageFile } from '../../../simulator/board/storage.ts';
import { runToSleep, sleepNow } from './fixtures/harness.ts';

let storageDir: string;

beforeEach(() => {
  storageDir = mkdtempSync(join(tmpdir(), 'flash-'));
});

afterEach(() => rmSync(storageDir, { recursive: true, force: true }));

function run(code: string, troubles = {}) {
  return runToSleep(
    `var s = require("Storage"); try { ${code} } catch (e) { print(e.message) } ${sleepNow}`,
    {
      storageDir,
      troubles,
    },
  );
}

test('what was written can be read, and lies as a file in the folder', async () => {
  const board = await run(
    'print("" + s.write("device.json", \'{"a":[1,"\\xff"]}\')); print(s.readJSON("device.json", true).a[1] === "\\xff" ? "same" : "other");',
  );
  expect(board.prints).toEqual(['true', 'same']);
  expect(readFileSync(join(storageDir, 'device.json'), 'latin1')).toBe('{"a":[1,"\xff"]}');
  expect(readdirSync(storageDir)).toEqual(['device.json']);
});

test('a file made by hand is found', async () => {
  writeFileSync(join(storageDir, 'device.json'), '{"name":"house-01"}');
  const board = await run('print(s.readJSON("device.json", true).name)');
  expect(board.prints).toEqual(['house-01']);
});

describe('what cannot be read', () => {
  test.each([
    ['missing', 's.readJSON("nothing", true)', 'undefined'],
    ['not JSON', 's.write("bad", "{oops") && s.readJSON("bad", true)', 'undefined'],
  ])('what is %s gives undefined', async (_name, code, told) => {
    expect((await run(`print("" + (${code}))`)).prints).toEqual([told]);
  });

  test('not JSON, without the second argument, throws', async () => {
    expect((await run('s.write("bad", "{oops"); s.readJSON("bad")')).prints[0]).toMatch(/JSON/);
  });
});

test.each([
  [
    's.write("a".repeat(29), "x")',
    'Storage.write with a name of 29 characters (at most 28) is not simulated',
  ],
  ['s.write("a", "")', "Can't create zero length file"],
  ['s.write("a", {})', 'Storage.write with object for a string is not simulated'],
  ['s.write("a", "x", 5)', 'Storage.write with an offset is not simulated'],
])('a write that the chip refuses throws: %s', async (code, message) => {
  expect((await run(code)).prints).toEqual([message]);
});

test('28 characters are allowed', async () => {
  expect((await run('print("" + s.write("a".repeat(28), "x"))')).prints).toEqual(['true']);
});

test('a full flash: the write throws, and the old version is gone', async () => {
  writeFileSync(join(storageDir, 'n'), '1');
  const board = await run('s.write("n", "2"); ', { storageFull: true });
  expect(board.prints).toEqual(['Unable to find or create file']);
  expect(readdirSync(storageDir)).toEqual([]);
});

test('names cannot leave the folder, and stay apart', () => {
  const names = ['../x', '..', '.', '/etc/x', 'a b', 'a%b', 'a\x00b', '%2e', '', 'A', 'a'];
  const files = names.map(name => storageFile(name));
  for (const file of files) {
    expect(file).toMatch(/^[^/]+$/);
    expect(['.', '..']).not.toContain(file);
  }
  expect(new Set(files).size).toBe(names.length);
});

test('the trace tells reads and writes', async () => {
  const board = await run('s.write("a", "12345"); s.readJSON("a", true); s.readJSON("b", true)');
  expect(board.trace.filter(t => t.what === 'storage')).toMatchObject([
    { op: 'write', name: 'a', bytes: 5 },
    { op: 'read', name: 'a', bytes: 5 },
    { op: 'read', name: 'b', bytes: 0 },
  ]);
});
