/**
 * Runs the Eclipse Paho interoperability suite for MQTT 3.1.1 (github.com/eclipse/paho.mqtt.testing, Python), which is
 * not part of this project: somebody who has a copy names its folder in the environment variable PAHO.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The suite sleeps 40 s in all; this is for a busy machine. */
export const suiteLimitMs = 180_000;

/** The name of each of its tests, and whether it passed. */
export type Results = Record<string, boolean>;

/**
 * The suite hands its own command line on to unittest, which does not know it: so unittest gets one of ours, and its
 * result comes back as a line of JSON.
 */
const driver = `
import json, runpy, sys, unittest
run = unittest.main
def main():
    result = run(argv=['client_test'], exit=False).result
    failed = {test.id().split('.')[-1] for test, _ in result.failures + result.errors}
    names = unittest.defaultTestLoader.getTestCaseNames(sys.modules['__main__'].Test)
    print('\\nRESULT ' + json.dumps({name: result.testsRun > 0 and name not in failed for name in names}))
unittest.main = main
sys.path.insert(0, '.')
sys.dont_write_bytecode = True
sys.argv = ['client_test.py', '--hostname', '127.0.0.1', '--port', sys.argv[1]]
runpy.run_path('client_test.py', run_name='__main__')
`;

/** Where the suite is, or undefined: PAHO is the folder of a copy, or its folder `interoperability`. */
export function pahoFolder(): string | undefined {
  const named = process.env.PAHO;
  if (!named) return undefined;
  const folder = [join(named, 'interoperability'), named].find(f => existsSync(join(f, 'client_test.py')));
  if (!folder) throw new Error(`PAHO is ${named}, but there is no client_test.py`);
  return folder;
}

/** Runs all tests of the suite against a broker on loopback. Fails when the suite does not come to an end. */
export async function runPaho(folder: string, port: number): Promise<{ results: Results; output: string }> {
  const child = spawn('python3', ['-c', driver, String(port)], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: suiteLimitMs,
    killSignal: 'SIGKILL',
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += chunk));
  await new Promise<void>((resolve, reject) => child.once('close', () => resolve()).once('error', reject));
  const line = /^RESULT (.*)$/m.exec(output)?.[1];
  if (line === undefined) throw new Error(`the suite said nothing: ${output}`);
  return { results: JSON.parse(line) as Results, output };
}
