/** Who may import whom: the rooms, and the folders within the two that have layers. docs/architecture.md says why. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { arrowsIn, forbidden, placesBelow, type Sources, upward } from './fixtures/layers/arrows.ts';

const root = join(import.meta.dirname, '..');

/** A room, and those that it knows. */
const rooms = {
  protocol: [],
  config: [],
  firmware: ['protocol'],
  relay: ['config', 'protocol'],
  provisioner: ['config', 'protocol'],
  simulator: ['config', 'firmware'],
  enclosure: ['firmware', 'simulator'],
  page: ['enclosure', 'firmware', 'simulator'],
  cli: ['config', 'firmware', 'page', 'protocol', 'provisioner', 'relay', 'simulator'],
  schemas: ['provisioner', 'relay'],
  bench: ['cli', 'config', 'firmware', 'protocol', 'provisioner', 'relay', 'simulator', 'test'],
} as const;

/** From the ground up: each knows only those before it. */
const layers = {
  'provisioner/src': [
    'common',
    'journal',
    'uplink',
    'kubernetes',
    'platforms',
    'settings',
    'buttons',
    'builds',
    'presses',
    'webhooks',
    'health.ts',
    'in-force.ts',
    'service.ts',
    'provisioner.ts',
    'recover',
    'operator',
  ],
  'relay/src': [
    'limits',
    'metrics',
    'auth',
    'broker',
    'listeners',
    'login-service',
    'startup-log.ts',
    'relay.ts',
    'settings',
  ],
};

function sourcesBelow(folder: string): Sources {
  const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  return new Map(
    files
      .filter(file => file.endsWith('.ts'))
      .map(file => join(folder, file))
      .map(file => [file, readFileSync(join(root, file), 'utf8')]),
  );
}

const placeOfRoom = (path: string) => path.split('/', 1)[0];

test('no room knows another that it should not', () => {
  const sources = new Map(Object.keys(rooms).flatMap(room => [...sourcesBelow(room)]));
  const arrows = arrowsIn(sources, placeOfRoom);
  expect(forbidden(arrows, rooms)).toEqual([]);
  // What is allowed is used: the table says what is, not what might be.
  const used = new Set(arrows.map(({ from, to }) => `${from} → ${to}`));
  const unused = Object.entries(rooms).flatMap(([from, known]) =>
    known.map(to => `${from} → ${to}`).filter(arrow => !used.has(arrow)),
  );
  expect(unused).toEqual([]);
});

test.each(Object.entries(layers))('in %s every import goes down', (base, order) => {
  const arrows = arrowsIn(sourcesBelow(base), placesBelow(base));
  expect(arrows.length).toBeGreaterThan(10);
  expect(upward(arrows, order)).toEqual([]);
});

test('a circle and an arrow upwards are told with both names, and a folder without a place', () => {
  const sources = new Map([
    ['p/src/low/a.ts', "import type { B } from '../high/b.ts';"],
    ['p/src/high/b.ts', "export { a } from '../low/a.ts';\nconst c = await import('../new/c.ts');"],
    ['p/src/new/c.ts', "import './d.ts';"],
  ]);
  expect(upward(arrowsIn(sources, placesBelow('p/src')), ['low', 'high'])).toEqual([
    'low is below high: p/src/low/a.ts imports p/src/high/b.ts',
    'new is in no layer: p/src/high/b.ts imports p/src/new/c.ts',
  ]);
  const roomsSeen = arrowsIn(
    new Map([['relay/a.ts', "import { b } from '../simulator/b.ts';"]]),
    placeOfRoom,
  );
  expect(forbidden(roomsSeen, rooms)).toEqual([
    'relay may not know simulator: relay/a.ts imports simulator/b.ts',
  ]);
});
