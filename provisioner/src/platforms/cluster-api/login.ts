/** How to log in to the management cluster: what each request and each connection has to show, always fresh. */
import type { RequestOptions } from 'node:https';
import { createSecureContext } from 'node:tls';
import { type Cluster, KubeConfig, type User } from '@kubernetes/client-node';
import { errnoOf } from '../../../../config/src/setup-error.ts';
import { oneLine } from '../../line.ts';
import { PlatformError } from '../platform.ts';
import { type ExecCredential, ExecPlugin } from './exec-plugin.ts';
import { type ChosenContext, chosenContext } from './kubeconfig-file.ts';
import type { ClusterApiConfig } from './settings.ts';

/** What a connection needs for TLS. Secret. */
export interface TlsParts {
  /** PEM of the only authority that is trusted; left out: the system's own. */
  ca?: string;
  /** PEM of the client's certificate and key. */
  cert?: string;
  key?: string;
  /** The name that the server's certificate has to show, when it is not the one in the URL. */
  serverName?: string;
}

/** For one request. Secret: never logged, never in an error. */
export interface Credentials {
  headers: Record<string, string>;
  tls: TlsParts;
  /** Which login this is: see {@link Login.renew}. */
  generation: number;
}

export interface LoginOptions {
  /** In front of /var/run/secrets/…; for tests. */
  root?: string;
  /** For an exec command, in milliseconds; for tests. */
  execTimeoutMs?: number;
}

/** The user of the library that asks our own exec command: see {@link ExecPlugin}. */
const execProvider = 'dashbutton-exec';

export class Login {
  /** `https://host:port` or with a path, without a slash at the end. */
  readonly server: string;
  /** The proxy-url of the kubeconfig. */
  readonly proxyUrl: string | undefined;
  /** For a message: what to look at when the login is not taken. */
  readonly advice: string;
  readonly #cluster: Cluster;
  readonly #user: User;
  readonly #plugin: ExecPlugin | undefined;
  #kubeConfig: KubeConfig;
  #generation = 0;
  /** What {@link Login.#checkTls} has seen last: reading PEM takes a millisecond, and each request asks. */
  #usableTls = '';

  constructor(cluster: Cluster, user: User, advice: string, plugin?: ExecPlugin) {
    this.server = cluster.server.replace(/\/+$/, '');
    this.proxyUrl = cluster.proxyUrl;
    this.advice = advice;
    this.#cluster = cluster;
    this.#user = user;
    this.#plugin = plugin;
    this.#kubeConfig = this.#load();
  }

  /**
   * What to show now: files are read again (a token's at most once a minute), a command is asked again when its last
   * answer runs out.
   * @throws PlatformError when a file cannot be read or the command fails.
   */
  async credentials(): Promise<Credentials> {
    const generation = this.#generation;
    const options: RequestOptions = {};
    try {
      await this.#kubeConfig.applyToHTTPSOptions(options);
    } catch (error) {
      if (error instanceof PlatformError) throw error;
      const file = error instanceof Error && 'path' in error ? ` ${String(error.path)}` : '';
      const why = errnoOf(error) ?? 'not understood';
      throw new PlatformError(`login: cannot read${file}: ${why}`, { transient: true });
    }
    const text = (part: unknown) => (part === undefined || part === null ? undefined : String(part));
    const tls = {
      ca: text(options.ca),
      cert: text(options.cert),
      key: text(options.key),
      serverName: this.#cluster.tlsServerName,
    };
    this.#checkTls(tls as TlsParts);
    return { headers: plainHeaders(options.headers), tls: tls as TlsParts, generation };
  }

  /** @throws PlatformError for texts that are no PEM: in the middle of a connection the words would be OpenSSL's. */
  #checkTls({ ca, cert, key }: TlsParts): void {
    const parts = JSON.stringify([ca, cert, key]);
    if (parts === this.#usableTls) return;
    const wrong = (what: string) => new PlatformError(`login: ${what} cannot be used`, { transient: true });
    try {
      if (ca !== undefined) createSecureContext({ ca });
    } catch {
      throw wrong('the certificate authority');
    }
    try {
      if (cert !== undefined && key !== undefined) createSecureContext({ cert, key });
    } catch {
      throw wrong("the client's certificate or its key");
    }
    this.#usableTls = parts;
  }

