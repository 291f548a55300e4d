/** How to log in to the management cluster: what each request and each connection has to show, always fresh. */
import type { RequestOptions } from 'node:https';
import type { Cluster, KubeConfig, User } from '@kubernetes/client-node';
import { errnoOf } from '../../../config/src/setup-error.ts';
import { oneLine } from '../common/line.ts';
import { PlatformError } from '../common/platform.ts';
import type { CallerOptions } from './caller.ts';
import { proxyOf } from './connection.ts';
import {
  type Credentials,
  checkTls,
  headerText,
  type Login,
  type TlsParts,
  type Way,
} from './credentials.ts';
import { type ExecCredential, ExecPlugin } from './exec-plugin.ts';
import { Kube } from './kube.ts';
import { readKubeconfig } from './kubeconfig.ts';

/** Where a management cluster is and who we are there, as the settings say it. Secret: never logged. */
export type OperatorsAccess =
  | {
      kind: 'kubeconfig';
      text: string;
      /** From here count relative paths in it. */
      folder: string;
      /** Left out: its current-context. */
      context?: string;
    }
  /** The service account of the pod we run in. */
  | { kind: 'in-cluster' }
  /** `tokenFile` is absolute and read again and again, because tokens rotate; `ca` is PEM. */
  | { kind: 'token'; server: string; tokenFile: string; ca: string };

export interface OperatorsWay {
  access: OperatorsAccess;
  /**
   * A proxy's URL, with its password if it has one; `none`: direct, also when the kubeconfig has a proxy-url;
   * `environment`: HTTPS_PROXY and NO_PROXY. Left out: the kubeconfig's proxy-url, else direct.
   */
  proxy?: string;
}

export interface LoginOptions {
  /** In front of /var/run/secrets/…; for tests. */
  root?: string;
  /** For an exec command, in milliseconds; for tests. */
  execTimeoutMs?: number;
}

/** What Kubernetes mounts into each pod (its docs: "Accessing the Kubernetes API from a Pod"). */
const accountFolder = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The user of the library that asks our own exec command: see {@link ExecPlugin}. */
const execProvider = 'dashbutton-exec';

/** By the client library, loaded at the first request: it reads the files, and the token's again and again. */
class OperatorsLogin implements Login {
  readonly server: string;
  readonly advice: string;
  readonly rights = 'give it the Role in provisioner/deploy/';
  readonly #cluster: Cluster;
  readonly #user: User;
  readonly #plugin: ExecPlugin | undefined;
  #kubeConfig: Promise<KubeConfig> | undefined;
  #generation = 0;
  /** What {@link checkTls} has seen last: reading PEM takes a millisecond, and each request asks. */
  #usableTls = '';

