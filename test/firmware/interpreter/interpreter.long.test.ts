/** The harness itself, with small programs of its own: what the firmware's tests build on. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { patience } from '../../fixtures/patience.ts';
import { makeCertificate } from '../../simulator/board/fixtures/certificates.ts';
import { framesOf } from './fixtures/frames.ts';
import { interpreter } from './fixtures/interpreter.ts';
import { type RunOptions, runOnInterpreter, startOnInterpreter } from './fixtures/runner.ts';

let dir = '';
const closers: (() => void)[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dashbutton-interpreter-'));
});
afterEach(() => {
  for (const close of closers.splice(0)) {
    close();
  }
  rmSync(dir, { recursive: true });
});

function run(bundle: string, options: Partial<RunOptions> = {}) {
  return runOnInterpreter({
    binary: interpreter ?? '',
    bundle,
    dir,
    timeoutMs: patience(10_000),
    ...options,
  });
}

/** A server that answers each byte with its complement; its port. */
async function complementing(server: net.Server | tls.Server, event: string): Promise<number> {
  server.on(event, (socket: net.Socket) => {
    socket.on('error', () => {});
    socket.on('data', bytes => socket.write(bytes.map(byte => byte ^ 0xff)));
  });
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  closers.push(() => server.close());
  return (server.address() as net.AddressInfo).port;
}

/** Joins, connects, sends all 256 bytes, prints what comes back as base64 and sleeps. */
const talk = (module: string, port: number) => `
  var bytes = '';
  for (var i = 0; i < 256; i++) bytes += String.fromCharCode(i);
  require('Wifi').connect('home', { password: 'secret' }, function (error) {
    print('joined ' + error);
    var heard = '';
    require('${module}').connect({ host: '127.0.0.1', port: ${port} }, function (socket) {
      socket.on('data', function (data) {
        heard += data;
        if (heard.length === 256) socket.end();
      });
      socket.on('close', function () {
        print('heard ' + btoa(heard));
        ESP32.deepSleepExt0(0, 0);
      });
      socket.write(bytes);
    });
  });`;
const wifi = [{ ssid: 'home', password: 'secret' }];
const complements = Buffer.from(Array.from({ length: 256 }, (_, i) => i ^ 0xff)).toString('base64');

