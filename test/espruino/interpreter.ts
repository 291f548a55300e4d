/** Finds the real interpreter: Espruino's Linux build. Tests that need it skip by name when there is none. */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** For the names of tests that are skipped. */
export const howToEnable = "set ESPRUINO to the path of Espruino's Linux build";

/** The npm package of the same name (the uploader) is a script; the interpreter is a program. */
function isScript(path: string): boolean {
  const start = Buffer.alloc(2);
  const file = openSync(path, 'r');
  readSync(file, start, 0, 2, 0);
  closeSync(file);
  return start.toString('latin1') === '#!';
}

function isInterpreter(path: string): boolean {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile() || isScript(path)) {
    return false;
  }
  const help = spawnSync(path, ['--help'], { encoding: 'latin1', timeout: 5000, input: '' });
  return `${help.stdout}${help.stderr}`.includes('JavaScript immediate mode');
}

function find(): string | undefined {
  const named = process.env.ESPRUINO;
  if (named) {
    if (!isInterpreter(named)) {
      throw new Error(`ESPRUINO names ${named}, which is not the Espruino interpreter`);
    }
    return named;
  }
  const folders = (process.env.PATH ?? '').split(delimiter).filter(folder => folder !== '');
  return folders.map(folder => join(folder, 'espruino')).find(isInterpreter);
}

/** Path of the interpreter: `ESPRUINO`, or `espruino` on the PATH; undefined when there is none. */
export const interpreter = find();
