/** A provisioner in a process of its own, so that what it needs can be measured. */
import { once } from 'node:events';
import { silentLog } from '../../config/src/log.ts';
import { startProvisioner } from '../../provisioner/src/provisioner.ts';
import type { ProvisionerConfig } from '../../provisioner/src/settings/config.ts';

const [config] = (await once(process, 'message')) as [ProvisionerConfig];
const startMs = performance.now();
const provisioner = await startProvisioner(config, { log: silentLog });
const look = setInterval(() => {
  if (!provisioner.relays.every(({ connected }) => connected)) return;
  clearInterval(look);
  process.send?.({ onlineMs: performance.now() - startMs });
}, 10);
process.on('message', () =>
  process.send?.({
    heard: provisioner.counters.received,
    rejected: provisioner.counters.rejected,
    saidAgain: provisioner.relays.reduce((sum, { saidAgain }) => sum + saidAgain, 0),
  }),
);
