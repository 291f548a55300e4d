/** The way into a new cluster: its platform's kubeconfig, which holds all that is needed and is not renewed. */
import { proxyOf } from './connection.ts';
import {
  type Credentials,
  checkTls,
  headerText,
  type Login,
  type TlsParts,
  type Way,
} from './credentials.ts';
import { Kube, type KubeOptions } from './kube.ts';
import { type ChosenContext, readKubeconfig } from './kubeconfig.ts';

/** Connect, TLS and the whole answer together, in milliseconds: it has nothing else to do yet. */
const requestTimeoutMs = 10_000;

/**
 * Talks to the cluster of this kubeconfig. Connects when first used; close it after use.
 * @param asNobody without the kubeconfig's user
 * @throws PlatformError when the kubeconfig cannot or must not be used; one about its user comes with the first call.
 */
export function kubeInto(kubeconfig: string, options: KubeOptions = {}, asNobody = false): Kube {
  return new Kube(wayInto(kubeconfig, asNobody), { timeoutMs: requestTimeoutMs, ...options });
}

/** The same without connections. */
export function wayInto(kubeconfig: string, asNobody = false): Way {
  const chosen = readKubeconfig(kubeconfig);
  const { server, proxyUrl } = chosen.cluster;
  return { login: new FixedLogin(chosen, asNobody), proxy: proxyOf(undefined, proxyUrl, server) };
}

class FixedLogin implements Login {
  readonly server: string;
  readonly advice = "check the user in the cluster's kubeconfig";
  readonly rights = "the user in the cluster's kubeconfig has to be its administrator";
  readonly #chosen: ChosenContext;
  readonly #asNobody: boolean;

  constructor(chosen: ChosenContext, asNobody: boolean) {
    this.server = chosen.cluster.server;
    this.#chosen = chosen;
    this.#asNobody = asNobody;
  }

  async credentials(): Promise<Credentials> {
    const { caData, tlsServerName } = this.#chosen.cluster;
    const { token, certData, keyData } = this.#asNobody ? {} : this.#chosen.user().user;
    const tls: TlsParts = {
      ...(caData === undefined ? {} : { ca: plain(caData) }),
      ...(tlsServerName === undefined ? {} : { serverName: tlsServerName }),
      ...(certData && keyData ? { cert: plain(certData), key: plain(keyData) } : {}),
    };
    checkTls(tls);
    const headers = token === undefined ? {} : { authorization: headerText(`Bearer ${token}`) };
    return { headers, tls, generation: 0 };
  }

  renew(): boolean {
    return false;
  }

  close(): void {}
}

function plain(base64: string): string {
  return Buffer.from(base64, 'base64').toString('latin1');
}
