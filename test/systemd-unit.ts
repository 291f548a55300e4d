/** Units of systemd, read as an administrator does, and checked by systemd itself. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/** Values by `Section.Key`; a key that stands there twice has both. Throws on a line that is none. */
export function parseUnit(unit: string): Map<string, string[]> {
  const values = new Map<string, string[]>();
  let section = '';
  for (const line of unit.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const header = /^\[(\w+)\]$/.exec(line)?.[1];
    const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (header !== undefined) section = header;
    else if (key !== undefined && value !== undefined)
      values.set(`${section}.${key}`, [...(values.get(`${section}.${key}`) ?? []), value]);
    else throw new Error(`not a line of a unit: ${line}`);
  }
  return values;
}

/** What `systemd-analyze verify` has to say, with the program where it is on this machine: nothing, when all is well. */
export function verifyUnit(name: string, text: string): { status: number | null; stderr: string } {
  const dir = mkdtempSync(join(tmpdir(), 'dashbutton-unit-'));
  const here = new URL('../', import.meta.url).pathname.replace(/\/$/, '');
  try {
    const path = join(dir, 'system', basename(name));
    mkdirSync(join(dir, 'system'));
    writeFileSync(path, text.replaceAll('/opt/dashbutton', here));
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', path], {
      encoding: 'utf8',
      timeout: 25_000,
    });
    return { status, stderr };
  } finally {
    rmSync(dir, { recursive: true });
  }
}
