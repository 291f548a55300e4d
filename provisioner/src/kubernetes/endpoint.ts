/** Where an API server is: what people are shown of it, and whether two spellings mean the same place. */
import ipaddr from 'ipaddr.js';
import { maxAddressLength } from '../../../protocol/src/messages.ts';
import { oneLine } from '../common/line.ts';
import type { Access } from '../common/platform.ts';
import { readKubeconfig } from './kubeconfig.ts';

/** Ports that a person leaves out: that of Kubernetes, and that of https (EKS). */
const usualPorts = [6443, 443];

/** @param host what the platform shows people; left out, the kubeconfig's own. @throws as {@link readKubeconfig}. */
export function accessOf(kubeconfig: string, host?: string): Access {
  const { server } = readKubeconfig(kubeconfig).cluster;
  return { address: addressOf(server, host), server, kubeconfig };
}

/**
 * What a person would type: host, or host:port when the port is an unusual one. Names of EKS are 64 characters and
 * more: one too long for a status is cut visibly, the QR code beside it carries the whole URL.
 */
export function addressOf(server: string, host?: string): string {
  const url = new URL(server);
  const port = portOf(url);
  const name = host ?? url.hostname;
  return oneLine(usualPorts.includes(port) ? name : `${name}:${port}`, maxAddressLength);
}

export function portOf({ port }: URL): number {
  return port === '' ? 443 : Number(port);
}

/**
 * A host as one text for all its spellings: case, the dot at the end, an IPv6 address' brackets, zeros and mapped
 * IPv4, and a Service's name with and without the usual domain.
 * @param host may also be a whole URL: the provider of AWS writes one for an EKS cluster
 */
export function plainHost(host: string): string {
  const name = (host.includes('://') && URL.canParse(host) ? new URL(host).hostname : host)
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
  if (ipaddr.isValid(name)) return ipaddr.process(name).toString();
  return name.replace(/\.svc\.cluster\.local$/, '.svc');
}
