/** flash against the console of the real interpreter: its Linux build serves it on TCP port 2323. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { boot0 } from '../../cli/flash/boot0.ts';
import { prelude, writeStorage } from '../firmware/interpreter/fixtures/flash.ts';
import { interpreter } from '../firmware/interpreter/fixtures/interpreter.ts';
import { patience, pause, until } from '../fixtures/patience.ts';
import { builtFirmware } from '../fixtures/programs.ts';
import { dashbutton, read, secretsIn, workshop } from './fixtures/workshop.ts';

/** The interpreter has no setting for it. */
const consolePort = 2323;
const port = `tcp://127.0.0.1:${consolePort}`;

const running: ChildProcess[] = [];
afterEach(() => {
  // It does not mind SIGTERM.
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

function listens(): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(consolePort, '127.0.0.1');
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => socket.destroy());
    setTimeout(() => socket.destroy(), patience(1_000));
  });
}

/** Starts the interpreter with its flash in a folder. `shown()` is what it has printed so far. */
function start(chip: string, ...args: string[]): { child: ChildProcess; shown: () => string } {
  const child = spawn(interpreter ?? '', args, { cwd: chip, stdio: ['pipe', 'pipe', 'pipe'] });
  running.push(child);
  let shown = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('latin1').on('data', text => {
      shown += text;
    });
  }
  return { child, shown: () => shown };
}

/** A file of the chip's Storage, read by the interpreter itself. */
function stored(chip: string, name: string): string {
  const script = join(chip, 'read.js');
  writeFileSync(script, `print("GOT "+btoa(require("Storage").read("${name}"))+" END");E.reboot();\n`);
  const { stdout } = spawnSync(interpreter ?? '', [script], {
    cwd: chip,
    input: '',
    timeout: patience(5_000),
  });
  return Buffer.from(/GOT (\S*) END/.exec(String(stdout))?.[1] ?? '', 'base64').toString('latin1');
}

describe.skipIf(interpreter === undefined)('flash on the real interpreter (needs ESPRUINO)', () => {
  test(
    'writes program and device.json, and the program runs after the reset',
    async context => {
      // The interpreter would share the port with whoever has it, and half of what is sent would go there.
      if (await listens()) context.skip(`TCP port ${consolePort} is taken`);
      const dir = workshop();
      const chip = join(dir, 'chip');
      mkdirSync(chip);
      const enrolled = await dashbutton(dir, 'enroll', 'desk', '--profile', 'house', '--wifi', 'wifi.yaml');
      expect(enrolled.stderr).toBe('');

      const console = start(chip, '--telnet');
      await until(listens, 'a console on the port');
      const ended = await dashbutton(dir, 'flash', 'desk', '--port', port);
      expect(ended).toMatchObject({ code: 0, stderr: '' });
      expect(ended.stdout).toMatch(/found: Espruino 2v\d+/);
      expect(ended.stdout).toMatch(/read back: .*device.json is desk's/);
      expect(ended.stdout).not.toContain('writing again');
      for (const secret of secretsInFiles(dir)) {
        for (const output of [ended.stdout, ended.stderr, console.shown()])
          expect(output).not.toContain(secret);
      }
      // On Linux a reset of the chip is the end of the process.
      await until(() => console.child.exitCode !== null, console.shown);

      const code = builtFirmware();
      expect(stored(chip, '.bootcde')).toBe(code);
      expect(stored(chip, 'device.json')).toBe(read(dir, 'desk.device.json'));

      expect(stored(chip, '.boot0')).toBe(boot0);

      // The chip starts again. This one has no Wi-Fi, and the program is what says so. Its console was asked for, and
      // .boot0 has shut it, although the program throws.
      const bare = start(chip, '--telnet');
      await until(() => bare.shown().includes('(.bootcde:'), bare.shown);
      await pause(500);
      expect(await listens()).toBe(false);
      bare.child.kill('SIGKILL');

      // With stand-ins for what the Linux build lacks, the same flash says hello by the button's name.
      writeStorage(interpreter ?? '', chip, {
        '.boot0': prelude(),
        '.world': JSON.stringify({ wakeCause: 0, networks: [], joinMs: 20, sampleMs: 50, analog: {} }),
      });
      const whole = start(chip, '-e', '');
      await until(() => /view .*"kind":"idle","button":"desk"/.test(whole.shown()), whole.shown);
    },
    patience(60_000),
  );
});

function secretsInFiles(dir: string): string[] {
  const secrets = secretsIn(dir);
  expect(secrets.length).toBeGreaterThan(4);
  return secrets;
}
