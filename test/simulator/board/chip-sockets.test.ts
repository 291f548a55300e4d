/** Dialling, asking for names and sending as the chip really does it: rows of docs/chip.md. */
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { Board } from '../../../simulator/board/board.ts';
import type { BoardOptions } from '../../../simulator/board/options.ts';
import { deadHostMs, deadNameServerMs } from '../../../simulator/board/socket-world.ts';
import type { VirtualClock } from '../../../simulator/board/virtual-clock.ts';
import { pause, until } from '../../fixtures/patience.ts';
import { makeBoard, runFor } from './fixtures/harness.ts';
import { listen } from './fixtures/servers.ts';

const networks = [
  { ssid: 'home', password: 'secret' },
  { ssid: 'other', password: 'secret' },
];
const at = 'function at(what) { print(what + " " + Math.round(getTime() * 10) / 10) }';
const joined = (then: string) =>
  `${at} require("Wifi").connect("home", {password: "secret"}, function() { ${then} });`;
/** Dials, and tells when it was thrown out, or open, or closed. */
const dial = (host: string, port = 1883) => `try {
    var s = require("net").connect({host: "${host}", port: ${port}}, function() { at("open") });
    s.on("error", function(e) { at("error " + e.code) }); s.on("close", function(e) { at("close " + e) });
    at("returned");
  } catch (e) { at(e.message) }`;

async function server() {
  const got: string[] = [];
  const { port } = await listen(
    createServer(s => s.on('error', () => {}).on('data', d => got.push(String(d)))),
  );
  return { port, got };
}

describe('connect blocks', () => {
  const dead: Partial<BoardOptions> = { networks, joinMs: 1000, troubles: { connectBlocksMs: deadHostMs } };

  test('a host that does not answer stops the program for 18 s, then connect throws; a limit of 2 s fires after that', async () => {
    const program = joined(`setTimeout(function() { at("limit") }, 2000); ${dial('10.0.0.9')}`);
    const board = await runFor(60_000, program, dead);
    expect(board.prints).toEqual(['Unable to create socket 19', 'limit 19']);
    expect(board.trace.filter(({ what }) => what === 'blocked')).toMatchObject([
      { by: 'dial', durationMs: deadHostMs, atMs: 1000 },
    ]);
  });

  test('a dead name server stops the program in the same way', async () => {
    const troubles = { dnsBlocksMs: deadNameServerMs };
    const program = joined(`setTimeout(function() { at("limit") }, 2000); ${dial('relay.example')}`);
    const board = await runFor(60_000, program, { ...dead, troubles });
    expect(board.prints).toEqual(['Unable to locate host 15', 'limit 15']);
    expect(board.trace.find(({ what }) => what === 'blocked')).toMatchObject({ by: 'name' });
  });

  test('a finger that came and went meanwhile is felt afterwards, with its own times', async () => {
    const watch =
      'setWatch(function(e) { at((e.state ? "down " : "up ") + Math.round(e.time)) }, 0, {edge: "both", repeat: true, debounce: 0});';
    const press = (board: Board, clock: VirtualClock) => clock.later(5000, () => board.hold(2000));
    const board = await runFor(60_000, `${watch} ${joined(dial('10.0.0.9'))}`, dead, press);
    expect(board.prints).toEqual(['Unable to create socket 19', 'down 5 19', 'up 7 19']);
  });

  test('the battery that goes meanwhile ends all of it', async () => {
    const board = await runFor(60_000, joined(dial('10.0.0.9')), dead, (b, clock) =>
      clock.later(5000, () => b.powerOff()),
    );
    expect(board.prints).toEqual([]);
    expect([board.state, board.faults]).toEqual(['off', []]);
  });

  test('opening takes its time inside of the call too', async () => {
    const { port } = await server();
    const board = await runFor(10_000, joined(dial('127.0.0.1', port)), {
      networks,
      joinMs: 1000,
      costs: { openMs: 500 },
    });
    expect(board.prints).toEqual(['returned 1.5', 'open 1.5']);
  });

  test("on the computer's clock the program's events wait, and nobody else in the process does", async () => {
    const program = `require("Wifi").connect("home", {password: "secret"}, function() {
      setTimeout(function() { print("limit") }, 1);
      var s = require("net").connect({host: "10.0.0.9", port: 1}, function() { print("open") });
      s.on("error", function(e) { print("error " + e.code) }); s.on("close", function(e) { print("close " + e) });
      print("dialling");
    });`;
    const board = makeBoard(program, { networks, joinMs: 1, troubles: { connectBlocksMs: 400 } });
    board.powerOn();
    await until(() => board.prints.includes('dialling'), 'the dial');
    await pause(20);
    const meanwhile = [...board.prints];
    await until(() => board.prints.includes('close true'), 'the end of the dial');
    expect(meanwhile).toEqual(['dialling']);
    expect(board.prints).toEqual(['dialling', 'limit', 'error -9', 'close true']);
  });

  test('a name server that is dead on the computer’s clock is told as error -6', async () => {
    const program = `require("Wifi").connect("home", {password: "secret"}, function() {
      require("net").connect({host: "relay.example", port: 1}, function() {}).on("error", function(e) { print("error " + e.code) });
    });`;
    const board = makeBoard(program, { networks, joinMs: 1, troubles: { dnsBlocksMs: 50 } });
    board.powerOn();
    await until(() => board.prints.length > 0, 'the end of the look-up');
    expect(board.prints).toEqual(['error -6']);
  });

  test('with the address of a network that is gone, every dial is into the void', async () => {
    const again = (name: string) =>
      `W.disconnect(); W.connect("${name}", {password: "secret"}, function() {});`;
    const program = `var W = require("Wifi"); ${joined(again('home'))}
      setTimeout(function() { ${again('other')} }, 10000);
      setTimeout(function() { ${dial('127.0.0.1')} }, 20000);`;
    const board = await runFor(60_000, program, { networks, joinMs: 1000 });
    expect(board.prints).toEqual(['Unable to create socket 38']);
  });
});

