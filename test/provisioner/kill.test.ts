/** SIGKILL at any moment: one press is one cluster all the same. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type Lab, startLab, TestButton } from './lab.ts';

const child = fileURLToPath(new URL('provisioner-child.ts', import.meta.url));

/** A provisioner in a process of its own; resolves when it is online. */
async function launch(lab: Lab): Promise<ChildProcess> {
  const process_ = spawn(process.execPath, ['--import', 'tsx', child], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const config = JSON.stringify(lab.config, (_, value) =>
    value?.type === 'Buffer' ? Buffer.from(value.data).toString('base64') : value,
  );
  process_.stdin.end(config);
  const online = await Promise.race([
    once(process_.stdout, 'data').then(() => true),
    once(process_, 'exit').then(() => false),
  ]);
  expect(online).toBe(true);
  return process_;
}

async function kill(process_: ChildProcess): Promise<void> {
  if (process_.exitCode !== null || process_.signalCode !== null) return;
  process_.kill('SIGKILL');
  await once(process_, 'exit');
}

/** Each as soon as the button hears of it, which is never before the journal has it; the last two at once after. */
const moments: [string, (status: { state: string; phase: string; percent: number }) => boolean][] = [
  ['accepted', status => status.state === 'accepted'],
  ['range reserved', status => status.phase === 'range reserved'],
  ['platform asked', status => status.phase === 'platform asked'],
  ['nodes seen', status => status.percent > 20],
  ['verifying', status => status.state === 'verifying'],
];

test('killed at every step, started again each time', { timeout: 30_000 }, async () => {
  const lab = await startLab({ ccp: { speed: 60 } });
  const button = await TestButton.connect(lab);
  let running = await launch(lab);
  await button.press(1);
  for (const [, fits] of moments) {
    // A moment may pass before we see it, when the process restarts behind it.
    await button.until(status => fits(status) || status.state === 'ready');
    await kill(running);
    running = await launch(lab);
    await button.press(1);
  }
  const ready = await button.until(status => status.state === 'ready');
  expect(ready.cluster).toBe('house-01-1');
  expect(lab.ccp.clusters()).toHaveLength(1);
  expect(ready.address).toBe(lab.ccp.clusters()[0]?.address);
  const seqs = button.statuses.filter(status => status.press === 1).map(status => status.seq);
  expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
  await kill(running);
  await button.close();
  await lab.close();
});
