/** Reads server and authority out of a kubeconfig. The rest of it is secret and is not looked at. */
import { parse } from 'yaml';
import { z } from 'zod';
import { PlatformError } from '../platform.ts';

const kubeconfigSchema = z.looseObject({
  clusters: z
    .array(
      z.looseObject({
        cluster: z.looseObject({
          server: z.url({ protocol: /^https$/ }),
          'certificate-authority-data': z.base64().min(1),
        }),
      }),
    )
    .min(1),
});

/**
 * The first cluster's server and authority.
 * @throws PlatformError (transient: it may be written a moment later) when it is not a kubeconfig.
 */
export function readKubeconfig(text: string): { server: string; ca: string } {
  let value: unknown;
  try {
    value = parse(text, { maxAliasCount: 100 });
  } catch {
    throw new PlatformError('the kubeconfig is not YAML', { transient: true });
  }
  const checked = kubeconfigSchema.safeParse(value);
  const cluster = checked.success ? checked.data.clusters[0]?.cluster : undefined;
  if (cluster === undefined)
    throw new PlatformError('the kubeconfig names no server and authority', { transient: true });
  const ca = Buffer.from(cluster['certificate-authority-data'], 'base64').toString('latin1');
  return { server: cluster.server, ca };
}
