/** The real interpreter, when there is one: what the simulator is compared with. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { interpreter } from '../espruino/interpreter.ts';

export { interpreter } from '../espruino/interpreter.ts';

const marker = '@@';

/** Runs a program on the interpreter; returns what it printed with `tell`. It ends by calling `quit()`. */
export async function runOnInterpreter(program: string): Promise<string[]> {
  if (!interpreter) {
    throw new Error('There is no interpreter');
  }
  const folder = mkdtempSync(join(tmpdir(), 'espruino-'));
  try {
    const file = join(folder, 'program.js');
    writeFileSync(file, `function tell(t){print("${marker}"+t);}\n${program}\n`, 'latin1');
    const run = promisify(execFile)(interpreter, [file], {
      cwd: folder,
      encoding: 'latin1',
      timeout: 20_000,
    });
    run.child.stdin?.end();
    // Its exit code says only whether it found variables left over in its memory.
    const { stdout } = await run.catch((error: { killed: boolean; stdout: string }) => {
      if (error.killed) {
        throw error;
      }
      return error;
    });
    return stdout
      .split(/\r?\n/)
      .filter(line => line.includes(marker) && !line.includes(`"${marker}`))
      .map(line => line.slice(line.indexOf(marker) + marker.length));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
