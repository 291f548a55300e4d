/** The world that a program finds: the chip's globals, Espruino's built-ins, and clear words for all else. */
import vm from 'node:vm';
import { describe, expect, test } from 'vitest';
import { makeContext, prune } from '../../../simulator/board/realm.ts';
import { VirtualClock } from '../../../simulator/board/virtual-clock.ts';
import { program } from './fixtures/base64.ts';
import { makeBoard, next, nextSleep, runToSleep, sleepNow } from './fixtures/harness.ts';

/** All objects that a program can get at from this one. */
function withinReach(from: object): Set<object> {
  const seen = new Set<object>();
  const left: unknown[] = [from];
  while (left.length > 0) {
    const value = left.pop();
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value))
      continue;
    seen.add(value);
    left.push(Object.getPrototypeOf(value));
    for (const property of Object.values(Object.getOwnPropertyDescriptors(value))) {
      left.push(property.value, property.get, property.set);
    }
  }
  return seen;
}

/** What each expression gives, or the message it throws. */
async function evaluate(...expressions: string[]): Promise<string[]> {
  const lines = expressions.map(e => `try{print(""+(${e}))}catch(e){print(e.message)}`);
  return (await runToSleep(`${lines.join('\n')}${sleepNow}`)).prints;
}

describe('built-ins', () => {
  test('what Espruino lacks is missing', async () => {
    const missing = [
      ...['Map', 'Set', 'WeakMap', 'WeakSet', 'Symbol', 'BigInt', 'Proxy', 'Reflect', 'Intl', 'RangeError'],
      ...[
        'Promise.prototype.finally',
        'Promise.race',
        'Array.from',
        '[].flat',
        '[].keys',
        'Object.is',
        'Math.trunc',
      ],
      ...[
        '"".trimStart',
        '"".codePointAt',
        'Number.isInteger',
        'Uint8Array.from',
        'new ArrayBuffer(1).slice',
      ],
      ...[
        'Function.prototype.call.call.bind === undefined ? 1 : Date.UTC',
        'window',
        'queueMicrotask',
        'Buffer',
      ],
    ];
    expect(await evaluate(...missing.map(name => `typeof (${name})`))).toEqual(
      missing.map(() => 'undefined'),
    );
  });

  test('what a V8 after that of Node 20 brings is missing too', async () => {
    const missing = [
      ...['Iterator', 'Temporal', 'Float16Array', 'DisposableStack', 'SuppressedError'],
      ...['Array.fromAsync', 'Object.groupBy', 'Promise.withResolvers', 'Promise.try', 'RegExp.escape'],
      ...['Error.isError', 'Math.f16round', 'JSON.rawJSON', 'Uint8Array.fromBase64'],
      ...['new Uint8Array(1).toHex', 'new ArrayBuffer(1).transfer', 'new Date().toTemporalInstant'],
      ...['new DataView(new ArrayBuffer(1)).getFloat16', '(function*(){})().map'],
    ];
    expect(await evaluate(...missing.map(name => `typeof (${name})`))).toEqual(
      missing.map(() => 'undefined'),
    );
  });

  test('and whatever name comes in a later one, anywhere within reach', () => {
    const context = makeContext();
    const world = vm.runInContext('globalThis', context) as object;
    const before = withinReach(world);
    expect(before.size).toBeGreaterThan(500);
    for (const object of before) {
      if (Object.isExtensible(object))
        Object.defineProperty(object, 'later', { value: 1, configurable: true });
    }
    prune(context);
    const kept = [...withinReach(world)].filter(object => Object.hasOwn(object, 'later'));
    expect(kept).toEqual([]);
  });

  test('what Espruino has works', async () => {
    const got = await evaluate(
      '[3,1,2].sort().map(x => x * 2).join()',
      '"a-b-c".replace(/-/g, "+") + "x".padStart(3) + "abc".includes("b")',
      'JSON.stringify(Object.entries({a: 1}))',
      'new Uint8Array([1,2,3]).subarray(1).length + new DataView(new ArrayBuffer(4)).getUint8(0)',
      '(() => { let t = ""; for (const x of ["a", "b"]) { t += x; } return t; })()',
      'typeof globalThis.Graphics + typeof chipless',
      'new Error("boom").message + (new Error("x") instanceof Error)',
    );
    expect(got).toEqual(['2,4,6', 'a+b+c  xtrue', '[["a",1]]', '2', 'ab', 'objectundefined', 'boomtrue']);
  });

  test('the chip throws errors of the program, and hands over arrays and buffers of the program', async () => {
    const got = await evaluate(
      '(() => { try { I2C1.writeTo(60, [0]) } catch (e) { return e instanceof Error } })()',
      'Graphics.createArrayBuffer(8,8,1,{vertical_byte:true,msb:false}).buffer instanceof ArrayBuffer',
      'require("Wifi").getDetails() instanceof Object',
    );
    expect(got).toEqual(['true', 'true', 'true']);
  });
});