  constructor(cluster: Cluster, user: User, advice: string, plugin?: ExecPlugin) {
    this.server = cluster.server.replace(/\/+$/, '');
    this.advice = advice;
    this.#cluster = cluster;
    this.#user = user;
    this.#plugin = plugin;
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
      this.#kubeConfig ??= this.#load();
      await (await this.#kubeConfig).applyToHTTPSOptions(options);
    } catch (error) {
      if (error instanceof PlatformError) throw error;
      const file = error instanceof Error && 'path' in error ? ` ${String(error.path)}` : '';
      const why = errnoOf(error) ?? 'not understood';
      throw new PlatformError(`login: cannot read${file}: ${why}`, { transient: true, code: 'login' });
    }
    const text = (part: unknown) => (part === undefined || part === null ? undefined : String(part));
    const tls = {
      ca: text(options.ca),
      cert: text(options.cert),
      key: text(options.key),
      serverName: this.#cluster.tlsServerName,
    } as TlsParts;
    const parts = JSON.stringify(tls);
    if (parts !== this.#usableTls) checkTls(tls);
    this.#usableTls = parts;
    const headers = Object.entries(options.headers ?? {});
    const plain = headers.map(([name, value]) => [name.toLowerCase(), headerText(value)]);
    return { headers: Object.fromEntries(plain), tls, generation };
  }

  /** These credentials were not accepted: ask the files and the command anew. Once for all who come with them. */
  renew({ generation }: Credentials): boolean {
    if (generation !== this.#generation) return true;
    this.#generation++;
    this.#plugin?.forget();
    // The library keeps a token that it has read for a minute.
    this.#kubeConfig = undefined;
    return true;
  }

  close(): void {
    this.#plugin?.close();
  }

  async #load(): Promise<KubeConfig> {
    // Half a second of processor time, and 75 MB: only for who has such a platform.
    const { KubeConfig } = await import('@kubernetes/client-node');
    const kubeConfig = new KubeConfig();
    const plugin = this.#plugin;
    if (plugin !== undefined) {
      kubeConfig.addAuthenticator({
        isAuthProvider: user => user.authProvider?.name === execProvider,
        applyAuthentication: async (_user, options) =>
          show(await plugin.credential(), options as RequestOptions),
      });
    }
    kubeConfig.loadFromClusterAndUser(this.#cluster, this.#user);
    return kubeConfig;
  }
}

/**
 * A client of the management cluster that the settings name.
 * @throws PlatformError or SetupError when the way in or the proxy cannot or must not be used.
 */
export function managementKube(way: OperatorsWay, options: CallerOptions & LoginOptions = {}): Kube {
  return new Kube(wayTo(way, options), options);
}

/**
 * The way in that the settings name. Reads nothing but the kubeconfig's text; runs nothing.
 * @throws PlatformError or SetupError when it cannot or must not be used; nothing secret is in it.
 */
export function wayTo({ access, proxy }: OperatorsWay, options: LoginOptions = {}): Way {
  const { login, proxyUrl } = loginFor(access, options);
  return { login, proxy: proxyOf(proxy, proxyUrl, login.server) };
}

function loginFor(access: OperatorsAccess, options: LoginOptions): { login: Login; proxyUrl?: string } {
  switch (access.kind) {
    case 'kubeconfig':
      return fromKubeconfig(access, options);
    case 'in-cluster':
      return { login: inCluster(options.root ?? '') };
    case 'token': {
      const { server, tokenFile, ca } = access;
      const caData = Buffer.from(ca).toString('base64');
      const cluster = { name: 'management', server, caData, skipTLSVerify: false };
      const advice = `check the token in ${tokenFile}`;
      return { login: new OperatorsLogin(cluster, tokenUser(tokenFile), advice) };
    }
  }
}

function fromKubeconfig(
  { text, ...place }: Extract<OperatorsAccess, { kind: 'kubeconfig' }>,
  options: LoginOptions,
): { login: Login; proxyUrl?: string } {
  const chosen = readKubeconfig(text, place);
  const { user, exec, tokenFile } = chosen.user();
  // The proxy is dialled by ourselves: the library's agents are not used.
  const { proxyUrl, ...cluster } = chosen.cluster;
  const made = (login: Login) => ({ login, ...(proxyUrl === undefined ? {} : { proxyUrl }) });
  // A token beside a file or a command would win over them.
  const { token: _, ...rest } = user;
  if (exec !== undefined) {
    const timeout = options.execTimeoutMs === undefined ? {} : { timeoutMs: options.execTimeoutMs };
    const plugin = new ExecPlugin(exec, { folder: place.folder, cluster: chosen.info, ...timeout });
    const advice = `check whom the kubeconfig's command ${oneLine(exec.command, 60)} logs in as`;
    const byCommand = { ...rest, authProvider: { name: execProvider } };
    return made(new OperatorsLogin(cluster, byCommand, advice, plugin));
  }
  if (tokenFile !== undefined) {
    const advice = `check the token in ${tokenFile}`;
    return made(new OperatorsLogin(cluster, { ...rest, ...tokenUser(tokenFile) }, advice));
  }
  const advice = `check the user ${oneLine(user.name, 60)} in the kubeconfig`;
  return made(new OperatorsLogin(cluster, user, advice));
}

function inCluster(root: string): Login {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env;
  if (!host || !port) {
    const message =
      'inCluster: this is no pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set; give a kubeconfig';
    throw new PlatformError(message, { transient: false });
  }
  const name = 'in-cluster';
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const cluster = { name, server, caFile: `${root}${accountFolder}/ca.crt`, skipTLSVerify: false };
  const user = tokenUser(`${root}${accountFolder}/token`);
  return new OperatorsLogin(cluster, user, "check the pod's service account and that its token is mounted");
}

/** The library reads the file again every minute. */
function tokenUser(tokenFile: string): User {
  return { name: 'token', authProvider: { name: 'tokenFile', config: { tokenFile } } };
}

function show({ token, client }: ExecCredential, options: RequestOptions): void {
  if (token !== undefined) options.headers = { ...options.headers, Authorization: `Bearer ${token}` };
  Object.assign(options, client);
}