describe('what is written leaves in the idle loop', () => {
  const say = (then: string) => (port: number) =>
    joined(
      `var s = require("net").connect({host: "127.0.0.1", port: ${port}}, function() { s.write("goodbye"); ${then} });`,
    );

  test.each([
    ['goes to sleep in the same turn', 'ESP32.deepSleep(1e9);', []],
    ['leaves its network in the same turn', 'require("Wifi").disconnect();', []],
    ['goes to sleep a moment later', 'setTimeout(function() { ESP32.deepSleep(1e9) }, 5);', ['goodbye']],
    ['ends the socket', 's.end();', ['goodbye']],
  ])('and is lost or not when the chip %s', async (_when, then, arrives) => {
    const { port, got } = await server();
    const board = await runFor(10_000, say(then)(port), { networks, joinMs: 1000 });
    expect(got).toEqual(arrives);
    expect(board.trace.filter(entry => entry.what === 'socket' && entry.event === 'sent')).toHaveLength(
      arrives.length,
    );
  });

  test('long data leaves in pieces of 536 bytes', async () => {
    const { port, got } = await server();
    const program = joined(
      `var s = require("net").connect({host: "127.0.0.1", port: ${port}}, function() { s.write("x".repeat(1100)) });`,
    );
    const board = await runFor(10_000, program, { networks, joinMs: 1000 });
    const sent = board.trace.flatMap(entry =>
      entry.what === 'socket' && entry.event === 'sent' ? [entry.bytes] : [],
    );
    expect(sent).toEqual([536, 536, 28]);
    expect(got.join('')).toHaveLength(1100);
  });

  test('what a socket still held when it closed is an error', async () => {
    const { port } = await server();
    const program =
      joined(`var s = require("net").connect({host: "127.0.0.1", port: ${port}}, function() { s.write("lost"); require("Wifi").disconnect() });
      s.on("error", function(e) { at("error " + e.code) }); s.on("close", function(e) { at("close " + e) });`);
    const board = await runFor(10_000, program, { networks, joinMs: 1000 });
    expect(board.prints).toEqual(['error -8 1', 'close true 1']);
  });
});
