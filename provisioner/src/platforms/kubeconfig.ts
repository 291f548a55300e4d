/** Reads server and authority out of a kubeconfig. The rest of it is secret and is not looked at. */
import { parse } from 'yaml';
import { z } from 'zod';
import { maxAddressLength } from '../../../protocol/src/messages.ts';
import { oneLine } from '../line.ts';
import { type Access, PlatformError } from './platform.ts';

/** Ports that a person leaves out: that of Kubernetes, and that of https (EKS). */
const usualPorts = ['6443', '443'];

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

/** @param host what the platform shows people; left out, the kubeconfig's own. @throws as {@link readKubeconfig}. */
export function accessOf(kubeconfig: string, host?: string): Access {
  const { server, ca } = readKubeconfig(kubeconfig);
  return { address: addressOf(server, host), server, ca, kubeconfig };
}

/**
 * What a person would type: host, or host:port when the port is an unusual one. Names of EKS are 64 characters and
 * more: one too long for a status is cut visibly, the QR code beside it carries the whole URL.
 */
export function addressOf(server: string, host?: string): string {
  const url = new URL(server);
  const port = url.port === '' ? '443' : url.port;
  const name = host ?? url.hostname;
  return oneLine(usualPorts.includes(port) ? name : `${name}:${port}`, maxAddressLength);
}
