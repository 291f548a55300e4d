/** `dashbutton press` as a process of its own, against a relay and a lab that are already there. */
import { execFile } from 'node:child_process';
import { dirname } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { type Lab, startLab } from '../e2e/lab.ts';

const bin = new URL('../../cli/bin.js', import.meta.url).pathname;
let lab: Lab | undefined;

afterEach(async () => {
  await lab?.close();
  lab = undefined;
});

function press(boards: string): Promise<{ code: number; lines: string[] }> {
  return new Promise(resolve => {
    const args = [bin, 'press', 'house-01', '--boards', boards];
    execFile(process.execPath, args, { timeout: 25_000, maxBuffer: 10 ** 7 }, (error, stdout) => {
      const code = typeof error?.code === 'number' ? error.code : error === null ? 0 : -1;
      void resolve({ code, lines: stdout.trimEnd().split('\n') });
    });
  });
}

it('draws the way to the address and ends with it', async () => {
  lab = await startLab();
  await lab.provisioner?.whenOnline(5000);
  const { code, lines } = await press(dirname(lab.site.flashOf('house-01')));
  const address = lab.platform.clusters()[0]?.address.replaceAll('.', '\\.');
  expect(lines.at(-1)).toMatch(new RegExp(`^ready house-01-1 ${address} \\d+\\.\\d$`));
  expect(lines.filter(line => line.startsWith('┌')).length).toBeGreaterThan(3);
  expect(code).toBe(0);
});

it('ends with the hop that failed', async () => {
  lab = await startLab({ provisioner: false });
  const { code, lines } = await press(dirname(lab.site.flashOf('house-01')));
  expect(lines.at(-1)).toMatch(/^failed LAB: /);
  expect(code).toBe(1);
});
