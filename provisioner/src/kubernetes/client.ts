/** A client of one new cluster. */
import {
  createConfiguration,
  type SecurityAuthentication,
  ServerConfiguration,
} from '@kubernetes/client-node';
import type { Agent } from 'undici';
import { type Access, PlatformError } from '../platforms/platform.ts';
import { agentFor, httpThrough, requestTimeoutMs } from './http.ts';
import { type Credentials, credentialsOf } from './kubeconfig.ts';
import { ObjectApi } from './object-api.ts';

/** Talks to one cluster until it is closed. Holds the cluster's secrets: never log it. */
export class KubernetesClient {
  readonly #agent: Agent;
  readonly #server: ServerConfiguration<Record<string, string>>;
  readonly #login: SecurityAuthentication;
  readonly #timeoutMs: number;

  /** @param timeoutMs for one request: connect, TLS and the whole answer together */
  constructor(credentials: Credentials, timeoutMs = requestTimeoutMs) {
    this.#timeoutMs = timeoutMs;
    this.#agent = agentFor(credentials);
    this.#server = new ServerConfiguration(credentials.server.replace(/\/$/, ''), {});
    this.#login = loginOf(credentials);
  }

  /** The calls, which end with `signal`. What it learns about the cluster's kinds it keeps, so make one per job. */
  api(signal: AbortSignal): ObjectApi {
    return new ObjectApi(
      createConfiguration({
        baseServer: this.#server,
        httpApi: httpThrough(this.#agent, signal, this.#timeoutMs),
        authMethods: { default: this.#login },
      }),
    );
  }

  /** Cuts its connections. Calls under way reject. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

/**
 * A client for the cluster that `access` tells of. Connects when first used; close it after use.
 * @throws PlatformError when its kubeconfig cannot or must not be used (see {@link credentialsOf}), or speaks of
 *   another server or authority than the one that was asked whether it is ready.
 */
export function clientFor(access: Pick<Access, 'kubeconfig' | 'server' | 'ca'>): KubernetesClient {
  const credentials = credentialsOf(access.kubeconfig);
  const same =
    new URL(credentials.server).href === new URL(access.server).href &&
    credentials.ca.trim() === access.ca.trim();
  if (!same) {
    const message = 'kubeconfig has a current context for another server or authority than its first cluster';
    throw new PlatformError(message, { transient: false });
  }
  return new KubernetesClient(credentials);
}

/** A client's certificate was shown in the handshake; a token goes with every request. */
function loginOf({ token }: Credentials): SecurityAuthentication {
  return {
    getName: () => 'token',
    applySecurityAuthentication: request => {
      if (token !== undefined) request.setHeaderParam('Authorization', `Bearer ${token}`);
    },
  };
}
