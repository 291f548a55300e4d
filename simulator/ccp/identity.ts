/** Who a cluster is: its own certificate authority and everything signed by it, made when first asked for. */
import { randomBytes } from 'node:crypto';
import {
  type Authority,
  type KeyPair,
  makeAuthority,
  makeClientPair,
  makeServerPair,
} from './certificates.ts';

/**
 * Lazy, because a create has to be cheap: hundreds of clusters may be made of which nobody reads a kubeconfig.
 */
export class ClusterIdentity {
  /** The bearer token of the administrator. */
  readonly token = randomBytes(32).toString('base64url');
  #authority: Promise<Authority> | undefined;
  #client: Promise<KeyPair> | undefined;

  authority(): Promise<Authority> {
    this.#authority ??= makeAuthority('kubernetes');
    return this.#authority;
  }

  /** What kubeadm calls the administrator: user kubernetes-admin in the group system:masters. */
  client(): Promise<KeyPair> {
    this.#client ??= this.authority().then(ca => makeClientPair('kubernetes-admin', 'system:masters', ca));
    return this.#client;
  }

  /** The API server's certificate for the address it listens on. */
  async server(host: string): Promise<KeyPair> {
    const names = [host, 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'];
    return makeServerPair('kube-apiserver', names, await this.authority());
  }
}