  /** These credentials were not accepted: ask the files and the command anew. Once for all who come with them. */
  renew({ generation }: Credentials): void {
    if (generation !== this.#generation) return;
    this.#generation++;
    this.#plugin?.forget();
    // The library keeps a token that it has read for a minute.
    this.#kubeConfig = this.#load();
  }

  close(): void {
    this.#plugin?.close();
  }

  #load(): KubeConfig {
    const kubeConfig = new KubeConfig();
    const plugin = this.#plugin;
    if (plugin !== undefined) {
      kubeConfig.addAuthenticator({
        isAuthProvider: user => user.authProvider?.name === execProvider,
        applyAuthentication: async (_user, options) =>
          show(await plugin.credential(), options as RequestOptions),
      });
    }
    // The proxy is dialled by ourselves: the library's agents are not used.
    const { proxyUrl: _, ...cluster } = this.#cluster;
    kubeConfig.loadFromClusterAndUser(cluster, this.#user);
    return kubeConfig;
  }
}

/**
 * The way in that the settings name. Reads nothing but the kubeconfig's text; runs nothing.
 * @throws PlatformError, not transient, when it cannot or must not be used; nothing secret is in it.
 */
export function loginFor({ access }: Pick<ClusterApiConfig, 'access'>, options: LoginOptions = {}): Login {
  switch (access.kind) {
    case 'kubeconfig':
      return fromKubeconfig(chosenContext(access), access.folder, options);
    case 'in-cluster':
      return inCluster(options.root ?? '');
    case 'token': {
      const { server, tokenFile, ca } = access;
      const caData = Buffer.from(ca).toString('base64');
      const cluster = { name: 'management', server, caData, skipTLSVerify: false };
      return new Login(cluster, tokenUser(tokenFile), `check the token in ${tokenFile}`);
    }
  }
}

function fromKubeconfig(chosen: ChosenContext, folder: string, options: LoginOptions): Login {
  const { cluster, user, exec, tokenFile, info } = chosen;
  // The library's own runner is passed by, and a token beside a file or a command would win over them.
  const { exec: _, token: __, ...rest } = user;
  if (exec !== undefined) {
    const timeout = options.execTimeoutMs === undefined ? {} : { timeoutMs: options.execTimeoutMs };
    const plugin = new ExecPlugin(exec, { folder, cluster: info, ...timeout });
    const advice = `check whom the kubeconfig's command ${oneLine(exec.command, 60)} logs in as`;
    return new Login(cluster, { ...rest, authProvider: { name: execProvider } }, advice, plugin);
  }
  if (tokenFile !== undefined) {
    return new Login(cluster, { ...rest, ...tokenUser(tokenFile) }, `check the token in ${tokenFile}`);
  }
  return new Login(cluster, user, `check the user ${oneLine(user.name, 60)} in the kubeconfig`);
}

function inCluster(root: string): Login {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env;
  if (!host || !port) {
    const message =
      'inCluster: this is no pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set; give a kubeconfig';
    throw new PlatformError(message, { transient: false });
  }
  const pod = new KubeConfig();
  pod.loadFromCluster(root);
  const [cluster, user] = [pod.getCurrentCluster(), pod.getCurrentUser()];
  if (cluster === null || user === null) throw new Error('a service account without cluster or user');
  // The library takes some ports for plain HTTP.
  if (!cluster.server.startsWith('https:')) {
    throw new PlatformError(`inCluster: ${cluster.server} is not https`, { transient: false });
  }
  return new Login(cluster, user, "check the pod's service account and that its token is mounted");
}

/** The library reads the file again every minute. */
function tokenUser(tokenFile: string): User {
  return { name: 'token', authProvider: { name: 'tokenFile', config: { tokenFile } } };
}

function show({ token, client }: ExecCredential, options: RequestOptions): void {
  if (token !== undefined) options.headers = { ...options.headers, Authorization: `Bearer ${token}` };
  Object.assign(options, client);
}

/** @throws PlatformError for a value that is no header: the client's own error would be hard to understand. */
function plainHeaders(headers: RequestOptions['headers']): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers ?? {})) {
    // A file that an editor has written ends with a newline.
    const text = String(value).trim();
    if (!/^[\x20-\x7e]+$/.test(text) || text === 'Bearer') {
      throw new PlatformError('login: the token is empty or has characters that no token has', {
        transient: true,
      });
    }
    plain[name.toLowerCase()] = text;
  }
  return plain;
}
