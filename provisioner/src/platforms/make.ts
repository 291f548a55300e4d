/** Which platforms there are: one line each in the schema and in the switch adds another. */
import { z } from 'zod';
import { CcpPlatform } from './ccp/ccp.ts';
import { type CcpConfig, ccpSchema, ccpTemplateSchema } from './ccp/settings.ts';
import { addOnProblem as ccpAddOnProblem, rangeProblem as ccpRangeProblem } from './ccp/template.ts';
import type { Platform, Template } from './platform.ts';

/** `platforms.<name>` as it stands in the settings file. */
export const platformSchema = z.discriminatedUnion('type', [ccpSchema]);

/** `profiles.<name>.template`, by the platform's type. */
export const templateSchemas: Record<string, z.ZodType<Record<string, unknown>>> = { ccp: ccpTemplateSchema };

/** Why a range of this length does not do for this template, or undefined; by the platform's type. */
export const rangeProblem: Record<string, (template: Template, prefix: number) => string | undefined> = {
  ccp: ccpRangeProblem,
};

/** Why clusters of this template cannot have these add-ons, or undefined; by the platform's type. */
export const addOnProblem: Record<
  string,
  (template: Template, names: readonly string[]) => string | undefined
> = {
  ccp: ccpAddOnProblem,
};

/** Settings with their secrets and files read. */
export type PlatformConfig = CcpConfig;

export function makePlatform(config: PlatformConfig): Platform {
  switch (config.type) {
    case 'ccp':
      return new CcpPlatform(config);
  }
}
