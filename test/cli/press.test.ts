/** `dashbutton press` as a process of its own, against a relay and a lab that are already there. */
import { execFile } from 'node:child_process';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { startLab } from '../e2e/fixtures/lab.ts';
import { patience } from '../fixtures/patience.ts';
import { programFile } from '../fixtures/programs.ts';

const bin = programFile('cli');

function press(boards: string): Promise<{ code: number; lines: string[] }> {
  return new Promise(resolve => {
    const args = [bin, 'press', 'house-01', '--boards', boards];
    const options = { timeout: patience(15_000), maxBuffer: 10 ** 7 };
    execFile(process.execPath, args, options, (error, stdout) => {
      const code = typeof error?.code === 'number' ? error.code : error === null ? 0 : -1;
      void resolve({ code, lines: stdout.trimEnd().split('\n') });
    });
  });
}

test.concurrent('draws the way to the address and ends with it', async ({ onTestFinished }) => {
  const buttons = [{ name: 'house-01', profile: 'house', board: 'firebeetle-2-esp32-e' }];
  const lab = await startLab({ buttons });
  onTestFinished(() => lab.close());
  await lab.provisioner?.whenOnline(patience(5_000));
  const { code, lines } = await press(dirname(lab.site.flashOf('house-01')));
  const address = lab.platform.clusters()[0]?.address.replaceAll('.', '\\.');
  expect(lines.at(-1)).toMatch(new RegExp(`^ready house-01-1 ${address} \\d+\\.\\d$`));
  expect(lines.filter(line => line.startsWith('┌')).length).toBeGreaterThan(3);
  expect(code).toBe(0);
});

test.concurrent('ends with the hop that failed', async ({ onTestFinished }) => {
  const lab = await startLab({ provisioner: false });
  onTestFinished(() => lab.close());
  const { code, lines } = await press(dirname(lab.site.flashOf('house-01')));
  expect(lines.at(-1)).toMatch(/^failed LAB: /);
  expect(code).toBe(1);
});
