/** The stations of a press, from what a board and a journal say. */
import { expect, test } from 'vitest';
import type { Facts, PressFact } from '../../page/src/facts.ts';
import { troubles, troublesIn } from '../../page/src/troubles.ts';
import { type Finger, stations, wayOf } from '../../page/src/way.ts';

const at = 1_000_000;
const trace: Finger['trace'] = [
  { atMs: at + 10, what: 'wifi', state: 'joining', ssid: 'phone' },
  { atMs: at + 1200, what: 'wifi', state: 'joined', ssid: 'phone' },
  { atMs: at + 1210, what: 'socket', id: 1, event: 'connecting' },
  { atMs: at + 1250, what: 'socket', id: 1, event: 'open' },
  { atMs: at + 1300, what: 'socket', id: 1, event: 'received', bytes: 4 },
];
const press: PressFact = {
  ...{ button: 'house-02', press: 1, cluster: 'house-02-1', step: 'ready', percent: 100 },
  history: [
    { step: 'accepted', at: at + 1400 },
    { step: 'creating', at: at + 1410 },
    { step: 'building', at: at + 1700 },
    { step: 'verifying', at: at + 6000 },
    { step: 'ready', at: at + 6500 },
  ],
};
const facts: Pick<Facts, 'passed' | 'presses'> = {
  passed: [{ button: 'house-02', at: at + 1350 }],
  presses: [press],
};
const finger: Finger = { button: 'house-02', at, trace };
const litOf = (way: ReturnType<typeof wayOf>) => way.map(({ afterMs }) => afterMs);

test('each station has the time of what happened there', () => {
  expect(litOf(wayOf(finger, facts))).toEqual([0, 1200, 1300, 1350, 1400, 1700, 6500]);
});

test('nothing is lit before a finger, nor by what another button did', () => {
  expect(wayOf(undefined, facts)).toEqual(stations.map(station => ({ station })));
  const other = { passed: [{ button: 'cloud-02', at: at + 1 }], presses: [{ ...press, button: 'cloud-02' }] };
  expect(litOf(wayOf({ ...finger, trace: [] }, other))).toEqual([0, ...Array(6).fill(undefined)]);
});

test('an older press of the same button lights nothing, and one under way does', () => {
  const late = { ...finger, at: at + 100_000, trace: [] };
  expect(litOf(wayOf(late, facts)).slice(1)).toEqual(Array(6).fill(undefined));
  const building = { ...press, step: 'building', history: press.history.slice(0, 3) };
  expect(litOf(wayOf(late, { passed: [], presses: [building] })).slice(3)).toEqual([0, 0, 0, undefined]);
});

test.each([
  ['HOTSPOT', [], [], 'hotspot'],
  ['RELAY', trace.slice(0, 3), [], 'relay'],
  ['LAB', trace, [], 'proxy'],
  ['LAB', trace, facts.passed, 'provisioner'],
  ['PLATFORM', trace, facts.passed, 'platform'],
  ['BATTERY', [], [], 'button'],
] as const)('what failed is shown where it failed: %s', (code, seen, passed, where) => {
  const way = wayOf({ ...finger, trace: seen, code }, { passed: [...passed], presses: [] });
  expect(way.filter(({ failed }) => failed).map(({ station }) => station)).toEqual([where]);
});

test('troubles of an address are those that there are', () => {
  expect(troublesIn('?trouble=proxy,battery')).toEqual(['proxy', 'battery']);
  expect(troublesIn('?trouble=nonsense,%00&x=1')).toEqual([]);
  expect(troublesIn('')).toEqual([]);
  expect(new Set(troubles.map(({ name }) => name)).size).toBe(troubles.length);
});

test.each([
  ['HOTSPOT', 'hotspot'],
  ['BATTERY', 'button'],
  ['DEVICE', 'button'],
  ['RELAY', 'relay'],
  ['KEY', 'provisioner'],
  ['STALE', 'provisioner'],
  ['QUOTA', 'provisioner'],
  ['PLATFORM', 'platform'],
] as const)('what a display says stays dark where it was: %s at the %s', (code, station) => {
  const way = wayOf({ ...finger, code }, facts);
  expect(way.filter(({ failed }) => failed).map(stop => stop.station)).toEqual([station]);
});
