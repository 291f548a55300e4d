/** The text of `/env`: what a person saves as kubeconfig. */
import { stringify } from 'yaml';
import type { ClusterIdentity } from './identity.ts';

/**
 * Names and fields as seen in the 2019 sources (LAB, BOB): one cluster, one user, one context; the user has a
 * certificate and a token.
 * @param eksCluster the user asks `aws-iam-authenticator` for a token for this cluster instead (assumed of EKS)
 */
export async function kubeconfig(
  server: string,
  identity: ClusterIdentity,
  eksCluster?: string,
): Promise<string> {
  const [authority, client] = await Promise.all([identity.authority(), identity.client()]);
  const cluster = { 'certificate-authority-data': base64(authority.certPem), server };
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1alpha1',
    command: 'aws-iam-authenticator',
    args: ['token', '-i', eksCluster],
  };
  const own = {
    'client-certificate-data': base64(client.certPem),
    'client-key-data': base64(client.keyPem),
    token: identity.token,
  };
  const config = {
    apiVersion: 'v1',
    clusters: [{ cluster, name: 'kubernetes' }],
    contexts: [
      { context: { cluster: 'kubernetes', user: 'kubernetes-admin' }, name: 'kubernetes-admin@kubernetes' },
    ],
    'current-context': 'kubernetes-admin@kubernetes',
    kind: 'Config',
    preferences: {},
    users: [{ name: 'kubernetes-admin', user: eksCluster === undefined ? own : { exec } }],
  };
  return stringify(config, { lineWidth: 0 });
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
