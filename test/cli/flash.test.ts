/** What flash writes, in which order, and what it refuses: the wrong file, port, chip. The chip is a server that is as slow and as forgetful as one. */
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { stop } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deviceText } from '../../cli/enroll/device-file.ts';
import { boot0 } from '../../cli/flash/boot0.ts';
import { answerIn, type Limits } from '../../cli/flash/chip.ts';
import type { ChipReport } from '../../cli/flash/chip-report.ts';
import { typedBytes } from '../../cli/flash/console.ts';
import { checkInterpreter, checkRoom, maxVariables, neededVariables } from '../../cli/flash/fitness.ts';
import { flash } from '../../cli/flash/flash.ts';
import { FlashError } from '../../cli/flash/flash-error.ts';
import { SetupError } from '../../config/src/setup-error.ts';
import { patience, until } from '../fixtures/patience.ts';
import { builtFirmware } from '../fixtures/programs.ts';
import { type FakeChip, fakeChip } from './fixtures/fake-chip.ts';
import { dashbutton, secretsIn, wifiPassword, workshop } from './fixtures/workshop.ts';

let dir = '';
let file = '';
const key = Buffer.alloc(32, 7).toString('base64');

beforeAll(() => {
  dir = workshop();
  file = join(dir, 'desk.device.json');
  const password = Buffer.alloc(32, 9).toString('base64');
  const relay = { host: 'relay', port: 1883, tls: false, password };
  const wifi = [{ ssid: 'Ada phone', password: wifiPassword }];
  const names = { button: 'desk', site: 'lab', board: 'esp32-ssd1306' };
  writeFileSync(file, deviceText({ ...names, key, siteKey: key, relay, wifi }));
});

// The compiler's own process.
afterAll(stop);

interface More {
  button?: string;
  board?: string;
  device?: string;
  limits?: Partial<Limits>;
}

/** What it said, and the error that it ended with. */
async function flashed(port: string, more: More = {}): Promise<{ said: string[]; error?: SetupError }> {
  const said: string[] = [];
  const options = { button: 'desk', port, device: file, program: builtFirmware(), ...more };
  const error = await flash(options, line => said.push(line)).then(
    () => undefined,
    error => error,
  );
  for (const secret of secretsIn(dir)) expect(said.join() + (error?.message ?? '')).not.toContain(secret);
  if (error === undefined) return { said };
  expect(error).toBeInstanceOf(SetupError);
  return { said, error };
}

async function refusal(port: string, more: More = {}): Promise<string> {
  return (await flashed(port, more)).error?.message ?? 'nothing refused';
}

/** The chip has everything as it was sent, and has lost nothing on the way. */
async function expectWritten(chip: FakeChip): Promise<void> {
  expect(chip.files.get('.bootcde')).toBe(builtFirmware());
  expect(chip.files.get('.boot0')).toBe(boot0);
  expect(chip.files.get('device.json')).toBe(readFileSync(file, 'latin1'));
  expect(chip.lost).toBe(0);
  expect(chip.mostWaiting).toBeLessThanOrEqual(typedBytes);
  await until(() => chip.events.at(-1) === 'reboot', 'a reset');
}

/** For chips that never answer: there is nothing to be patient for. */
const hasty = { reportMs: 150, pieceMs: 150 };

/** Where it is not the speed that is tried out. */
const brisk = { bytesPerMs: 100, writeMs: 1 };

// They mostly wait for the uploader's start: side by side.
describe.concurrent('flash refuses', () => {
  test('the device.json of another button or board', async () => {
    expect(await refusal('/dev/nope', { button: 'shelf' })).toMatch(/belongs to desk, not to shelf/);
    expect(await refusal('/dev/nope', { board: 'heltec-wifi-kit-32' })).toMatch(
      /for the board esp32-ssd1306/,
    );
  });

  test('a device.json that is missing, no JSON, or wrong in three places', async () => {
    expect(await refusal('/dev/nope', { device: join(dir, 'none.json') })).toMatch(/no such file/);
    expect(await refusal('/dev/nope', { device: join(dir, 'wifi.yaml') })).toMatch(/not JSON/);
    const bad = join(dir, 'bad.json');
    writeFileSync(
      bad,
      readFileSync(file, 'utf8').replaceAll(key, 'c2VjcmV0').replace('esp32-ssd1306', 'uno'),
    );
    const message = await refusal('/dev/nope', { device: bad });
    for (const at of ['board: ', 'key: ', 'siteKey: ']) expect(message).toContain(`  ${at}`);
    expect(message).not.toContain('c2VjcmV0');
  });

  test('a port that is missing, no port, or no address', async () => {
    expect(await refusal('/dev/nope')).toMatch(/no port \/dev\/nope/);
    expect(await refusal(file)).toMatch(/not a serial port/);
    expect(await refusal('tcp://127.0.0.1')).toMatch(/expected tcp:\/\/host:port/);
    expect(await refusal('tcp://127.0.0.1:1')).toMatch(/nothing listens there/);
  });

  test('a console that says nothing', async () => {
    const { port } = await fakeChip({ mute: true });
    const { error } = await flashed(port, { limits: hasty });
    expect(error).toBeInstanceOf(FlashError);
    expect(error).toMatchObject({ reason: 'silent' });
    expect(error?.message).toMatch(/no Espruino answers at .*press its button or RST/);
  });

  test('an interpreter that is too old, and leaves it as it is', async () => {
    const { chip, port } = await fakeChip({ version: '2v18', bluetooth: true });
    expect(await refusal(port)).toMatch(/Espruino 2v18, and 2v29 or newer is needed/);
    expect(chip.events).toEqual(['reset', 'report']);
  });

  test('with exit code 2, what the command line has got', async () => {
    const ended = await dashbutton(dir, 'flash', 'desk', '--port', '/dev/nope');
    expect(ended).toMatchObject({ code: 2, stderr: expect.stringContaining('no port /dev/nope') });
    expect(ended.stderr).not.toMatch(/\n\s+at |Error:/);
    const bare = await dashbutton(dir, 'flash', 'desk');
    expect(bare).toMatchObject({ code: 2, stderr: expect.stringContaining('--port') });
  });
});

