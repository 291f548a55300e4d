/**
 * A provisioner as its own process. First line of standard input: its settings and, perhaps, the write at which it
 * kills itself. Every further line asks how its presses are. It ends with its standard input.
 */
import { createInterface } from 'node:readline';
import { makeLog, silentLog } from '../../config/src/log.ts';
import { Journal } from '../../provisioner/src/journal/index.ts';
import { startProvisioner } from '../../provisioner/src/provisioner.ts';
import type { ProvisionerConfig } from '../../provisioner/src/settings/config.ts';
import { type KillAt, momentsOf } from './moments.ts';

/** Longer than any test waits (milliseconds). */
const onlineLimitMs = 600_000;

const lines = createInterface({ input: process.stdin });
lines.once('close', () => process.exit());
const input = lines[Symbol.asyncIterator]();

/** Keys travel as base64. */
const { config, killAt } = JSON.parse((await input.next()).value ?? '', (name, value) =>
  name === 'key' || name === 'siteKey' ? Buffer.from(value, 'base64') : value,
) as { config: ProvisionerConfig; killAt?: KillAt };
if (killAt !== undefined) dieAt(killAt);
const log = process.env.FAULTS_LOG === undefined ? silentLog : makeLog('provisioner');
const provisioner = await startProvisioner(config, { log });
if (await provisioner.whenOnline(onlineLimitMs)) process.stdout.write('online\n');
for (;;) {
  if ((await input.next()).done === true) break;
  process.stdout.write(`presses ${JSON.stringify(provisioner.presses())}\n`);
}

/** Around the journal's one way to the disk, so that the provisioner itself has no hook for tests. */
function dieAt({ moment, side }: KillAt): void {
  const write = Journal.prototype.write;
  Journal.prototype.write = async function (change): Promise<void> {
    const hit = change.presses?.some(after =>
      momentsOf(this.press(after.button, after.press), after).includes(moment),
    );
    if (hit && side === 'before') die();
    await write.call(this, change);
    if (hit) die();
  };
}

/** Not one instruction more of the program: neither a timer nor a callback. */
function die(): never {
  process.kill(process.pid, 'SIGKILL');
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}
