import { describe, expect, test } from 'vitest';
import type { BoardOptions } from '../../../simulator/board/options.ts';
import { VirtualClock } from '../../../simulator/board/virtual-clock.ts';
import { makeBoard, nextSleep, runToSleep, sleepNow } from './fixtures/harness.ts';

const listen = `var W = require("Wifi");
  W.on("disconnected", function(e) { print("left " + e.reason + " " + e.msg + " " + e.ssid) });`;

/** Joins, tells what came of it and the details, and sleeps. */
function join(ssid: string, password: string): string {
  return `${listen}
    print(JSON.stringify(W.getDetails()));
    W.connect("${ssid}", {password: "${password}"}, function(e) { print("joined " + e + " " + JSON.stringify(W.getDetails())); ${sleepNow} });`;
}

const networks = [
  { ssid: 'home', password: 'secret', rssi: -48 },
  { ssid: 'open', password: '' },
  { ssid: 'shy', password: 'x', hidden: true },
];

function states(board: { trace: readonly { what: string }[] }): unknown[] {
  return board.trace.filter(t => t.what === 'wifi').map(t => (t as { state?: string }).state);
}

/** What it prints in so many virtual milliseconds. */
async function within(ms: number, program: string, options: Partial<BoardOptions> = {}) {
  const clock = new VirtualClock();
  const board = makeBoard(program, { clock, networks, ...options });
  board.powerOn();
  await clock.advance(ms);
  return board;
}

describe('joining', () => {
  test('takes its time, then the details say connected', async () => {
    const board = await within(1000, join('home', 'secret'), { joinMs: 40 });
    expect(board.prints).toEqual([
      '{"status":"Unknown reason"}',
      'joined null {"status":"connected","ssid":"home","password":"secret"}',
    ]);
    expect(states(board)).toEqual(['accessPoint', 'joining', 'joined', 'off']);
    const [joining, joined] = board.trace.filter(t => t.what === 'wifi').slice(1);
    expect((joined?.atMs ?? 0) - (joining?.atMs ?? 0)).toBe(40);
  });

  test.each([
    ['an open network', 'open', '', 'joined null'],
    ['a hidden network, by its name', 'shy', 'x', 'joined null'],
    ['a wrong password', 'home', 'wrong', 'left 15 4WAY_HANDSHAKE_TIMEOUT home'],
    ['a network out of reach', 'away', 'x', 'left 201 NO_AP_FOUND away'],
  ])('a join ends as it should: %s', async (_name, ssid, password, told) => {
    const board = await within(10_000, join(ssid, password));
    expect(board.prints[1]).toContain(told);
    expect(board.prints).toHaveLength(2);
  });

  test('a network that goes away while it is joined is not joined', async () => {
    const clock = new VirtualClock();
    const board = makeBoard(join('home', 'secret'), { clock, networks, joinMs: 20 });
    board.powerOn();
    await clock.advance(10);
    board.networks = [];
    await clock.advance(100);
    expect(board.prints.slice(1)).toEqual(['left 201 NO_AP_FOUND home']);
  });

  test('a new connect takes the place of the one under way', async () => {
    const board = await within(
      1000,
      `require("Wifi").connect("open", {}, function(){ print("first") }); ${join('home', 'secret')}`,
    );
    expect(board.prints).toHaveLength(2);
  });

  test('joining another one leaves the first, and says so', async () => {
    const program = `${listen} W.connect("open", {}, function(){ W.connect("home", {password: "secret"}, function(){}) });`;
    const board = await within(1000, program, { joinMs: 40 });
    expect(board.prints).toEqual(['left 8 ASSOC_LEAVE open']);
    expect(states(board).filter(state => state === 'joined')).toHaveLength(2);
  });
});

test('disconnecting: the callback comes at once, and once more when the link was up', async () => {
  const clock = new VirtualClock();
  const program = `var W = require("Wifi");
    W.connect("home", {password: "secret"}, function() {
      W.disconnect(function() { print("left " + W.getDetails().status) });
      setTimeout(function() { W.disconnect(function() { print("again") }) }, 20);
      setTimeout(function() { ${sleepNow} }, 40);
    });`;
  const board = makeBoard(program, { clock });
  board.powerOn();
  await nextSleep(board, clock);
  expect(board.prints).toEqual(['left ASSOC_LEAVE', 'left ASSOC_LEAVE', 'again']);
});

test('scanning finds what is in reach; a hidden network has no name', async () => {
  const board = await runToSleep(
    `var W = require("Wifi");
     W.scan(function(found) { print(found.map(n => n.ssid + n.rssi).join() + Array.isArray(found)); ${sleepNow} });
     try { W.scan(function(){}) } catch (e) { print(e.message) }`,
    { networks },
  );
  expect(board.prints).toEqual(['A scan is already in progress', 'home-48,open-60,-60true']);
  expect(states(board)).toEqual(['accessPoint', 'scanning', 'scanned', 'accessPoint', 'off']);
});

test('the phone leaves: the details say so, and the event', async () => {
  const clock = new VirtualClock();
  const board = makeBoard(
    `${listen} W.connect("home", {password: "secret"}, function() { print("joined") });
     setTimeout(function() { print(W.getDetails().status + W.getIP().ip); ${sleepNow} }, 60);`,
    { clock },
  );
  board.powerOn();
  await clock.advance(40);
  board.loseWifi();
  await nextSleep(board, clock);
  expect(board.prints).toEqual(['joined', 'left 200 BEACON_TIMEOUT home', 'BEACON_TIMEOUT0.0.0.0']);
});
