/** Which of Debian's programs are here, for the tests that need them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** A daemon's folder is not in the path of everybody. */
const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'];

/** True when the program is installed. In CI it has to be: a skipped test there would prove nothing. */
export function installed(program: string): boolean {
  if (programPath(program) !== program) return true;
  if (process.env.DASHBUTTON_REQUIRE_PACKAGES) throw new Error(`${program} is not installed`);
  return false;
}

/** What to start it by: its whole path, or its name where it is not installed. */
export function programPath(program: string): string {
  return folders.map(folder => join(folder, program)).find(path => existsSync(path)) ?? program;
}
