import { describe, expect, test } from 'vitest';
import type { BoardOptions } from '../../simulator/board/options.ts';
import { makeBoard, next, runToSleep, sleepNow, wait } from './harness.ts';

/** Joins, tells what came of it and the details, and sleeps. */
function join(ssid: string, password: string): string {
  return `var W = require("Wifi");
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

describe('joining', () => {
  test('takes its time, then the details say connected', async () => {
    const board = await runToSleep(join('home', 'secret'), { networks, joinMs: 40 });
    expect(board.prints).toEqual([
      '{"status":"Unknown reason"}',
      'joined null {"status":"connected","ssid":"home","password":"secret"}',
    ]);
    expect(states(board)).toEqual(['joining', 'joined', 'off']);
    const [joining, joined] = board.trace.filter(t => t.what === 'wifi');
    expect((joined?.atMs ?? 0) - (joining?.atMs ?? 0)).toBeGreaterThan(35);
  });

  test('the strength is in the details only when the build has it', async () => {
    const board = await runToSleep(join('home', 'secret'), { networks, detailsHaveRssi: true });
    expect(board.prints[1]).toContain('"rssi":-48');
  });

  test.each([
    ['an open network', 'open', '', 'joined null'],
    ['a hidden network, by its name', 'shy', 'x', 'joined null'],
    [
      'a wrong password',
      'home',
      'wrong',
      'joined 4WAY_HANDSHAKE_TIMEOUT {"status":"4WAY_HANDSHAKE_TIMEOUT"}',
    ],
    ['a network out of reach', 'away', 'x', 'joined NO_AP_FOUND {"status":"NO_AP_FOUND"}'],
  ])('%s', async (_name, ssid, password, told) => {
    const board = await runToSleep(join(ssid, password), { networks });
    expect(board.prints[1]).toContain(told);
  });

  test('after a failure the radio stops by itself', async () => {
    const board = makeBoard('require("Wifi").connect("away", {}, function(){ print("told") });', {
      joinFailMs: 10,
    });
    board.powerOn();
    await next(board, 'print');
    await wait(5);
    expect(states(board)).toEqual(['joining', 'failed', 'off']);
  });

  test('in 2v29 a failed join may say nothing', async () => {
    const options: Partial<BoardOptions> = { joinFailMs: 5, troubles: { joinNeverAnswers: true } };
    const board = makeBoard(`${join('away', 'x')} setTimeout(function(){ ${sleepNow} }, 50);`, options);
    board.powerOn();
    await next(board, 'sleep');
    expect(board.prints).toEqual(['{"status":"Unknown reason"}']);
  });

  test('a network that appears while joining is found', async () => {
    const board = makeBoard(join('late', 'x'), { networks: [], joinMs: 20, joinFailMs: 40 });
    board.powerOn();
    await next(board, 'print');
    board.networks = [{ ssid: 'late', password: 'x' }];
    await next(board, 'sleep');
    expect(board.prints[1]).toContain('joined null');
  });

  test('a new connect takes the place of the one under way', async () => {
    const board = await runToSleep(
      `require("Wifi").connect("open", {}, function(){ print("first") }); ${join('home', 'secret')}`,
      { networks },
    );
    expect(board.prints.length).toBe(2);
  });
});

test('disconnecting: the callback comes at once, and once more when the link was up', async () => {
  const board = makeBoard(`var W = require("Wifi");
    W.connect("home", {password: "secret"}, function() {
      W.disconnect(function() { print("left " + W.getDetails().status) });
      setTimeout(function() { W.disconnect(function() { print("again") }) }, 20);
      setTimeout(function() { ${sleepNow} }, 40);
    });`);
  board.powerOn();
  await next(board, 'sleep');
  expect(board.prints).toEqual(['left ASSOC_LEAVE', 'left ASSOC_LEAVE', 'again']);
  expect(states(board)).toEqual(['joining', 'joined', 'off']);
});

test('scanning finds what is in reach; a hidden network has no name', async () => {
  const board = await runToSleep(
    `var W = require("Wifi");
     W.scan(function(found) { print(found.map(n => n.ssid + n.rssi).join() + Array.isArray(found)); ${sleepNow} });
     try { W.scan(function(){}) } catch (e) { print(e.message) }`,
    { networks },
  );
  expect(board.prints).toEqual(['A scan is already in progress', 'home-48,open-60,-60true']);
  expect(states(board)).toEqual(['scanning', 'scanned', 'off']);
});

test('the phone leaves: the details say so', async () => {
  const board = makeBoard(
    `require("Wifi").connect("home", {password: "secret"}, function() { print("joined") });
     setTimeout(function() { print(require("Wifi").getDetails().status); ${sleepNow} }, 60);`,
  );
  board.powerOn();
  await next(board, 'print');
  board.loseWifi();
  await next(board, 'sleep');
  expect(board.prints).toEqual(['joined', 'BEACON_TIMEOUT']);
});
