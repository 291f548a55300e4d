/** The way into a new cluster: the Secret in which Cluster API keeps its kubeconfig. Pure; nothing of it is logged. */
import { accessOf } from '../kubeconfig.ts';
import { type Access, PlatformError } from '../platform.ts';
import { clusterGroup, type KubeObject } from './objects.ts';
import { endpointOf } from './observation.ts';

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
  checkEndpoint(cluster, access.server, title);
  return access;
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

/** A kubeconfig for another place is a mistake at best: its login is not sent there. */
function checkEndpoint(cluster: KubeObject, server: string, title: string): void {
  const endpoint = endpointOf(cluster);
  if (endpoint === undefined) {
    throw new PlatformError(`${cluster.metadata.name}: has no endpoint yet`, { transient: true });
  }
  const { hostname } = new URL(server);
  if (plain(hostname) === plain(endpoint.host)) return;
  throw new PlatformError(
    `${title}: leads to ${hostname}, but the cluster's controlPlaneEndpoint is ${endpoint.host}`,
    { transient: false },
  );
}

/**
 * Case means nothing in a name, an IPv6 address may stand in brackets, and the provider of AWS writes of an EKS cluster
 * the whole URL where the host belongs.
 */
function plain(host: string): string {
  return (host.includes('://') && URL.canParse(host) ? new URL(host).hostname : host)
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
}
