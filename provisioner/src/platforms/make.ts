/** The driver of each kind of platform (kinds.ts), loaded when there is one: `@kubernetes/client-node` is large. */
import type { Logger } from '../../../config/src/log.ts';
import type { Platform } from '../common/platform.ts';
import type { PlatformConfig } from './kinds.ts';

/**
 * @param log told of what no caller waits for, for example of a watch that broke; left out: nobody is.
 * @throws SetupError or PlatformError when what the settings name cannot or must not be used.
 */
export async function makePlatform(config: PlatformConfig, log?: Logger): Promise<Platform> {
  switch (config.type) {
    case 'ccp': {
      const { CcpPlatform } = await import('./ccp/ccp.ts');
      return new CcpPlatform(config);
    }
    case 'cluster-api': {
      const { ClusterApiPlatform } = await import('./cluster-api/cluster-api.ts');
      return new ClusterApiPlatform(config, log === undefined ? {} : { log });
    }
  }
}

/** Those of the settings, by name. @throws as {@link makePlatform}. */
export async function makePlatforms(
  configs: Readonly<Record<string, PlatformConfig>>,
  log: Logger,
): Promise<Map<string, Platform>> {
  const made = new Map<string, Platform>();
  for (const [name, config] of Object.entries(configs)) {
    made.set(name, await makePlatform(config, log.child({ platform: name })));
  }
  return made;
}