describe.skipIf(!interpreter)('On the real interpreter (needs ESPRUINO)', () => {
  test('goes to deep sleep and never comes back from it', async () => {
    const { end, sleep, lines } = await run(`print('before'); ESP32.deepSleep(1500000); print('after');`);
    expect({ end, sleep, lines }).toEqual({ end: 'slept', sleep: 'timer 1500000', lines: ['before'] });
  });

  test('tells the wake cause and keeps Storage from one waking to the next, bytes and all', async () => {
    const bundle = `
      var S = require('Storage'), last = S.readJSON('n.json', true);
      var n = last ? last.n + 1 : 1;
      S.write('n.json', JSON.stringify({ n: n }));
      print('waking ' + n + ' cause ' + ESP32.getWakeupCause() + ' ' + btoa(S.read('bytes')));
      ESP32.deepSleepExt0(0, 0);`;
    const bytes = '\x00\x7f\x80\xff\xc3\xa9';
    const first = await run(bundle, { storage: { bytes } });
    const second = await run(bundle, { wakeCause: 2 });
    const base64 = Buffer.from(bytes, 'latin1').toString('base64');
    expect([...first.lines, ...second.lines]).toEqual([
      `waking 1 cause 0 ${base64}`,
      `waking 2 cause 2 ${base64}`,
    ]);
    expect(second.sleep).toBe('pin 0 0');
    expect(second.storage).toEqual({ bytes, 'n.json': '{"n":2}' });
  });

  test('sends and receives any byte over TCP', async () => {
    const port = await complementing(net.createServer(), 'connection');
    const { lines } = await run(talk('net', port), { wifi });
    expect(lines).toEqual(['joined null', `heard ${complements}`]);
  });

  test('sends and receives any byte over TLS, to a server with an RSA certificate', async () => {
    const port = await complementing(tls.createServer(await makeCertificate('rsa')), 'secureConnection');
    const { lines } = await run(talk('tls', port), { wifi });
    expect(lines).toEqual(['joined null', `heard ${complements}`]);
  });

  test('has no network before it has joined one', async () => {
    const { lines } = await run(
      `try { require('net').connect({ host: '127.0.0.1', port: 1 }, print); } catch (e) { print(e.message); }
       require('Wifi').on('disconnected', function (why) {
         print(why.msg);
         ESP32.deepSleep(1);
       });
       require('Wifi').connect('home', { password: 'wrong' }, print);`,
      { wifi },
    );
    expect(lines).toEqual(['Not connected to the internet', '4WAY_HANDSHAKE_TIMEOUT']);
  });

  test('runs timers in their order and lets a finger press', async () => {
    const running = startOnInterpreter({
      binary: interpreter ?? '',
      dir,
      bundle: `
        setTimeout(function () { print('second'); }, 60);
        setTimeout(function () { print('first'); }, 20);
        setWatch(function (e) { print('pressed ' + e.state); ESP32.deepSleep(1); }, 0,
          { edge: 'falling', repeat: true, debounce: 25 });`,
      onEvent: event => {
        if (event.what === 'line' && event.text === 'second') {
          running.press(0);
        }
      },
    });
    const { lines, end } = await running.done;
    expect({ lines, end }).toEqual({ lines: ['first', 'second', 'pressed false'], end: 'slept' });
  });

  test('hashes as Node does', async () => {
    const texts = ['', 'abc', '\x00\xff\x80 press', 'x'.repeat(1000)];
    const { lines } = await run(
      `${JSON.stringify(texts.map(text => btoa(text)))}.forEach(function (text) {
         print(btoa(require('crypto').SHA256(atob(text))));
       });
       ESP32.deepSleep(1);`,
    );
    const expected = texts.map(text => createHash('sha256').update(text, 'latin1').digest('base64'));
    expect(lines).toEqual(expected);
  });

  test('draws, and its I²C bytes become the picture', async () => {
    const { events, transactions } = await run(`
      var g = Graphics.createArrayBuffer(128, 64, 1, { vertical_byte: true, msb: false });
      g.fillRect(3, 10, 5, 11);
      I2C1.setup({ sda: 4, scl: 15, bitrate: 400000 });
      I2C1.writeTo(0x3c, [0, 0x8d, 0x14, 0x20, 0, 0xa1, 0xc8, 0xaf]);
      var data = new Uint8Array(1025);
      data[0] = 0x40;
      data.set(new Uint8Array(g.buffer), 1);
      I2C1.writeTo(0x3c, data);
      ESP32.deepSleep(1);`);
    expect(transactions.map(({ address, bytes }) => [address, bytes.length])).toEqual([
      [0x3c, 8],
      [0x3c, 1025],
    ]);
    const lit = framesOf(events).map(frame =>
      [...frame.pixels.entries()].flatMap(([i, on]) => (on ? [`${i % 128},${Math.floor(i / 128)}`] : [])),
    );
    expect(lit).toEqual([['3,10', '4,10', '5,10', '3,11', '4,11', '5,11']]);
  });

  test('looks at the memory as it goes', async () => {
    const { memory } = await run(`
      var kept = [];
      for (var i = 0; i < 200; i++) kept.push({ i: i });
      setTimeout(function () { ESP32.deepSleep(1); }, 120);`);
    expect(memory.samples.length).toBeGreaterThan(1);
    expect(memory.peak - memory.before).toBeGreaterThan(400);
  });

  test('is killed when it takes too long', async () => {
    const { end, lines } = await run(`print('busy'); while (true);`, { timeoutMs: patience(500) });
    expect({ end, lines }).toEqual({ end: 'timeout', lines: ['busy'] });
  });

  test('shows an exception that nobody caught', async () => {
    const { lines } = await run(`setTimeout(function () { ESP32.deepSleep(1); }, 20); nope();`);
    expect(lines.join('\n')).toContain('ReferenceError: "nope" is not defined');
  });
});
