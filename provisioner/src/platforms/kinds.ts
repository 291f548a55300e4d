/**
 * Which platforms there are, as settings: one line each in the schema, in the tables and in the switches adds another.
 * Their drivers are in make.ts, apart from this: who only reads settings does not wait for the libraries of drivers.
 */
import { z } from 'zod';
import type { Template } from '../common/platform.ts';
import type { SettingsFiles } from '../common/settings-files.ts';
import { type CcpConfig, ccpConfig, ccpSchema, ccpTemplateSchema } from './ccp/settings.ts';
import { addOnProblem as ccpAddOnProblem, rangeProblem as ccpRangeProblem } from './ccp/template.ts';
import { readTemplate } from './cluster-api/check.ts';
import { type ClusterApiConfig, clusterApiConfig, clusterApiSchema } from './cluster-api/settings.ts';
import {
  addOnProblem as clusterApiAddOnProblem,
  rangeProblem as clusterApiRangeProblem,
  clusterApiTemplateSchema,
} from './cluster-api/template.ts';

/** `platforms.<name>` as it stands in the settings file. */
export const platformSchema = z.discriminatedUnion('type', [ccpSchema, clusterApiSchema]);
export type PlatformSettings = z.infer<typeof platformSchema>;

/** `profiles.<name>.template`, by the platform's type. */
export const templateSchemas: Record<string, z.ZodType<Record<string, unknown>>> = {
  ccp: ccpTemplateSchema,
  'cluster-api': clusterApiTemplateSchema,
};

/** Why a range of this length does not do for this template, or undefined; by the platform's type. */
export const rangeProblem: Record<string, (template: Template, prefix: number) => string | undefined> = {
  ccp: ccpRangeProblem,
  'cluster-api': clusterApiRangeProblem,
};

/** Why clusters of this template cannot have these add-ons, or undefined; by the platform's type. */
export const addOnProblem: Record<
  string,
  (template: Template, names: readonly string[]) => string | undefined
> = {
  ccp: ccpAddOnProblem,
  'cluster-api': clusterApiAddOnProblem,
};

/** Settings with their secrets and files read. */
export type PlatformConfig = CcpConfig | ClusterApiConfig;

/**
 * Reads the files that a platform's settings name; what is wrong goes to `files`.
 * @param at where they stand, for example `platforms.lab`.
 */
export function platformConfig(settings: PlatformSettings, at: string, files: SettingsFiles): PlatformConfig {
  switch (settings.type) {
    case 'ccp':
      return ccpConfig(settings, at, files);
    case 'cluster-api':
      return clusterApiConfig(settings, at, files);
  }
}

/**
 * Reads the files that a template names, if it names any; what is wrong goes to `files`.
 * @param at where it stands, for example `profiles.house.template`.
 * @param range any range that one of its clusters may get, as a CIDR.
 */
export function templateConfig(
  template: Template,
  platform: PlatformSettings,
  at: string,
  range: string,
  files: SettingsFiles,
): Template {
  switch (platform.type) {
    case 'ccp':
      return template;
    case 'cluster-api':
      return readTemplate(template, at, files, platform.namespace, range);
  }
}
