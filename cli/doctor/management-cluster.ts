/** The way to a management cluster as the driver goes it, and which setting to change where it ends. */
import type { Way as KubeWay } from '../../provisioner/src/kubernetes/credentials.ts';
import { portOf } from '../../provisioner/src/kubernetes/endpoint.ts';
import type { ClusterApiConfig } from '../../provisioner/src/platforms/cluster-api/settings.ts';
import type { SettingNames } from '../../provisioner/src/platforms/kind.ts';
import { kindOf, type PlatformConfig } from '../../provisioner/src/platforms/kinds.ts';
import { hostOf } from '../../provisioner/src/uplink/relay-url.ts';

export interface Way extends KubeWay {
  /** Of the API, without brackets. */
  host: string;
  port: number;
}

/** Runs nothing and asks nobody. @throws PlatformError or SetupError when login or proxy cannot be used. */
export async function wayTo(config: ClusterApiConfig): Promise<Way> {
  // Loaded only for those who have such a platform: the Kubernetes client takes a second.
  const login = await import('../../provisioner/src/kubernetes/login.ts');
  const way = login.wayTo(config);
  const url = new URL(way.login.server);
  return { ...way, host: hostOf(url), port: portOf(url) };
}

/** @param at for example `platforms.fleet`. */
export function settingNames(at: string, config: PlatformConfig): SettingNames {
  const { server, authority, login, proxy } = kindOf(config.type).settingNames(config);
  return {
    server: `${at}.${server}`,
    authority: `${at}.${authority}`,
    login: `${at}.${login}`,
    proxy: `${at}.${proxy}`,
  };
}
