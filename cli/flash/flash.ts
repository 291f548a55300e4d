/** A button is flashed: looked at, shut, written, read back, started. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { messageOf, SetupError } from '../../config/src/setup-error.ts';
import { buildFirmware } from '../../firmware/build.ts';
import { type DeviceFile, readDeviceFile } from '../enroll/device-file.ts';
import { networkProblems } from '../enroll/wifi.ts';
import { boot0 } from './boot0.ts';
import { Chip, type Limits, usualLimits } from './chip.ts';
import type { ChipReport } from './chip-report.ts';
import { checkInterpreter, checkRoom } from './fitness.ts';
import { FlashError } from './flash-error.ts';
import { findPort } from './port.ts';

export interface FlashOptions {
  button: string;
  port: string;
  device?: string;
  board?: string;
  /** The program, when it is built already. */
  program?: string;
  /** For links that are slower than a cable. */
  limits?: Partial<Limits>;
}

type Part = 'boot0' | 'device' | 'program';

/**
 * Names in Storage, in the order in which they are written: the consoles are shut first, and the program that needs
 * the others comes last.
 */
const names: [Part, string][] = [
  ['boot0', '.boot0'],
  ['device', 'device.json'],
  ['program', '.bootcde'],
];

/** What reads back otherwise than it was sent is written once more. */
const writeTries = 2;

/**
 * Flashes a button and tells its progress, line by line.
 * @throws SetupError in one sentence: a FlashError when the chip fell silent or has something else than was sent. What
 * is on the chip then is either the old or an incomplete program.
 */
export async function flash(options: FlashOptions, say: (line: string) => void): Promise<void> {
  const path = options.device ?? `${options.button}.device.json`;
  const device = readDeviceFile(path);
  checkDevice(device, path, options);
  const port = findPort(options.port);
  const files: Record<Part, string> = {
    boot0,
    device: readFileSync(path, 'latin1'),
    program: options.program ?? (await compile()),
  };
  say(`built: ${files.program.length} bytes`);
  const chip = await Chip.open(port, { ...usualLimits, ...options.limits });
  try {
    await chip.reset();
    const found = await chip.report();
    if (found === undefined) throw new FlashError('silent', nobody(port));
    say(`found: Espruino ${found.version} for ${found.board}, ${describe(found)}`);
    checkInterpreter(found);
    const shut = await shutBluetooth(chip, found, say);
    checkRoom(shut, Object.values(files).join('').length, names.length);
    const after = await write(chip, files, say);
    say(`read back: ${after.files.join(', ')}; device.json is ${after.button}'s; ${describe(after)}`);
    say(`consoles: ${consoles(after)}`);
    await chip.restart();
  } finally {
    await chip.close();
  }
  say(
    [
      'started. Next:',
      `  the display says HELLO and ${device.button}: docs/hardware.md has the other first screens`,
      '  open the hotspot page of the phone, then press the button',
    ].join('\n'),
  );
}

function checkDevice(device: DeviceFile, path: string, { button, board }: FlashOptions): void {
  if (device.button !== button) throw new SetupError(`${path} belongs to ${device.button}, not to ${button}`);
  if (board !== undefined && device.board !== board) {
    throw new SetupError(
      `${path} is for the board ${device.board}, not ${board}: dashbutton enroll ${button} --rekey --board ${board}`,
    );
  }
  const [problem] = networkProblems(device.wifi);
  if (problem !== undefined) {
    throw new SetupError(`${path}, ${problem}; then dashbutton enroll ${button} --rekey --wifi <file>`);
  }
}

/** As text of 8-bit characters, which is what the chip takes it for. */
async function compile(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'dashbutton-build-'));
  try {
    return (await buildFirmware({ outfile: join(folder, 'dashbutton.js') })).code;
  } catch (error) {
    throw new SetupError(`the firmware does not build: ${messageOf(error)}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function nobody(port: string): string {
  return `no Espruino answers at ${port}: wake the board (press its button or RST) and try again at once; if it stays silent, docs/hardware.md says how to put the interpreter on it`;
}

/** Before anything is written: it erases the saved program. */
async function shutBluetooth(
  chip: Chip,
  found: ChipReport,
  say: (line: string) => void,
): Promise<ChipReport> {
  if (found.bluetooth !== true) return found;
  say('Bluetooth is on, with a console for everybody near: switched off, the chip restarts');
  const shut = await chip.closeBluetooth();
  say(`Bluetooth is off, ${describe(shut)}`);
  return shut;
}

async function write(
  chip: Chip,
  files: Record<Part, string>,
  say: (line: string) => void,
): Promise<ChipReport> {
  let wrong: string[] = [];
  for (let time = 0; time < writeTries; time++) {
    say(time === 0 ? 'writing; this takes up to half a minute' : `${wrong.join(', ')}: written again`);
    for (const [part, name] of names) await chip.write(name, files[part]);
    const report = await chip.report();
    if (report === undefined) {
      throw new FlashError(
        'silent',
        'everything was written, and the chip does not answer when it is asked what it has now: it may be all right. Press RST and flash again to know',
      );
    }
    wrong = names.flatMap(([part, name]) =>
      report[part] === crc32(Buffer.from(files[part], 'latin1')) ? [] : [name],
    );
    if (wrong.length === 0) return report;
  }
  throw new FlashError(
    'differs',
    `what is on the chip is not what was sent (${wrong.join(', ')}), although each piece arrived: on its console, require("Storage").eraseAll() empties the flash; if it happens again, the flash is worn out`,
  );
}

function consoles({ bluetooth }: ChipReport): string {
  const off = bluetooth === null ? 'this interpreter has no Bluetooth' : 'Bluetooth is off';
  return `access point and telnet are shut at every start (.boot0), ${off}; USB stays open to whoever opens the case`;
}

function describe({ memory }: ChipReport): string {
  return `${memory.total - memory.usage} of ${memory.total} variables free`;
}