describe('what is not simulated says so by name', () => {
  test.each([
    ['require("Wifi").startAP("x")', 'chip.Wifi.startAP is not simulated'],
    ['require("http")', 'chip.require("http") is not simulated'],
    ['require("Storage").eraseAll()', 'chip.Storage.eraseAll is not simulated'],
    ['require("net").createServer()', 'chip.net.createServer is not simulated'],
    ['ESP32.getState()', 'chip.ESP32.getState is not simulated'],
    ['I2C1.readFrom(60, 1)', 'chip.I2C1.readFrom is not simulated'],
    ['require("crypto").SHA1("a")', 'chip.crypto.SHA1 is not simulated'],
    ['setInterval(function(){}, 5)', 'chip.setInterval is not simulated'],
    ['E.getErrorFlags()', 'chip.E.getErrorFlags is not simulated'],
    ['E.on("kill", function(){})', 'chip.E.on of kill is not simulated'],
    ['process.env', 'chip.process.env is not simulated'],
    ['console.log(1)', 'chip.console is not simulated'],
    ['digitalPulse(1,1,1)', 'chip.digitalPulse is not simulated'],
    ['analogRead(77)', 'chip.analogRead on pin 77 is not simulated'],
    ['digitalWrite(35, 1)', 'chip.digitalWrite on input-only pin 35 is not simulated'],
    ['atob("=")', 'chip.atob of text that is shorter than its padding is not simulated'],
    ['print("a", 1)', 'chip.print with more than one text is not simulated'],
  ])('and is a fault: %s', async (code, message) => {
    const board = await runToSleep(`try{${code}}catch(e){print(e.message)}${sleepNow}`);
    expect(board.prints).toEqual([message]);
    // A fault even though the program caught it.
    expect(board.faults.map(f => f.kind)).toEqual(['not-simulated']);
  });

  test('what came after 2v29 can be looked for, and is not there', async () => {
    expect(await evaluate('typeof ESP32.lightSleep', 'typeof ESP32.getWakeupPin')).toEqual([
      'undefined',
      'undefined',
    ]);
  });
});

test.each([
  ['print("\\u20ac")', 'print: character U+20AC does not fit 8 bits'],
  ['require("Storage").write("a", "\\u0100")', 'Storage.write: character U+0100 does not fit 8 bits'],
  ['require("crypto").SHA256("\\u0100")', 'crypto.SHA256: character U+0100 does not fit 8 bits'],
  ['btoa("\\u0100")', 'btoa: character U+0100 does not fit 8 bits'],
  ['require("Wifi").connect("Ann\\u2019s iPhone", {})', 'Wifi.connect: character U+2019 does not fit 8 bits'],
])('strings that cross into the chip are 8-bit: %s', async (code, message) => {
  expect(await evaluate(code)).toEqual([message]);
});

test('base64 and SHA-256 of bytes; the hash is an ArrayBuffer that can be indexed', async () => {
  const got = await evaluate(
    'btoa("\\xff\\x00a")',
    'atob("/wBh").charCodeAt(0)',
    '(() => { var h = require("crypto").SHA256("abc"); return [h.length, h[0], h[31], new Uint8Array(h)[1]].join() })()',
    'require("crypto").SHA256("abc") instanceof ArrayBuffer',
    'require("crypto").SHA256("\\xff")[0]',
  );
  expect(got).toEqual(['/wBh', '255', '32,186,173,120', 'true', '168']);
});

describe('atob is as lenient as the interpreter', () => {
  test('a few by hand', async () => {
    const board = await runToSleep(`function tell(t){print(t)}${program.slice(0, 8).join(';')};${sleepNow}`);
    expect(board.prints).toEqual(['', '0,0,', '255,0,97,', '255,', '255,0,', '255,', '255,0,', '255,0,97,']);
  });
});

describe('time', () => {
  test('timers fire in order and can be cleared; the clock runs', async () => {
    const clock = new VirtualClock();
    const bundle = `
      var t = getTime(), id = setTimeout(function(){ print("never") }, 5);
      setTimeout(function(){ print("b") }, 20); setTimeout(function(){ print("a") }, 10);
      clearTimeout(id); clearTimeout(id);
      setTimeout(function(){ print("c " + Math.round((getTime() - t) * 1000)); ${sleepNow} }, 30);`;
    const board = makeBoard(bundle, { clock });
    board.powerOn();
    await nextSleep(board, clock);
    expect(board.prints).toEqual(['a', 'b', 'c 30']);
    expect(board.faults).toEqual([]);
  });

  test('clearTimeout(undefined) throws, as on the interpreter', async () => {
    expect(await evaluate('clearTimeout(undefined)')).toEqual([
      'clearTimeout(undefined) not allowed. Use clearTimeout() instead',
    ]);
  });
});

describe('faults', () => {
  test('an exception nobody caught is told, and the program goes on', async () => {
    const board = await runToSleep(
      `setTimeout(function(){ throw new Error("oops") }, 1); setTimeout(function(){ ${sleepNow} }, 20); missing();`,
    );
    expect(board.faults.map(f => [f.kind, f.message])).toEqual([
      ['uncaught', 'ReferenceError: missing is not defined'],
      ['uncaught', 'Error: oops'],
    ]);
    expect(board.faults[0]?.stack).toContain('bundle.js');
  });

  test('a program that runs on after deepSleep is told on, and stops', async () => {
    const board = await runToSleep(
      'try { ESP32.deepSleepExt0(0, 0) } catch (e) {} print("still here"); getTime();',
    );
    expect(board.prints).toEqual([]);
    expect(board.faults.map(f => [f.kind, f.message])).toEqual([
      ['after-sleep', 'chip.print was used after the chip went to deep sleep'],
    ]);
  });

  test('a program that never comes back is stopped', async () => {
    const board = makeBoard('for(;;);', { firstRunLimitMs: 100 });
    const fault = next(board, 'fault');
    board.powerOn();
    expect(await fault).toMatchObject({ kind: 'uncaught', message: expect.stringContaining('timed out') });
  });

  test('a bundle that is not JavaScript is refused', () => {
    expect(() => makeBoard('var = ;')).toThrow(SyntaxError);
  });
});

test('each boot has a world of its own', async () => {
  const board = await runToSleep(
    `print(typeof left); left = 1; Array.prototype.left = 1; print(typeof [].left); ${sleepNow}`,
  );
  const asleep = next(board, 'sleep');
  board.press();
  await asleep;
  expect(board.prints).toEqual(['undefined', 'number', 'undefined', 'number']);
});
