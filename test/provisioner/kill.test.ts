/** SIGKILL at any moment: one press is one cluster all the same. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, type TestContext } from 'vitest';
import { patience } from '../fixtures/patience.ts';
import { programFile } from '../fixtures/programs.ts';
import type { Lab } from './fixtures/lab.ts';
import { roomTest } from './fixtures/room.ts';

const test = roomTest({ ccp: { speed: 60 } });

/** A provisioner in a process of its own; resolves when it is online. */
async function launch(lab: Lab, onTestFinished: TestContext['onTestFinished']): Promise<ChildProcess> {
  const child = spawn(process.execPath, [programFile('provisioner')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => kill(child));
  const config = JSON.stringify(lab.config, (_, value) =>
    value?.type === 'Buffer' ? Buffer.from(value.data).toString('base64') : value,
  );
  child.stdin.end(config);
  const online = await Promise.race([
    once(child.stdout, 'data').then(() => true),
    once(child, 'exit').then(() => false),
  ]);
  expect(online).toBe(true);
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** Each as soon as the button hears of it, which is never before the journal has it; the last two at once after. */
const moments: [string, (status: { state: string; phase: string; percent: number }) => boolean][] = [
  ['accepted', status => status.state === 'accepted'],
  ['platform asked', status => status.phase === 'platform asked'],
  ['nodes seen', status => status.percent > 20],
  ['verifying', status => status.state === 'verifying'],
];

test(
  'killed at every step, started again each time',
  async ({ room, onTestFinished }) => {
    const { lab } = room;
    const button = await room.connect();
    let running = await launch(lab, onTestFinished);
    await button.press(1);
    for (const [, fits] of moments) {
      // A moment may pass before we see it, when the process restarts behind it.
      await button.until(status => fits(status) || status.state === 'ready');
      await kill(running);
      running = await launch(lab, onTestFinished);
      await button.press(1);
    }
    const ready = await button.until(status => status.state === 'ready');
    expect(ready.cluster).toBe('house-01-1');
    expect(lab.ccp.clusters()).toHaveLength(1);
    expect(ready.address).toBe(lab.ccp.clusters()[0]?.address);
    const seqs = button.statuses.filter(status => status.press === 1).map(status => status.seq);
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
  },
  patience(40_000),
);
