/** Which of Debian's programs are here, for the tests that need them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** A daemon's folder is not in the path of everybody. */
export const programFolders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'];

/** True when the program is installed. In CI it has to be: a skipped test there would prove nothing. */
export function installed(program: string): boolean {
  if (programFolders.some(folder => existsSync(join(folder, program)))) return true;
  if (process.env.DASHBUTTON_REQUIRE_PACKAGES) throw new Error(`${program} is not installed`);
  return false;
}
