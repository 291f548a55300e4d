/**
 * Which platforms there are: one line in the list and one in the schema add another. What the doctor looks at is in
 * cli/doctor/kinds.ts, where the type checker asks for it. Drivers are loaded when there is a platform: who only reads settings does
 * not wait for their libraries.
 */
import { z } from 'zod';
import type { Logger } from '../../../config/src/log.ts';
import type { Platform } from '../common/platform.ts';
import { ccpKind } from './ccp/kind.ts';
import { clusterApiKind } from './cluster-api/kind.ts';
import type { PlatformKind } from './kind.ts';
import { scriptKind } from './script/kind.ts';

const kinds = { ccp: ccpKind, 'cluster-api': clusterApiKind, script: scriptKind } as const;

/** `platforms.<name>` as it stands in the settings file. */
export const platformSchema = z.discriminatedUnion('type', [
  kinds.ccp.schema,
  kinds['cluster-api'].schema,
  kinds.script.schema,
]);

export type PlatformType = keyof typeof kinds;
export type PlatformSettings = z.infer<typeof platformSchema>;

/** Settings with their secrets and files read. */
export type PlatformConfig = ReturnType<(typeof kinds)[PlatformType]['config']>;

/** Of settings or a configuration, or by the name of a type that may be none. */
export function kindOf(type: PlatformType): PlatformKind<PlatformSettings, PlatformConfig>;
export function kindOf(type: unknown): PlatformKind<PlatformSettings, PlatformConfig> | undefined;
export function kindOf(type: unknown): PlatformKind<PlatformSettings, PlatformConfig> | undefined {
  const all: Readonly<Record<string, PlatformKind<PlatformSettings, PlatformConfig>>> = kinds;
  return typeof type === 'string' && Object.hasOwn(all, type) ? all[type] : undefined;
}

/** @throws as {@link PlatformKind.make}. */
export function makePlatform(config: PlatformConfig, log?: Logger): Promise<Platform> {
  return kindOf(config.type).make(config, log);
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
