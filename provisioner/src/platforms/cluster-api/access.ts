/** The way into a new cluster: the Secret in which Cluster API keeps its kubeconfig. Pure; nothing of it is logged. */

import { isIPv6 } from 'node:net';
import { type Access, PlatformError } from '../../common/platform.ts';
import { accessOf, addressOf, plainHost, portOf } from '../../kubernetes/endpoint.ts';
import { clusterGroup, type KubeObject } from '../../kubernetes/objects.ts';
import { endpointOf } from './facts.ts';

/** Of Cluster API's own, with the cluster's name. */
const nameLabel = `${clusterGroup}/cluster-name`;

export function secretPath(namespace: string, cluster: string): string {
  const [where, name] = [namespace, `${cluster}-kubeconfig`].map(encodeURIComponent);
  return `/api/v1/namespaces/${where}/secrets/${name}`;
}

/**
 * Of the Secret `<cluster>-kubeconfig` the key `value`.
 * @param secret undefined: it is not there
 * @throws PlatformError: transient while it is not there or not whole, else when it is not of this cluster.
 */
export function accessFrom(cluster: KubeObject, secret: KubeObject | undefined): Access {
  const { name } = cluster.metadata;
  const title = `Secret ${name}-kubeconfig`;
  if (secret === undefined) throw new PlatformError(`${title}: not there yet`, { transient: true });
  checkOwner(cluster, secret, title);
  const value = secret.data?.value ?? '';
  if (value === '') throw new PlatformError(`${title}: there is no value in it yet`, { transient: true });
  const access = accessOf(Buffer.from(value, 'base64').toString('utf8'));
  return { ...access, ...shownOf(cluster, access, title) };
}

/** One of an earlier cluster of this name goes with that one; one without any sign was made by somebody else. */
function checkOwner({ metadata }: KubeObject, secret: KubeObject, title: string): void {
  const { labels, ownerReferences = [] } = secret.metadata;
  const clusters = ownerReferences.filter(
    ({ kind, apiVersion }) => kind === 'Cluster' && apiVersion.startsWith(`${clusterGroup}/`),
  );
  if (clusters.some(({ uid }) => uid === metadata.uid)) return;
  if (clusters.length > 0) {
    throw new PlatformError(`${title}: is still that of an earlier cluster`, { transient: true });
  }
  // Where the control plane's provider writes it, it is the owner: the label is what remains.
  if (labels?.[nameLabel] === metadata.name) return;
  throw new PlatformError(`${title}: is not of this cluster: label ${nameLabel} is missing`, {
    transient: false,
  });
}

/**
 * A kubeconfig for another place is a mistake at best: its login is not sent there. Where control planes are pods, it may
 * name their Service, which leads there from inside the management cluster; people are shown the endpoint all the same.
 */
function shownOf(
  cluster: KubeObject,
  { server, address }: Access,
  title: string,
): Pick<Access, 'address' | 'server'> {
  const { name, namespace } = cluster.metadata;
  const endpoint = endpointOf(cluster);
  if (endpoint === undefined) throw new PlatformError(`${name}: has no endpoint yet`, { transient: true });
  const url = new URL(server);
  const [host, wanted] = [plainHost(url.hostname), plainHost(endpoint.host)];
  if (host === wanted && portOf(url) === endpoint.port) return { address, server };
  const [service = '', ...rest] = host.split('.');
  if (service !== '' && rest.join('.') === `${namespace}.svc`) {
    const shown = `https://${isIPv6(wanted) ? `[${wanted}]` : wanted}:${endpoint.port}`;
    return { address: addressOf(shown), server: shown };
  }
  const is = `${host}, port ${portOf(url)}`;
  const message = `${title}: leads to ${is}, but the cluster's controlPlaneEndpoint is ${wanted}, port ${endpoint.port}`;
  throw new PlatformError(message, { transient: false });
}
