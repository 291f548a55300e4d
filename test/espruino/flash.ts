/** Storage of the Linux build (the file `espruino.flash` in its folder), read and written by the interpreter itself. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const limitMs = 10_000;

function run(binary: string, dir: string, program: string): string {
  const script = join(dir, 'flash.js');
  writeFileSync(script, `${program}\nE.reboot();\n`, 'latin1');
  const { stdout, error } = spawnSync(binary, [script], {
    cwd: dir,
    encoding: 'latin1',
    input: '',
    timeout: limitMs,
    killSignal: 'SIGKILL',
  });
  rmSync(script);
  if (error) {
    throw error;
  }
  return stdout;
}

/** Writes files to Storage; those that are there with the same content are left alone. Contents are binary strings. */
export function writeStorage(binary: string, dir: string, files: Record<string, string>): void {
  const names = Object.keys(files);
  const folder = join(dir, 'upload');
  mkdirSync(folder, { recursive: true });
  for (const [i, name] of names.entries()) {
    writeFileSync(join(folder, String(i)), files[name] ?? '', 'latin1');
  }
  const output = run(
    binary,
    dir,
    `var S = require("Storage"), f = require("fs");
     ${JSON.stringify(names)}.forEach(function (name, i) {
       var data = f.readFileSync("upload/" + i);
       if (S.read(name) !== data && !S.write(name, data)) print("FAILED " + name);
     });
     print("WRITTEN");`,
  );
  rmSync(folder, { recursive: true });
  if (!output.includes('WRITTEN') || output.includes('FAILED')) {
    throw new Error(`Writing to the interpreter's Storage failed:\n${output}`);
  }
}

/** All files in Storage as binary strings, but the ones whose names start with a dot: those are the runner's. */
export function readStorage(binary: string, dir: string): Record<string, string> {
  const output = run(
    binary,
    dir,
    `require("Storage").list(/^[^.]/).forEach(function (name) {
       print("FILE " + btoa(name) + " " + btoa(require("Storage").read(name)));
     });`,
  );
  const files: Record<string, string> = {};
  for (const [, name = '', data = ''] of output.matchAll(/FILE (\S*) (\S*)/g)) {
    files[decode(name)] = decode(data);
  }
  return files;
}

function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString('latin1');
}

/** The stand-ins that run before the program. */
export function prelude(): string {
  return readFileSync(new URL('./prelude.js', import.meta.url), 'latin1');
}
