/**
 * The pinned `espruino` command as a program of its own: it speaks to the chip's console. Kept from the network:
 * the list of built-in modules comes from a file of ours, and there is no place to fetch modules from.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { SetupError } from '../../config/src/setup-error.ts';

/** The ESP32's console. */
const baudRate = 115_200;

/**
 * What the uploader would otherwise look up on espruino.com. It has to know the version to write to Storage piece
 * by piece: without, it sends the whole program in one line, which the chip must then hold in memory.
 */
const boardJson = {
  BOARD: 'ESP32',
  info: { builtin_modules: ['Storage', 'Wifi', 'crypto', 'net', 'tls'], binary_version: '2v29' },
};

const offline = [
  'MODULE_URL=',
  'BOARD_JSON_URL=',
  'COMPILATION=false',
  'MINIFICATION_LEVEL=',
  'PRETOKENISE=0',
];

/** What the uploader says when the port is not to be had, and what that means. */
const portTroubles: [RegExp, string][] = [
  [/Cannot lock port|EBUSY|Resource busy/, 'is in use: close the terminal or IDE that has it open'],
  [/ECONNREFUSED/, 'refuses the connection: nothing listens there'],
  [/ENOTFOUND|EAI_AGAIN/, 'is no host that is known here'],
  [/EHOSTUNREACH|ENETUNREACH|ETIMEDOUT/, 'cannot be reached'],
  [/EACCES|Permission denied/, 'may not be used by this user: join the group that owns it, usually dialout'],
  [/No such file|cannot open/, 'has gone: look at the cable'],
  [/Unable to connect/, 'is not among the serial ports that the uploader finds (on Linux it asks udevadm)'],
];

export interface Session {
  /** What the chip's console shows once the program has been sent. */
  send(program: string, options?: { reset?: boolean; limitMs?: number }): Promise<string>;
  /** Writes the program to flash, to run at every start, and device.json to Storage. Runs neither. */
  save(program: string, devicePath: string, limitMs: number): Promise<string>;
  close(): void;
}

const sendLimitMs = 20_000;

/** Opens a folder for what is sent. The port is opened anew each time. */
export function openSession(port: string): Session {
  const folder = mkdtempSync(join(tmpdir(), 'dashbutton-flash-'));
  writeFileSync(join(folder, 'board.json'), JSON.stringify(boardJson));
  const run = (program: string, more: string[], limitMs: number) => {
    writeFileSync(join(folder, 'program.js'), program);
    return upload(port, folder, [...more, 'program.js'], limitMs);
  };
  return {
    send: (program, { reset = false, limitMs = sendLimitMs } = {}) =>
      run(program, ['--config', `RESET_BEFORE_SEND=${reset}`], limitMs),
    save(program, devicePath, limitMs) {
      // By a link: the uploader's argument has room for a plain name only, and a secret is not copied about.
      rmSync(join(folder, 'device.json'), { force: true });
      symlinkSync(resolve(devicePath), join(folder, 'device.json'));
      // LOAD_STORAGE_FILE=0: the program must not start from here, see flash.ts.
      const flash = ['--config', 'SAVE_ON_SEND=1', '--config', 'LOAD_STORAGE_FILE=0'];
      return run(program, [...flash, '--storage', 'device.json:device.json'], limitMs);
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function upload(port: string, folder: string, more: string[], limitMs: number): Promise<string> {
  const script = createRequire(import.meta.url).resolve('espruino/bin/espruino-cli.js');
  const fixed = ['--no-ble', '--quiet', '--board', 'board.json', '-p', port, '-b', String(baudRate)];
  const configs = offline.flatMap(config => ['--config', config]);
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, [script, ...fixed, ...configs, ...more], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const limit = setTimeout(() => child.kill('SIGKILL'), limitMs);
    let output = '';
    let errors = '';
    child.stdout.setEncoding('latin1').on('data', text => {
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', text => {
      errors += text;
      // It would wait on a socket that never opens.
      if (troubleIn(errors) !== undefined) child.kill('SIGKILL');
    });
    child.once('error', failed);
    child.once('close', () => {
      clearTimeout(limit);
      const trouble = troubleIn(errors);
      if (trouble !== undefined) failed(new SetupError(`${port} ${trouble}`));
      else done(output);
    });
  });
}

function troubleIn(errors: string): string | undefined {
  return portTroubles.find(([pattern]) => pattern.test(errors))?.[1];
}
