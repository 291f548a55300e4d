import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../../simulator/board/virtual-clock.ts';
import { makeBoard, next, nextSleep, runToSleep, sleepNow } from './fixtures/harness.ts';

describe('setWatch', () => {
  /** Watches the button, on a pin that is not negated, while it is pressed for 30 ms, twice. */
  async function watched(options: string): Promise<string[]> {
    const clock = new VirtualClock();
    const board = makeBoard(
      `setWatch(function(e) { print((e.state ? "up" : "down") + (e.time > 0 && e.time < 9 ? "" : " bad time")) }, 33, ${options});`,
      { clock, pins: { button: 33, buttonResistor: true } },
    );
    board.powerOn();
    for (let i = 0; i < 2; i++) {
      await clock.advance(40);
      board.press(30);
    }
    await clock.advance(80);
    return board.prints;
  }

  test.each([
    ['{edge: "both", repeat: true, debounce: 0}', ['down', 'up', 'down', 'up']],
    ['{edge: "falling", repeat: true, debounce: 5}', ['down', 'down']],
    ['{edge: "rising", repeat: true, debounce: 5}', ['up', 'up']],
    ['{edge: "both", repeat: false, debounce: 0}', ['down']],
    ['{edge: "rising", repeat: false, debounce: 0}', ['up']],
  ])('tells the edges that were asked for: %s', async (options, told) => {
    expect(await watched(options)).toEqual(told);
  });

  test('debounce leaves out what is shorter, and tells the time of the edge', async () => {
    const clock = new VirtualClock();
    const board = makeBoard(
      `setWatch(function(e) { print("" + e.state + (getTime() - e.time >= 0.045)) }, 33, {edge: "both", repeat: true, debounce: 50});`,
      { clock, pins: { button: 33, buttonResistor: true } },
    );
    board.powerOn();
    await clock.advance(20);
    board.press(10);
    await clock.advance(90);
    expect(board.prints).toEqual([]);
    board.press(500);
    await clock.advance(90);
    expect(board.prints).toEqual(['falsetrue']);
  });

  test('without an edge it is not simulated', async () => {
    const board = await runToSleep(
      `try { setWatch(function(){}, 0) } catch (e) { print(e.message) } ${sleepNow}`,
    );
    expect(board.prints).toEqual([
      'chip.setWatch without {edge: "rising", "falling" or "both"} is not simulated',
    ]);
  });
});

test('the battery comes through its divider; other analog pins are at 0, and the rest have no converter', async () => {
  const board = await runToSleep(
    `print(((analogRead(37) * 4096 * 0.8057 + 142) * 3.2 / 1000).toFixed(2)); print("" + analogRead(36) + analogRead(25)); ${sleepNow}`,
    { pins: { battery: 37 }, batteryMv: 3700 },
  );
  expect(board.prints).toEqual(['3.70', '0NaN']);
  expect(board.trace.find(t => t.what === 'analog')).toMatchObject({ pin: 37, millivolts: 3700 / 3.2 });
});

test('a reading cannot go above the end of the range', async () => {
  const board = await runToSleep(`print("" + analogRead(37)); ${sleepNow}`, {
    pins: { battery: 37 },
    batteryDivider: 1,
  });
  expect(board.prints).toEqual([String(4095 / 4096)]);
});

describe('levels and modes', () => {
  async function read(...steps: string[]): Promise<string> {
    const code = steps.map(step => `print("" + (${step}));`).join(' ');
    const { prints } = await runToSleep(`${code} ${sleepNow}`);
    return prints.filter(text => text !== 'undefined').join('');
  }

  test('outputs keep what was written; an input that nobody holds is low, a pulled one is not', async () => {
    const steps = ['pinMode(5, "output")', 'digitalRead(5)', 'digitalWrite(5, 1)', 'digitalRead(5)'];
    expect(await read(...steps, 'pinMode(5, "input")', 'digitalRead(5)')).toBe('010');
    expect(await read('pinMode(5, "input_pullup")', 'digitalRead(5)')).toBe('1');
  });

  test('what pinMode has set stays set: a write to an input waits until it is an output', async () => {
    const steps = ['pinMode(5, "input")', 'digitalWrite(5, 1)', 'digitalRead(5)', 'pinMode(5, "output")'];
    expect(await read(...steps, 'digitalRead(5)')).toBe('01');
  });

  test('without pinMode each call sets the pin its own way: reading floats it, writing drives it', async () => {
    // GPIO 5 has no pull from the start, GPIO 25 has one.
    expect(await read('digitalWrite(5, 1)', 'digitalRead(5)')).toBe('0');
    expect(await read('digitalRead(25)')).toBe('0');
    expect(await read('pinMode(25, "input_pullup")', 'digitalRead(25)')).toBe('1');
  });
});