describe.concurrent('a chip that is flashed', () => {
  test('has everything as it was sent, a kilobyte at a time, and only then is it started, by a reset', async () => {
    const { chip, port } = await fakeChip({ writeMs: 60 });
    const { said, error } = await flashed(port);
    expect(error).toBeUndefined();
    expect(said[1]).toMatch(/^found: Espruino 2v29 for ESP32, 3940 of 4000 variables free/);
    expect(said.slice(2).join('\n')).toMatch(
      /^writing; [^\n]*\nread back: .*; device\.json is desk's; .*\nconsoles: [^\n]*\nstarted\. Next:/,
    );
    await expectWritten(chip);
    expect(chip.events.slice(-2)).toEqual(['report', 'reboot']);
    // The consoles are shut first, and the program comes last.
    const writes = [...new Set(chip.events.filter(event => event.startsWith('write')))];
    expect(writes).toEqual(['write .boot0', 'write device.json', 'write .bootcde']);
    // load() would start it with the wake cause of the finger that woke the board: that is a press.
    expect(chip.typed).not.toMatch(/\bload\(/);
    const lines = chip.typed.split('\n').map(line => line.length + 1);
    expect(Math.max(...lines)).toBeLessThanOrEqual(typedBytes);
    expect(lines.length).toBeGreaterThan(20);
  });

  test('would lose what comes all at once', async () => {
    const { chip, port } = await fakeChip();
    const socket = connect(Number(port.split(':').at(-1)), '127.0.0.1');
    socket.write('x'.repeat(8_000));
    await until(() => chip.typed.length === 8_000, 'all of it to arrive');
    socket.destroy();
    expect(chip.lost).toBeGreaterThan(3_000);
  });

  test('has had its Bluetooth switched off before, which erases and restarts it', async () => {
    const old = new Map([['.bootcde', 'old']]);
    const { chip, port } = await fakeChip({ ...brisk, bluetooth: true, files: old });
    const { said, error } = await flashed(port);
    expect(error).toBeUndefined();
    expect(said.join('\n')).toMatch(/Bluetooth is on.*\nBluetooth is off, .*\nwriting/);
    await expectWritten(chip);
    expect(chip.bluetooth).toBe(false);
    const off = chip.events.indexOf('bluetooth off');
    expect(off).toBeGreaterThan(chip.events.indexOf('report'));
    expect(off).toBeLessThan(chip.events.findIndex(event => event.startsWith('write')));
    // It answered after the restart, and before the first write.
    expect(chip.events[off + 1]).toBe('report');
  });

  test('is asked again when a report does not come, before and after', async () => {
    const { chip, port } = await fakeChip({ ...brisk, reportsLostBefore: 1, reportsLostAfter: 1 });
    const { said, error } = await flashed(port, { limits: { reportMs: patience(200) } });
    expect(error).toBeUndefined();
    await expectWritten(chip);
    expect(said.join()).not.toContain('written again');
    expect(chip.events.filter(event => event === 'report')).toHaveLength(4);
  });

  test('gets a piece again that arrived wrong, and forgets a program with the same beginning and length', async () => {
    const old = new Map([['.bootcde', `${builtFirmware().slice(0, -9)}something`]]);
    const { chip, port } = await fakeChip({ ...brisk, files: old, spoiled: 3 });
    expect((await flashed(port, { limits: { pieceMs: patience(300) } })).error).toBeUndefined();
    await expectWritten(chip);
  });
});

describe.concurrent('it is told apart', () => {
  test('that what is on the chip is not what was sent: written twice, never started, exit code 4', async () => {
    const { chip, port } = await fakeChip({ ...brisk, rotten: 2 });
    const ended = await dashbutton(dir, 'flash', 'desk', '--port', port);
    expect(ended.stderr).toMatch(/what is on the chip is not what was sent \(\.bootcde\)/);
    expect(ended).toMatchObject({ code: 4, stdout: expect.stringContaining('.bootcde: written again') });
    expect(chip.events).not.toContain('reboot');
  });

  test('that what is sent does not arrive', async () => {
    const { chip, port } = await fakeChip({ spoiled: 100, spoilsEvery: 1 });
    const { error } = await flashed(port, { limits: { pieceMs: patience(300) } });
    expect(error).toMatchObject({
      reason: 'differs',
      message: expect.stringMatching(/does not arrive.*cable/),
    });
    expect(chip.files.size).toBe(0);
  });

  test('that the chip falls silent while it is written', async () => {
    const { port } = await fakeChip({ ...brisk, muteAfterWrites: 8 });
    const { error } = await flashed(port, { limits: hasty });
    expect(error).toMatchObject({
      reason: 'silent',
      message: expect.stringMatching(/stopped answering while \.bootcde was written/),
    });
  });

  test('that it does not say what it has, although everything was written', async () => {
    const { port } = await fakeChip({ ...brisk, reportsLostAfter: 100 });
    const { error } = await flashed(port, { limits: { reportMs: patience(100) } });
    expect(error).toMatchObject({
      reason: 'silent',
      message: expect.stringMatching(/everything was written, .*does not answer.*flash again to know/),
    });
    expect(error?.message).not.toMatch(/not what was sent|cable/);
  });

  test('that the flash refuses to be written, in the words of the chip', async () => {
    const { chip, port } = await fakeChip();
    chip.files.set = () => {
      throw new Error('Unable to find or create file');
    };
    expect(await refusal(port)).toMatch(/does not write \.boot0: .*Unable to find or create file/);
  });
});

const goodReport: ChipReport = {
  version: '2v29',
  board: 'ESP32',
  modules: 'Storage,Wifi,crypto,net,tls',
  memory: { usage: 60, total: 4000 },
  room: 800_000,
  files: ['device.json', '.bootcde'],
  program: 1,
  boot0: 1,
  device: 1,
  button: 'desk',
  bluetooth: false,
};

describe('a chip is fit', () => {
  test.each([
    ['2v28.200', /2v29 or newer/],
    ['1v99', /2v29 or newer/],
    ['undefined', /2v29 or newer/],
  ])('when it is not too old: not with %s', (version, reason) => {
    expect(() => checkInterpreter({ ...goodReport, version })).toThrow(reason);
  });

  test.each(['2v29', '2v29.277', '2v30', '3v00'])('when its version is new enough: %s', version => {
    checkInterpreter({ ...goodReport, version });
  });

  test.each([
    [{ board: 'BANGLEJS2' }, /for BANGLEJS2, not for the ESP32/],
    [{ modules: 'Storage,net' }, /without crypto/],
  ])('unless the interpreter lacks something: %o', (lack, reason) => {
    expect(() => checkInterpreter({ ...goodReport, ...lack })).toThrow(reason);
  });

  test.each([
    [{ memory: { usage: 600, total: 600 + neededVariables - 1 } }, /variables are free and \d+ needed/],
    [{ room: 1700 }, /1700 bytes are free and 1768 needed/],
  ])('unless there is no room: %o', (lack, reason) => {
    expect(() => checkRoom({ ...goodReport, ...lack }, 1000, 3)).toThrow(reason);
  });

  test('with the peak and a fifth of variables free, as the guide says', () => {
    expect(neededVariables).toBe(Math.ceil(maxVariables * 1.2));
    checkRoom({ ...goodReport, memory: { usage: 60, total: 60 + neededVariables } }, 1000, 3);
    const guide = readFileSync(new URL('../../docs/hardware.md', import.meta.url), 'utf8');
    const said = [...guide.matchAll(/([\d,]+) at least/g)].map(([, figure]) => figure);
    expect(said).toEqual([neededVariables.toLocaleString('en')]);
  });
});

test('an answer is the whole last line with its number', () => {
  const printed = '>\r\n@dashbutton 3 "old"\r\n@dashbutton 4 {"a":1}\r\nview {}\n>';
  expect(answerIn(printed, 4)).toEqual({ is: { a: 1 } });
  expect(answerIn(printed, 5)).toBeUndefined();
  expect(answerIn('@dashbutton 4 12', 4)).toBeUndefined();
  expect(answerIn('@dashbutton 4 {"a":\r\n', 4)).toBeUndefined();
  expect(answerIn('', 4)).toBeUndefined();
});

describe('.boot0', () => {
  function ran(modules: Record<string, object>): void {
    const require = (name: string) => {
      if (!(name in modules)) throw new Error(`Module ${name} not found`);
      return modules[name];
    };
    runInNewContext(boot0, { require });
  }

  test('shuts the access point and the console on port 23', () => {
    const calls: unknown[] = [];
    const telnet = { setOptions: (options: object) => calls.push({ ...options }) };
    ran({ Wifi: { stopAP: () => calls.push('stopAP') }, TelnetServer: telnet });
    expect(calls).toEqual(['stopAP', { mode: 'off' }]);
  });

  test('shuts what there is on an interpreter that lacks the other', () => {
    const calls: unknown[] = [];
    ran({ Wifi: { stopAP: () => calls.push('stopAP') } });
    ran({ TelnetServer: { setOptions: () => calls.push('telnet') } });
    ran({});
    expect(calls).toEqual(['stopAP', 'telnet']);
  });
});
