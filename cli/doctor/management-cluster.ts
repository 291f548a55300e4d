/** The way to a management cluster as the driver goes it, and which setting to change where it ends. */
import type { Login } from '../../provisioner/src/platforms/cluster-api/login.ts';
import type { ClusterApiConfig } from '../../provisioner/src/platforms/cluster-api/settings.ts';
import type { PlatformConfig } from '../../provisioner/src/platforms/kinds.ts';
import type { ProxyAddress } from '../../provisioner/src/way/addresses.ts';
import { hostOf } from '../../provisioner/src/way/relay-url.ts';

/** Where a URL says nothing of a port (RFC 9110 section 4.2.2). */
const httpsPort = 443;

export interface Way {
  login: Login;
  /** Of the API, without brackets. */
  host: string;
  port: number;
  proxy: ProxyAddress | undefined;
}

/** Runs nothing and asks nobody. @throws PlatformError or SetupError when login or proxy cannot be used. */
export async function wayTo(config: ClusterApiConfig): Promise<Way> {
  // Loaded only for those who have such a platform: the Kubernetes client takes a second.
  const { loginFor } = await import('../../provisioner/src/platforms/cluster-api/login.ts');
  const { proxyOf } = await import('../../provisioner/src/platforms/cluster-api/connection.ts');
  const login = loginFor(config);
  const url = new URL(login.server);
  const proxy = proxyOf(config.proxy, login.proxyUrl, login.server);
  return { login, host: hostOf(url), port: Number(url.port) || httpsPort, proxy };
}

/** What part of a platform's settings names the server, its authority, the login, the proxy. */
export interface SettingNames {
  server: string;
  authority: string;
  login: string;
  proxy: string;
}

/** @param at for example `platforms.fleet`. */
export function settingNames(at: string, config: PlatformConfig): SettingNames {
  if (config.type === 'ccp') {
    const authority = 'ca' in config.trust ? 'ca' : 'fingerprint';
    return names(at, 'url', authority, 'passwordFile', 'url');
  }
  const proxy = config.proxy === undefined ? 'kubeconfig' : 'proxy';
  switch (config.access.kind) {
    case 'kubeconfig':
      return names(at, 'kubeconfig', 'kubeconfig', 'kubeconfig', proxy);
    case 'in-cluster':
      return names(at, 'inCluster', 'inCluster', 'inCluster', 'proxy');
    case 'token':
      return names(at, 'server', 'ca', 'tokenFile', 'proxy');
  }
}

function names(at: string, server: string, authority: string, login: string, proxy: string): SettingNames {
  return {
    server: `${at}.${server}`,
    authority: `${at}.${authority}`,
    login: `${at}.${login}`,
    proxy: `${at}.${proxy}`,
  };
}
