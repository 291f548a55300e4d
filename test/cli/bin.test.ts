/** The command as people start it; all other tests start what it runs, compiled (fixtures/programs.ts). */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { patience } from '../fixtures/patience.ts';

const bin = fileURLToPath(new URL('../../cli/bin.js', import.meta.url));

test('help comes from the sources as they are: what there is, with examples', async () => {
  const options = { timeout: patience(10_000) };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [bin, '--help'], options);
  expect(stderr).toBe('');
  for (const command of ['demo', 'press', 'relay', 'provisioner', 'doctor', 'enroll', 'flash', 'build'])
    expect(stdout).toMatch(new RegExp(`^ {2}${command} `, 'm'));
  expect(stdout).toContain('Examples:');
});
