/** A provisioner as its own process, for tests that kill it. Settings come on standard input, as JSON. */
import { text } from 'node:stream/consumers';
import { silentLog } from '../../config/src/log.ts';
import { startProvisioner } from '../../provisioner/src/provisioner.ts';
import type { ProvisionerConfig } from '../../provisioner/src/settings/config.ts';

/** Keys travel as base64. */
const config = JSON.parse(await text(process.stdin), (name, value) =>
  name === 'key' || name === 'siteKey' ? Buffer.from(value, 'base64') : value,
) as ProvisionerConfig;
const provisioner = await startProvisioner(config, { log: silentLog });
await provisioner.whenOnline(10_000);
process.stdout.write('online\n');
