/** Boards on a virtual clock: hours in seconds, real sockets all the same. */
import { createServer, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { newest } from '../../../simulator/board/options.ts';
import { VirtualClock } from '../../../simulator/board/virtual-clock.ts';
import { until } from '../../fixtures/patience.ts';
import { makeBoard, sleepNow } from './fixtures/harness.ts';
import { listen } from './fixtures/servers.ts';

const hourMs = 3_600_000;

describe('the clock', () => {
  test('runs timers by due time, and those of the same time in their order', async () => {
    const clock = new VirtualClock();
    const order: string[] = [];
    for (const [name, ms] of [
      ['c', 20],
      ['a', 10],
      ['d', 20],
      ['b', 10],
    ] as const) {
      clock.later(ms, () => order.push(`${name} ${clock.nowMs()}`));
    }
    const cancel = clock.later(15, () => order.push('never'));
    cancel();
    cancel();
    clock.later(10, () => clock.later(0, () => order.push(`after ${clock.nowMs()}`)));
    await clock.advance(1000);
    expect(order).toEqual(['a 10', 'b 10', 'after 10', 'c 20', 'd 20']);
    expect(clock.nowMs()).toBe(1000);
  });

  test('runs what became due while the chip was blocked late, not never', async () => {
    const clock = new VirtualClock();
    const seen: number[] = [];
    clock.later(10, () => clock.spend(100));
    clock.later(50, () => seen.push(clock.nowMs()));
    await clock.advance(60);
    await clock.advance(60);
    expect(seen).toEqual([110]);
  });

  test('stops where it is told, and says when that does not come', async () => {
    const clock = new VirtualClock();
    let ticks = 0;
    function tick(): void {
      ticks++;
      clock.later(1000, tick);
    }
    tick();
    await clock.run(() => ticks === 5, 60_000);
    expect(clock.nowMs()).toBe(4000);
    await expect(clock.run(() => false, 10_000)).rejects.toThrow('Not done within 10000 ms');
  });

  test('stands still while somebody holds it', async () => {
    const clock = new VirtualClock();
    const release = clock.hold('a test');
    let heldAt = -1;
    setTimeout(() => {
      heldAt = clock.nowMs();
      release();
    }, 50);
    await clock.advance(1000);
    expect(heldAt).toBe(0);
  });

  test('names who holds it for ever', async () => {
    const clock = new VirtualClock(100);
    clock.hold('a relay that hangs');
    await expect(clock.advance(1)).rejects.toThrow('a relay that hangs');
  });
});

// On a clock that did not jump the test would run out of time.
test('two hours of timers and deep sleep are over in a moment', async () => {
  const clock = new VirtualClock();
  const board = makeBoard(
    `print(ESP32.getWakeupCause() + " at " + Math.round(getTime()));
     setTimeout(function(){ ESP32.deepSleep(590e6) }, 9000);`,
    { clock, bootMs: 1000 },
  );
  board.powerOn();
  await clock.advance(2 * hourMs);
  expect(board.prints).toEqual(
    ['0 at 1', ...Array.from({ length: 11 }, (_, i) => `4 at ${600 * (i + 1) + 1}`), '4 at 7201'].slice(
      0,
      12,
    ),
  );
  expect(board.trace.at(-1)?.atMs).toBeLessThanOrEqual(2 * hourMs);
  expect(board.faults).toEqual([]);
});

test('while a call waits, the world goes on in its time', () => {
  const clock = new VirtualClock();
  const seen: string[] = [];
  clock.later(50, () => seen.push(`finger ${clock.nowMs()}`));
  clock.later(150, () => seen.push('later'));
  expect(clock.pass(100)).toBe(true);
  expect([...seen, clock.nowMs()]).toEqual(['finger 50', 100]);
});

describe('sockets are real', () => {
  /** Answers each piece with its upper case, after some real milliseconds when told so. */
  async function shouter(delayMs = 0) {
    return listen(
      createServer((socket: Socket) => {
        socket.on('error', () => {});
        socket.on('data', data => {
          const answer = () => socket.write(data.toString().toUpperCase());
          // A timer of 0 ms would be a real one too, and the clock waits for none of those.
          if (delayMs > 0) setTimeout(answer, delayMs);
          else answer();
        });
      }),
    );
  }

  const talk = (port: number) => `
    function at(what) { print(what + " " + Math.round(getTime() * 1000)) }
    require("Wifi").connect("home", {password: "secret"}, function() {
      at("joined");
      var s = require("net").connect({host: "127.0.0.1", port: ${port}}, function() { at("open"); s.write("one") });
      s.on("data", function(d) {
        at(d);
        if (d == "ONE") setTimeout(function() { s.write("two") }, 60000);
        else { require("Wifi").disconnect(); at("left"); setTimeout(function(){ ${sleepNow} }, 100) }
      });
      setTimeout(function() { at("late") }, 30000);
    });`;

  test('and their ways take their virtual time, not more', async () => {
    const clock = new VirtualClock();
    const server = await shouter();
    const board = makeBoard(talk(server.port), {
      clock,
      joinMs: 1600,
      costs: { openMs: 200, roundTripMs: 100 },
    });
    let asleep = false;
    board.powerOn();
    board.on('sleep', () => {
      asleep = true;
    });
    await clock.run(() => asleep, hourMs);
    expect(board.prints).toEqual([
      'joined 1600',
      'open 1800',
      'ONE 1900',
      'late 31800',
      'TWO 62000',
      'left 62000',
    ]);
    expect(board.faults).toEqual([]);
  });

  test('a first answer that takes its real time takes no virtual time', async () => {
    const clock = new VirtualClock();
    const server = await shouter(60);
    const board = makeBoard(talk(server.port), { clock, joinMs: 1600 });
    board.powerOn();
    await clock.run(() => board.prints.length >= 3, hourMs);
    expect(board.prints).toEqual(['joined 1600', 'open 1600', 'ONE 1600']);
  });

  test('a refused connection is told after its way', async () => {
    const clock = new VirtualClock();
    const board = makeBoard(
      `require("Wifi").connect("home", {password: "secret"}, function() {
        require("net").connect({host: "127.0.0.1", port: 1}, function(){}).on("close", function(e) {
          print("close " + e + " " + Math.round(getTime() * 1000));
        });
      });`,
      { clock, joinMs: 1000, costs: { openMs: 200, roundTripMs: 100 } },
    );
    board.powerOn();
    await clock.run(() => board.prints.length > 0, hourMs);
    expect(board.prints).toEqual(['close true 1200']);
  });
});

describe('what blocks the chip takes its time', () => {
  test('light sleep: variables stay, timers wait, a finger is felt afterwards', async () => {
    const clock = new VirtualClock();
    const board = makeBoard(
      `var n = 1, woken = 0;
       setTimeout(function(){ print("timer " + getTime()) }, 500);
       setWatch(function(e){ print("finger " + e.time) }, 0, {edge: "rising", repeat: true, debounce: 0});
       setTimeout(function(){ ESP32.lightSleep(20000); print("n " + n + " at " + getTime()) }, 100);`,
      { clock, later: newest },
    );
    board.powerOn();
    clock.later(5000, () => board.hold(30_000));
    await clock.advance(60_000);
    expect(board.prints).toEqual(['n 1 at 20.1', 'timer 20.1', 'finger 20.1']);
    const slept = board.trace.filter(({ what }) => what === 'lightSleep' || what === 'lightWake');
    expect(slept).toEqual([
      { atMs: 100, what: 'lightSleep', durationMs: 20_000 },
      { atMs: 20_100, what: 'lightWake' },
    ]);
    expect(board.faults).toEqual([]);
  });

  test('light sleep with the radio on is a fault; without the option there is no such call', async () => {
    const clock = new VirtualClock();
    const bundle = `print(typeof ESP32.lightSleep);
      require("Wifi").connect("home", {password: "secret"}, function() { ESP32.lightSleep(10) });`;
    const board = makeBoard(bundle, { clock, later: newest });
    board.powerOn();
    await clock.advance(10_000);
    expect(board.prints).toEqual(['function']);
    expect(board.faults[0]?.message).toContain('lightSleep with the radio on');
    const older = makeBoard(bundle, { clock });
    older.powerOn();
    await clock.advance(10_000);
    expect(older.prints).toEqual(['undefined']);
  });

  test('light sleep on the real clock blocks for real', async () => {
    const bundle = 'ESP32.lightSleep(60); ESP32.lightSleep(0); ESP32.lightSleep(-5); print("awake");';
    const board = makeBoard(bundle, { later: newest });
    board.powerOn();
    await until(() => board.prints.length > 0, 'the end of the sleep');
    const [down, up, ...more] = board.trace.filter(({ what }) => what.startsWith('light'));
    expect(more).toEqual([]);
    expect((up?.atMs ?? 0) - (down?.atMs ?? 0)).toBeGreaterThan(55);
  });

  test('I²C by its bitrate, and each call by its cost', async () => {
    const clock = new VirtualClock();
    const board = makeBoard(
      `I2C1.setup({sda: 4, scl: 15, bitrate: 400000});
       var t = getTime(); I2C1.writeTo(0x3c, [0, 0xe3, 0xe3]); print("" + Math.round((getTime() - t) * 1e6));`,
      { clock, costs: { i2c: true, callMs: 0.5 } },
    );
    board.powerOn();
    await clock.advance(1000);
    expect(board.faults).toEqual([]);
    // Four bytes of nine bits at 2.5 µs, and two calls.
    expect(board.prints).toEqual([String(4 * 9 * 2.5 + 1000)]);
  });
});

test('the display supply is in the trace: from the battery, and by its switch', async () => {
  const clock = new VirtualClock();
  const board = makeBoard(`pinMode(21, "output"); digitalWrite(21, 0); ${sleepNow}`, {
    clock,
    pins: { vext: 21 },
    pinsInSleep: 'released',
  });
  board.powerOn();
  await clock.advance(1000);
  board.powerOff();
  const supply = board.trace.flatMap(entry => (entry.what === 'supply' ? [entry.on] : []));
  expect(supply).toEqual([true, false]);
  const always = makeBoard(sleepNow, { clock });
  always.powerOn();
  await clock.advance(1000);
  always.powerOff();
  expect(always.trace.flatMap(entry => (entry.what === 'supply' ? [entry.on] : []))).toEqual([true, false]);
});
