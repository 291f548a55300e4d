/** The minified program against the readable one: shorter names, the same deeds. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'acorn';
import { full } from 'acorn-walk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildFirmware } from '../../firmware/build.ts';
import { sortNames } from '../../firmware/names.ts';
import { Board } from '../../simulator/board/board.ts';
import { VirtualClock } from '../../simulator/board/virtual-clock.ts';
import { wiringOf } from '../../simulator/board/wiring.ts';

let folder = '';
let small = '';
let readable = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dashbutton-names-'));
  small = (await buildFirmware({ outfile: join(folder, 'small.js') })).code;
  readable = (await buildFirmware({ outfile: join(folder, 'readable.js'), minify: false })).code;
});
afterAll(() => rmSync(folder, { recursive: true }));

/** All property names that a program says, and all its texts. */
function words(code: string) {
  const properties = new Set<string>();
  const texts = new Set<string>();
  full(parse(code, { ecmaVersion: 2022 }), node => {
    if (node.type === 'MemberExpression' && !node.computed && node.property.type === 'Identifier') {
      properties.add(node.property.name);
    } else if (node.type === 'Property' && node.key.type === 'Identifier') {
      properties.add(node.key.name);
    } else if (node.type === 'Literal' && typeof node.value === 'string') {
      texts.add(node.value);
    }
  });
  return { properties, texts };
}

const source = (name: string) => readFileSync(new URL(`../../firmware/src/${name}`, import.meta.url), 'utf8');

describe('Names in the minified program', () => {
  test.each([
    ['the chip', 'hal.ts', ['createArrayBuffer', 'vertical_byte', 'bitrate', 'debounce', 'deepSleepExt0']],
    ['a view', 'view.ts', ['kind', 'detail', 'percent', 'leftS', 'bitmap', 'batteryMv']],
    ['device.json', 'device.ts', ['button', 'siteKey', 'wifi', 'ssid', 'relay', 'host', 'password']],
    ['memory.json', 'memory.ts', ['press', 'pending']],
    ['a message', '../../protocol/src/messages.ts', ['action', 'rssiDbm', 'seq', 'cluster', 'address']],
  ])('keep what belongs to %s (%s)', (_what, _file, names) => {
    const { properties } = words(small);
    for (const name of names) expect(properties, name).toContain(name);
  });

  test('stay when something outside may see them', async () => {
    const { kept } = await sortNames(readable);
    const { properties } = words(readable);
    for (const name of kept.filter(candidate => properties.has(candidate))) {
      expect(small, name).toMatch(new RegExp(`\\b${name}\\b`));
    }
  });

  test('of steps, events and effects are short too', async () => {
    const { tags } = await sortNames(readable);
    expect(tags).toEqual(expect.arrayContaining(['asleep', 'notJoined', 'radioOff']));
    const { texts } = words(small);
    for (const tag of tags) expect(texts, tag).not.toContain(tag);
  });

  test('are short where they are our own', async () => {
    const { kept } = await sortNames(readable);
    const long = [...words(small).properties].filter(name => name.length > 3 && !kept.includes(name));
    expect(long).toEqual([]);
  });

  test('no file reads or writes JSON but those whose names are kept', () => {
    const files = readdirSync(new URL('../../firmware/src/', import.meta.url), { recursive: true })
      .map(String)
      .filter(name => name.endsWith('.ts'));
    const withJson = files.filter(name => /JSON\.|readJSON\(/.test(source(name)));
    // button prints views; the flow compares memories with each other; messages reads statuses and writes presses.
    const known = ['button.ts', 'device.ts', 'flow/on-message.ts', 'hal.ts', 'memory.ts', 'messages.ts'];
    expect(known).toEqual(expect.arrayContaining(withJson));
  });

  test('leave the texts that a person reads alone', () => {
    const isProse = (text: string) => / [a-z]/.test(text);
    const said = (code: string) => [...words(code).texts].filter(isProse).sort();
    expect(said(small)).toEqual(said(readable));
  });
});

const device = {
  button: 'house-01',
  site: 'lab',
  board: 'firebeetle-2-esp32-e',
  key: Buffer.alloc(32, 1).toString('base64'),
  siteKey: Buffer.alloc(32, 2).toString('base64'),
  relay: { host: '127.0.0.1', port: 9, tls: false, password: 'secret' },
  wifi: [{ ssid: 'home', password: 'secret' }],
};

/** Runs one waking for a minute: what is printed and what crosses the display's bus. */
async function run(bundle: string, file: unknown, press: boolean) {
  const storageDir = mkdtempSync(join(folder, 'flash-'));
  if (file !== undefined) writeFileSync(join(storageDir, 'device.json'), JSON.stringify(file));
  const clock = new VirtualClock();
  const board = new Board({
    ...{ bundle, storageDir, clock, networks: [], joinMs: 5 },
    // Of the board that a program without device.json takes itself for.
    ...wiringOf('firebeetle-2-esp32-e'),
    // Time passes in calls alone: the program looks at the clock until the display has its supply.
    costs: { callMs: 0.1 },
  });
  const said: string[] = [];
  const write = board.display.write.bind(board.display);
  board.display.write = bytes => {
    said.push(Buffer.from(bytes).toString('hex'));
    return write(bytes);
  };
  board.on('print', text => said.push(text));
  board.on('fault', fault => said.push(`fault ${fault.message}`));
  if (press) {
    board.shelve();
    board.press(30);
  } else {
    board.powerOn();
  }
  await clock.advance(60_000);
  board.removeAllListeners();
  board.powerOff();
  return said;
}

describe('The minified program', () => {
  test.each([
    ['without device.json', undefined, false, undefined],
    ['with a broken device.json', { ...device, wifi: [] }, false, undefined],
    ['at power-on', device, false, '"kind":"idle"'],
    ['at a press with no network in reach', device, true, '"code":"HOTSPOT"'],
  ])('prints and paints the same as the readable one %s', async (_when, file, press, word) => {
    const expected = await run(readable, file, press);
    expect(expected.join()).not.toContain('fault');
    expect(expected.length).toBeGreaterThan(16);
    if (word !== undefined) expect(expected.join()).toContain(word);
    expect(await run(small, file, press)).toEqual(expected);
  });
});
