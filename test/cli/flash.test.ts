/** What flash refuses: the wrong file, the wrong port, the wrong chip. The chip is a server that claims to be one. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { deviceText } from '../../cli/enroll/device-file.ts';
import { reportIn } from '../../cli/flash/chip-report.ts';
import { checkFitness } from '../../cli/flash/fitness.ts';
import { flash } from '../../cli/flash/flash.ts';
import { SetupError } from '../../config/src/setup-error.ts';
import { buildFirmware } from '../../firmware/build.ts';
import { fakeChip, goodReport } from './fake-chip.ts';
import { dashbutton, secretsIn, wifiPassword, workshop } from './workshop.ts';

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

async function refusal(port: string, more: { button?: string; board?: string; device?: string } = {}) {
  const said: string[] = [];
  const error = await flash({ button: 'desk', port, device: file, ...more }, line => said.push(line)).catch(
    error => error,
  );
  expect(error).toBeInstanceOf(SetupError);
  for (const secret of secretsIn(dir)) expect(said.join() + error.message).not.toContain(secret);
  return String(error.message);
}

describe('flash refuses', () => {
  it('the device.json of another button or board', async () => {
    expect(await refusal('/dev/nope', { button: 'shelf' })).toMatch(/belongs to desk, not to shelf/);
    expect(await refusal('/dev/nope', { board: 'heltec-wifi-kit-32' })).toMatch(
      /for the board esp32-ssd1306/,
    );
  });

  it('a device.json that is missing, no JSON, or wrong in three places', async () => {
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

  it('a port that is missing, no port, or no address', async () => {
    expect(await refusal('/dev/nope')).toMatch(/no port \/dev\/nope/);
    expect(await refusal(file)).toMatch(/not a serial port/);
    expect(await refusal('tcp://127.0.0.1')).toMatch(/expected tcp:\/\/host:port/);
    expect(await refusal('tcp://127.0.0.1:1')).toMatch(/nothing listens there/);
  });

  it('a console that says nothing', async () => {
    expect(await refusal(await fakeChip(undefined))).toMatch(
      /no Espruino answers at .*press its button or RST/,
    );
  });

  it('an interpreter that is too old', async () => {
    const port = await fakeChip({ ...goodReport, version: '2v18', program: null, device: null });
    expect(await refusal(port)).toMatch(/Espruino 2v18, and 2v29 or newer is needed/);
  });

  it('to believe that what is on the chip is what was sent, and starts nothing before it knows', async () => {
    const { code } = await buildFirmware({ outfile: join(dir, 'bundle.js') });
    const program = crc32(code);
    const device = crc32(readFileSync(file));
    const told: string[] = [];
    const ports = [
      await fakeChip({ ...goodReport, program, device: null }),
      await fakeChip({ ...goodReport, program: null, device }, told),
    ];
    for (const message of await Promise.all(ports.map(port => refusal(port)))) {
      expect(message).toMatch(/not what was sent: try another cable/);
    }
    const sent = told.join('');
    expect(sent).toContain('write(".bootcde"');
    // load() would start it with the wake cause of the finger that woke the board: that is a press.
    expect(sent).not.toMatch(/^.?load\(/m);
    expect(sent).not.toContain('E.reboot');
  }, 120_000);

  it('with exit code 2', async () => {
    const ended = await dashbutton(dir, 'flash', 'desk', '--port', '/dev/nope');
    expect(ended).toMatchObject({ code: 2, stderr: expect.stringContaining('no port /dev/nope') });
    expect(ended.stderr).not.toMatch(/\n\s+at |Error:/);
    const bare = await dashbutton(dir, 'flash', 'desk');
    expect(bare).toMatchObject({ code: 2, stderr: expect.stringContaining('--port') });
  });
});

describe('a chip is fit', () => {
  it.each([
    ['2v28.200', /2v29 or newer/],
    ['1v99', /2v29 or newer/],
    ['undefined', /2v29 or newer/],
  ])('when it is not as old as %s', (version, reason) => {
    expect(() => checkFitness({ ...goodReport, version }, 1000)).toThrow(reason);
  });

  it.each(['2v29', '2v29.277', '2v30', '3v00'])('when it is %s', version => {
    checkFitness({ ...goodReport, version }, 1000);
  });

  it.each([
    [{ board: 'BANGLEJS2' }, /for BANGLEJS2, not for the ESP32/],
    [{ modules: 'Storage,net' }, /without crypto/],
    [{ memory: { usage: 600, total: 2500 } }, /1900 variables are free and 2000 needed/],
    [{ room: 900 }, /900 bytes are free/],
  ])('unless %o', (lack, reason) => {
    expect(() => checkFitness({ ...goodReport, ...lack }, 1000)).toThrow(reason);
  });

  it('when it says so in the last of many lines', () => {
    const line = (report: object) => `@dashbutton ${JSON.stringify(report)}\r\n`;
    const newer = { ...goodReport, version: '2v30' };
    expect(reportIn(`>\r\n${line(goodReport)}view {}\n${line(newer)}>`)?.version).toBe('2v30');
    expect(reportIn('@dashbutton {"version":')).toBeUndefined();
    expect(reportIn('@dashbutton {"version":"2v29"}')).toBeUndefined();
    expect(reportIn('')).toBeUndefined();
  });
});