describe('the display is wired to pins', () => {
  const setup = 'I2C1.setup({sda: 4, scl: 15, bitrate: 400000});';
  const on = 'I2C1.writeTo(0x3c, [0, 0x8d, 0x14, 0xa5, 0xaf]);';
  const noAck = "jshI2CWrite: slave doesn't ACK the transfer";

  async function told(code: string, options = {}): Promise<string[]> {
    return (
      await runToSleep(`try { ${code} print("ok") } catch (e) { print(e.message) } ${sleepNow}`, options)
    ).prints;
  }

  test.each([
    ['set up and addressed', setup + on, {}, 'ok'],
    ['bytes as a Uint8Array', `${setup} I2C1.writeTo(0x3c, new Uint8Array([0, 0xaf]));`, {}, 'ok'],
    ['before setup', on, {}, 'jshI2CWrite:, unknown error code 259'],
    ['another address', `${setup} I2C1.writeTo(0x3d, [0]);`, {}, noAck],
    ['the address of this module', `${setup} I2C1.writeTo(0x3d, [0]);`, { display: { address: 0x3d } }, 'ok'],
    ['other wires', `I2C1.setup({sda: 21, scl: 22, bitrate: 400000}); ${on}`, {}, noAck],
    ['one other wire', `I2C1.setup({sda: 5, scl: 15}); ${on}`, {}, noAck],
    ['these wires', `I2C1.setup({sda: 21, scl: 22}); ${on}`, { pins: { sda: 21, scl: 22 } }, 'ok'],
    ['in reset', `${setup} digitalWrite(16, 0); ${on}`, {}, noAck],
    ['after reset', `${setup} digitalWrite(16, 0); digitalWrite(16, 1); ${on}`, {}, 'ok'],
    ['no reset wire', `${setup} digitalWrite(16, 0); ${on}`, { pins: { reset: null } }, 'ok'],
    ['Vext not switched on', setup + on, { pins: { vext: 21 } }, noAck],
    ['Vext on', `${setup} digitalWrite(21, 0); ${on}`, { pins: { vext: 21 } }, 'ok'],
    ['bus fault', setup + on, { troubles: { i2cFails: true } }, noAck],
    ['no sda', 'I2C1.setup({});', {}, 'chip.I2C1.setup without sda and scl is not simulated'],
    [
      'text',
      `${setup} I2C1.writeTo(0x3c, "abc");`,
      {},
      'chip.I2C1.writeTo with anything but a number and one array of bytes is not simulated',
    ],
  ])('answers by its wires: %s', async (_name, code, options, message) => {
    expect(await told(code, options)).toEqual([message]);
  });

  test('the picture stays in deep sleep', async () => {
    const board = await runToSleep(`${setup} ${on} ${sleepNow}`);
    expect(board.frame().on).toBe(true);
    expect(board.frame().pixels.every(p => p === 1)).toBe(true);
  });

  test.each([
    ['held', true],
    ['released', false],
  ] as const)('behind Vext, with pins %s in sleep, the display is lit: %s', async (pinsInSleep, lit) => {
    const board = await runToSleep(`digitalWrite(21, 0); ${setup} ${on} ${sleepNow}`, {
      pins: { vext: 21 },
      pinsInSleep,
    });
    expect(board.frame().on).toBe(lit);
  });

  test('an unknown display command is a fault that names it', async () => {
    const board = await runToSleep(`${setup} I2C1.writeTo(0x3c, [0, 0xfe]); ${sleepNow}`);
    expect(board.faults).toMatchObject([{ kind: 'display', message: 'SSD1306: command 0xFE' }]);
  });

  test('one frame event for a burst of traffic, none when nothing changes', async () => {
    const clock = new VirtualClock();
    const program = `${setup} ${on} I2C1.writeTo(0x3c, [0, 0xa7]); I2C1.writeTo(0x3c, [0, 0xa4]); I2C1.writeTo(0x3c, [0, 0xa5]);
      setTimeout(function() { I2C1.writeTo(0x3c, [0, 0xa5]) }, 20);
      setTimeout(function() { I2C1.writeTo(0x3c, [0, 0xae]) }, 40);
      setTimeout(function() { ${sleepNow} }, 60);`;
    const board = makeBoard(program, { clock });
    const frames: boolean[] = [];
    board.on('frame', frame => frames.push(frame.on));
    board.powerOn();
    await nextSleep(board, clock);
    expect(frames).toEqual([true, false]);
  });

  test('the last frame is told before the sleep', async () => {
    const board = makeBoard(`${setup} ${on} ${sleepNow}`);
    const order: string[] = [];
    board.on('frame', () => order.push('frame'));
    board.on('sleep', () => order.push('sleep'));
    board.powerOn();
    await next(board, 'sleep');
    expect(order).toEqual(['frame', 'sleep']);
  });

  test('the trace proves that pixels came before the radio', async () => {
    const board = await runToSleep(
      `${setup} ${on} require("Wifi").connect("home", {password: "secret"}, function() { ${sleepNow} });`,
    );
    const order = board.trace.map(t => t.what);
    expect(order.filter(what => what !== 'wifi')).toEqual([
      'supply',
      'boot',
      'boot',
      'i2c',
      'pixels',
      'sleep',
    ]);
    expect(order.slice(order.indexOf('pixels') + 1)).toEqual(['wifi', 'wifi', 'wifi', 'wifi', 'sleep']);
    const times = board.trace.map(t => t.atMs);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(board.trace.find(t => t.what === 'pixels')).toMatchObject({
      lit: 128 * 64,
      on: true,
      contrast: 0x7f,
    });
    expect(board.trace.find(t => t.what === 'i2c')).toMatchObject({
      address: 60,
      bytes: 5,
      acked: true,
      bitrate: 400_000,
    });
  });
});
