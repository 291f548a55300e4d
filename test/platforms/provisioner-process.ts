/** The real provisioner in a process of its own, to be killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { ProvisionerConfig } from '../../provisioner/src/settings/config.ts';

const child = fileURLToPath(new URL('../provisioner/provisioner-child.ts', import.meta.url));

/** Resolves when it is online, and ends with the test. Throws when it ends before. */
export async function launch(config: ProvisionerConfig): Promise<ChildProcess> {
  const process_ = spawn(process.execPath, ['--import', 'tsx', child], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  // Also when the test fails half-way.
  onTestFinished(() => kill(process_));
  const text = JSON.stringify(config, (_, value) =>
    value?.type === 'Buffer' ? Buffer.from(value.data).toString('base64') : value,
  );
  process_.stdin.end(text);
  const online = await Promise.race([
    once(process_.stdout, 'data').then(() => true),
    once(process_, 'exit').then(() => false),
  ]);
  if (!online) throw new Error(`the provisioner ended: ${process_.exitCode}`);
  return process_;
}

/** SIGKILL; resolves when it is gone. */
export async function kill(process_: ChildProcess): Promise<void> {
  if (process_.exitCode !== null || process_.signalCode !== null) return;
  process_.kill('SIGKILL');
  await once(process_, 'exit');
}
