/** A button is flashed: looked at, written, read back, started. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { messageOf, SetupError } from '../../config/src/setup-error.ts';
import { buildFirmware } from '../../firmware/build.ts';
import { type DeviceFile, readDeviceFile } from '../enroll/device-file.ts';
import { askReport, type ChipReport, reportIn } from './chip-report.ts';
import { checkFitness } from './fitness.ts';
import { findPort } from './port.ts';
import { openSession, type Session } from './uploader.ts';

export interface FlashOptions {
  button: string;
  port: string;
  device?: string;
  board?: string;
}

/** Opening a port may reset the board, which then needs a second: so often is it asked. */
const askTries = 3;
/** A line may lose a character: so often is everything written. */
const writeTries = 2;
/** Storage is written at a careful pace: 10 to 30 s, and never longer than this. */
const writeLimitMs = 180_000;

/**
 * Flashes a button and tells its progress, line by line.
 * @throws SetupError in one sentence. What is on the chip then is either the old or an incomplete program.
 */
export async function flash(options: FlashOptions, say: (line: string) => void): Promise<void> {
  const path = options.device ?? `${options.button}.device.json`;
  const device = readDeviceFile(path);
  checkDevice(device, path, options);
  const port = findPort(options.port);
  const program = await compile();
  say(`built: ${program.length} bytes`);
  const session = openSession(port);
  try {
    const before = await ask(session, port, true);
    say(`found: Espruino ${before.version} for ${before.board}, ${describe(before)}`);
    const content = readFileSync(path, 'latin1');
    checkFitness(before, program.length + content.length);
    const after = await write(session, program, path, content, say);
    say(`read back: ${after.files.join(', ')}; device.json is ${after.button}'s; ${describe(after)}`);
    await restart(session);
  } finally {
    session.close();
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
}

/** As text of 8-bit characters, which is what the uploader and the chip take it for. */
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

/** @param reset stop the program that runs, so that it neither sleeps meanwhile nor uses memory. */
async function ask(session: Session, port: string, reset: boolean): Promise<ChipReport> {
  for (let tries = 0; tries < askTries; tries++) {
    const report = reportIn(await session.send(askReport, { reset }));
    if (report !== undefined) return report;
  }
  throw new SetupError(
    `no Espruino answers at ${port}: wake the board (press its button or RST) and try again at once; if it stays silent, docs/hardware.md says how to put the interpreter on it`,
  );
}

async function write(
  session: Session,
  program: string,
  path: string,
  content: string,
  say: (line: string) => void,
): Promise<ChipReport> {
  const wanted = { program: crc32(program), device: crc32(Buffer.from(content, 'latin1')) };
  for (let tries = 0; tries < writeTries; tries++) {
    say(tries === 0 ? 'writing; this takes up to half a minute' : 'not all of it arrived: writing again');
    await session.save(program, path, writeLimitMs);
    const report = reportIn(await session.send(askReport));
    if (report?.program === wanted.program && report.device === wanted.device) return report;
  }
  throw new SetupError(
    'what is on the chip is not what was sent: try another cable or USB port, then flash again',
  );
}

/**
 * A real reset, not `load()`: after that the chip would still know that it was a finger that woke it, and the
 * program would order a cluster.
 */
async function restart(session: Session): Promise<void> {
  await session.send('setTimeout(function(){E.reboot();},100);\n');
}

function describe({ memory }: ChipReport): string {
  return `${memory.total - memory.usage} of ${memory.total} variables free`;
}
