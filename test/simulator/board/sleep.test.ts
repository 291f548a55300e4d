/** Deep sleep: what wakes the chip, and that nothing but Storage gets over it. */
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { newest } from '../../../simulator/board/options.ts';
import { VirtualClock } from '../../../simulator/board/virtual-clock.ts';
import { until } from '../../fixtures/patience.ts';
import { makeBoard, next, nextSleep, runToSleep, sleepNow } from './fixtures/harness.ts';
import { listen } from './fixtures/servers.ts';

/** GPIO 0 is negated, and belongs to the RTC when it has woken the chip (see chip-pins.test.ts). */
const tellCause = `poke32(0x3ff48498, peek32(0x3ff48498) & ~(1 << 19));
  print("cause " + ESP32.getWakeupCause() + " button " + (digitalRead(0) ? "down" : "up"));`;

describe('waking', () => {
  test('power-on is cause 0, a press cause 2 with the button still down', async () => {
    const clock = new VirtualClock();
    const board = makeBoard(`${tellCause} setTimeout(function(){ ${sleepNow} }, 60);`, { clock });
    const wakes: number[] = [];
    board.on('wake', cause => wakes.push(cause));
    expect(board.state).toBe('off');
    board.powerOn();
    expect(board.state).toBe('awake');
    expect(await nextSleep(board, clock)).toEqual({ kind: 'pin', pin: 0, level: 0 });
    expect(board.state).toBe('asleep');
    board.press(30);
    await nextSleep(board, clock);
    expect(board.prints).toEqual(['cause 0 button up', 'cause 2 button down']);
    expect(wakes).toEqual([0, 2]);
  });

  test('the press is over when its time is over', async () => {
    const clock = new VirtualClock();
    const board = makeBoard(`setTimeout(function(){ ${tellCause} ${sleepNow} }, 60);`, { clock });
    board.powerOn();
    await nextSleep(board, clock);
    board.press(20);
    await nextSleep(board, clock);
    expect(board.prints[1]).toBe('cause 2 button up');
  });

  test('a button that is still held when the chip goes to sleep wakes it at once', async () => {
    const clock = new VirtualClock();
    const board = makeBoard(`${tellCause} ${sleepNow}`, { clock, bootMs: 10 });
    board.powerOn();
    await clock.advance(100);
    let wakes = 0;
    board.on('wake', () => wakes++);
    board.hold(50);
    await clock.advance(120);
    expect(wakes).toBeGreaterThan(1);
    expect(board.state).toBe('asleep');
  });

  test('a timer is cause 4, after the scaled time; the trace tells the time asked for', async () => {
    const clock = new VirtualClock();
    const board = makeBoard(
      `${tellCause} if (ESP32.getWakeupCause() == 4) { ${sleepNow} } ESP32.deepSleep(60e6);`,
      { clock, sleepScale: 0.001 },
    );
    board.powerOn();
    expect(await nextSleep(board, clock)).toEqual({ kind: 'timer', durationMs: 60_000 });
    board.press(5); // A pin is not armed: it must not wake the chip.
    await nextSleep(board, clock);
    expect(clock.nowMs()).toBe(60);
    expect(board.prints).toEqual(['cause 0 button up', 'cause 4 button up']);
    expect(board.trace.filter(t => t.what === 'sleep')[0]).toMatchObject({
      kind: 'timer',
      durationMs: 60_000,
    });
  });

  test.each([
    [
      'ESP32.deepSleep(2147483648)',
      'ESP32.deepSleep(2147483648): not a number of microseconds from 0 to 2147483647',
    ],
    ['ESP32.deepSleep(-1)', 'ESP32.deepSleep(-1): not a number of microseconds from 0 to 2147483647'],
    ['ESP32.deepSleep(NaN)', 'ESP32.deepSleep(NaN): not a number of microseconds from 0 to 2147483647'],
    ['ESP32.deepSleepExt0(21, 0)', 'Invalid pin'],
  ])('what the chip cannot do is refused: %s', async (code, message) => {
    const board = await runToSleep(`try{${code}}catch(e){print(e.message)}${sleepNow}`);
    expect(board.prints).toEqual([message]);
  });

  test('every RTC pad can end a deep sleep; newer interpreters forget one of them', async () => {
    const program = `try { ESP32.deepSleepExt0(38, 0) } catch (e) { print(e.message) } ${sleepNow}`;
    const options = { pins: { button: 38, buttonResistor: true } };
    expect((await runToSleep(program, options)).prints).toEqual([]);
    expect((await runToSleep(program, { ...options, later: newest })).prints).toEqual(['Invalid pin']);
  });

  test('boot takes its time', async () => {
    const clock = new VirtualClock();
    const board = makeBoard(sleepNow, { clock, bootMs: 50 });
    board.powerOn();
    await nextSleep(board, clock);
    const [starting, running] = board.trace.filter(t => t.what === 'boot');
    expect((running?.atMs ?? 0) - (starting?.atMs ?? 0)).toBe(50);
  });
});

