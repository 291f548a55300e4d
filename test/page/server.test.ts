/** What the page's server gives away, to whom, and with which rules for the browser. */
import { request } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type PageServer, startPageServer } from '../../cli/demo/page/server.ts';
import { buildPage } from '../../page/build.ts';
import type { Facts } from '../../page/src/facts.ts';
import { readMeshes } from '../../page/src/mesh-file.ts';
import type { TroubleName } from '../../page/src/troubles.ts';
import { until } from '../fixtures/patience.ts';
import { builtFirmware } from '../fixtures/programs.ts';

const facts: Facts = {
  ...{ world: 'w', speed: 1, settingsFile: 'p.yaml', relay: true, provisioner: true },
  ...{ troubles: [], presses: [], passed: [], notices: [] },
};
const set: [TroubleName, boolean][] = [];
let server: PageServer;

beforeAll(async () => {
  server = await startPageServer({
    files: await buildPage(builtFirmware()),
    buttons: () => [],
    facts: () => facts,
    log: () => ['one line'],
    trouble: async (name, on) => void set.push([name, on]),
    relayOrigin: 'ws://127.0.0.1:1',
  });
});
afterAll(() => server.close());

interface Answer {
  status: number;
  headers: Record<string, unknown>;
  body: Buffer;
}

function ask(path: string, headers: Record<string, string> = {}, method = 'GET', body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(new URL(path, server.url), { method, headers }, response => {
      const pieces: Buffer[] = [];
      response.on('data', piece => pieces.push(piece));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(pieces) }),
      );
    });
    asked.on('error', reject).end(body);
  });
}

test('the program is the file that is flashed, byte for byte', async () => {
  expect((await ask('/dashbutton.js')).body.toString('latin1')).toBe(builtFirmware());
});

test('nothing may be loaded from anywhere else, and no script but from files', async () => {
  for (const path of ['/', '/page.js', '/worker.js', '/buttons.json', '/nothing']) {
    const policy = String((await ask(path)).headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'; script-src 'self';");
    expect(policy).toContain("connect-src 'self' ws://127.0.0.1:1;");
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
  }
  const page = (await ask('/')).body.toString();
  expect(page).not.toMatch(/https?:\/\/|<style|style=|\son\w+=/);
});

test.each([
  ['another host', { host: 'evil.example' }],
  ['a page of another origin', { origin: 'http://evil.example' }],
  ['no origin at all', { origin: 'null' }],
])('a request is refused from %s', async (_, headers) => {
  expect((await ask('/buttons.json', headers)).status).toBe(403);
  expect((await ask('/trouble', headers, 'POST', '{"name":"relay","on":true}')).status).toBe(403);
  expect(set).toEqual([]);
});

test('troubles are switched by name, and nothing else is', async () => {
  expect((await ask('/trouble', {}, 'POST', '{"name":"relay","on":true}')).status).toBe(204);
  expect(set.splice(0)).toEqual([['relay', true]]);
  for (const body of ['{"name":"x","on":true}', '{"name":"relay"}', 'null', 'nonsense', 'x'.repeat(5000)]) {
    expect([400, 413]).toContain((await ask('/trouble', {}, 'POST', body)).status);
  }
  expect(set).toEqual([]);
  expect((await ask('/', {}, 'DELETE')).status).toBe(405);
  expect((await ask('/../package.json')).status).toBe(404);
});

test('what changes is told to a page that listens, and to nobody who has gone', async () => {
  const told: string[] = [];
  const asked = request(new URL('/events', server.url), response => {
    response.on('data', piece => told.push(String(piece)));
  }).end();
  await until(() => told.length === 1, 'the first facts');
  server.changed();
  await until(() => told.length === 2, 'the next ones');
  expect(told[1]).toBe(`data: ${JSON.stringify(facts)}\n\n`);
  asked.destroy();
  await until(() => server.listeners === 0, 'the page to be forgotten');
});

test('files come compressed, and are not sent twice', async () => {
  const br = await ask('/page.js', { 'accept-encoding': 'gzip, br' });
  const plain = await ask('/page.js');
  expect(br.headers['content-encoding']).toBe('br');
  expect(br.body.length).toBeLessThan(plain.body.length / 2);
  expect((await ask('/page.js', { 'if-none-match': String(br.headers.etag) })).status).toBe(304);
});

test('the first press and the 3D weigh little', async () => {
  const paths = [
    '/',
    '/style.css',
    '/page.js',
    '/worker.js',
    '/dashbutton.js',
    '/art/house.bin',
    '/art/cloud.bin',
  ];
  const chunks = (await ask('/page.js')).body.toString().match(/[\w-]+-[A-Z0-9]{8}\.js/g) ?? [];
  expect(chunks.length).toBeGreaterThan(0);
  const all = [
    ...paths,
    ...chunks.map(name => `/${name}`),
    '/art/house.webp',
    '/art/cloud.webp',
    '/art/stills.json',
  ];
  let bytes = 0;
  for (const path of new Set(all)) bytes += (await ask(path, { 'accept-encoding': 'br' })).body.length;
  // The goal is 250 kB.
  expect(bytes).toBeLessThan(260_000);
});

test.each([
  'house',
  'cloud',
])('the meshes of the %s can be read: parts, a display inside of the front', async name => {
  const { body } = await ask(`/art/${name}.bin`);
  const { header, meshes } = readMeshes(Uint8Array.from(body).buffer);
  const parts = meshes.map(part => part.name);
  expect(parts).toEqual(expect.arrayContaining(['front', 'button', 'foot', 'glass']));
  for (const { positions, indices, vertices, triangles } of meshes) {
    expect(positions.length).toBe(3 * vertices);
    expect(indices.length).toBe(3 * triangles);
    expect(indices.every(i => i < vertices)).toBe(true);
    // Some 100 mm across, as the cases are.
    expect(positions.every(value => Math.abs(value) < 90)).toBe(true);
  }
  expect(header.display.mm).toEqual([21.744, 10.864]);
});