describe('nothing survives but Storage', () => {
  test('timers, watches and callbacks of the boot are dead', async () => {
    const clock = new VirtualClock();
    const program = `
      if (ESP32.getWakeupCause() == 0) {
        setTimeout(function(){ print("timer") }, 10);
        setWatch(function(){ print("watch") }, 0, {edge: "both", repeat: true, debounce: 0});
        require("Wifi").connect("home", {password: "secret"}, function(){ print("wifi") });
      }
      ${sleepNow}`;
    // The press is over before it has booted: the next sleep is the last.
    const board = makeBoard(program, { clock, bootMs: 10 });
    board.powerOn();
    await nextSleep(board, clock);
    board.press(5);
    await clock.advance(1000);
    expect(board.trace.filter(({ what }) => what === 'sleep')).toHaveLength(2);
    expect(board.prints).toEqual([]);
    expect(board.faults).toEqual([]);
  });

  test('sockets are cut, the radio is off', async () => {
    const closed: string[] = [];
    const server = await listen(
      createServer(s => s.on('error', () => {}).on('close', () => closed.push('closed'))),
    );
    const board = await runToSleep(`
      require("Wifi").connect("home", {password: "secret"}, function() {
        require("net").connect({host: "127.0.0.1", port: ${server.port}}, function() { ${sleepNow} })
          .on("close", function() { print("close") });
      });`);
    await until(() => closed.length > 0, 'the socket being closed');
    expect(closed).toEqual(['closed']);
    expect(board.prints).toEqual([]);
    const wifi = board.trace.filter(t => t.what === 'wifi').map(t => t.state);
    expect(wifi).toEqual(['accessPoint', 'joining', 'joined', 'off']);
  });

  test('what was stored is there after waking and after the battery was out', async () => {
    const board = await runToSleep(`
      var s = require("Storage"), n = s.readJSON("n", true) || 0;
      print("n " + n); s.write("n", JSON.stringify(n + 1)); ${sleepNow}`);
    board.press(5);
    await next(board, 'sleep');
    board.powerOff();
    expect(board.state).toBe('off');
    board.powerOn();
    await next(board, 'sleep');
    expect(board.prints).toEqual(['n 0', 'n 1', 'n 2']);
  });
});

describe('the battery is pulled', () => {
  test('the program stops without a word, the display goes dark', async () => {
    const clock = new VirtualClock();
    const program = `
      I2C1.setup({sda: 4, scl: 15, bitrate: 400000});
      I2C1.writeTo(0x3c, [0, 0x8d, 0x14, 0xaf]);
      setTimeout(function(){ print("alive") }, 30);`;
    const board = makeBoard(program, { clock });
    board.powerOn();
    await clock.advance(10);
    expect(board.frame().on).toBe(true);
    const dark = next(board, 'frame');
    board.powerOff();
    expect(await dark).toMatchObject({ on: false });
    board.press(5);
    await clock.advance(1000);
    expect(board.prints).toEqual([]);
    expect(board.faults).toEqual([]);
    expect(board.state).toBe('off');
  });

  test('it cannot be connected twice', async () => {
    const board = await runToSleep(sleepNow);
    expect(() => board.powerOn()).toThrow('powered already');
  });
});
