/**
 * The template of a cluster: a create payload of the platform, whose `type` says of which API generation. What we
 * need is checked; the long tail goes through as it is, because the platform checks it itself.
 */
import { z } from 'zod';
import type { Template } from '../../common/platform.ts';
import { isObject } from './answer-text.ts';
import { nodesOf as nodesOfV2 } from './v2/cluster.ts';
import { type V2Template, v2TemplateSchema } from './v2/template.ts';
import { problemOfAddOns } from './v3/addons.ts';
import { nodesOf as nodesOfV3 } from './v3/cluster.ts';
import { eksTemplateSchema, type VsphereTemplate, vsphereTemplateSchema } from './v3/template.ts';
import { maxVpcPrefix, minVpcPrefix } from './v3/vpc.ts';

export const ccpTemplateSchema = z.discriminatedUnion(
  'type',
  [v2TemplateSchema, vsphereTemplateSchema, eksTemplateSchema],
  { error: 'expected 1 (vSphere through API v2), vsphere or eks (API v3)' },
);

export type Generation = 'v2' | 'v3';

/** Which API builds it: v2's `type` is a number, v3's a word (`ccp-api`, 3.1, 4.1, 4.3). */
export function generationOf(template: Template): Generation {
  return typeof template.type === 'string' ? 'v3' : 'v2';
}

/**
 * Why ranges of this length do not do for this template: one line for the profile's `rangePrefix`, or undefined.
 * @param prefix of the range of one cluster, 0 to 32.
 */
export function rangeProblem(template: Template, prefix: number): string | undefined {
  if (template.type !== 'eks') return tooSmall(template, prefix);
  if (prefix >= minVpcPrefix && prefix <= maxVpcPrefix) return undefined;
  return `expected ${minVpcPrefix} to ${maxVpcPrefix}: on EKS the range becomes a VPC (/16 or less) and is cut into 8 subnets (/28 or more)`;
}

/** The pods of the system alone are about so many on each node; ACI gives each node one address, beside the network's own three. */
const podsOfNode = 8;
const ownAddresses = 3;

function tooSmall(template: Template, prefix: number): string | undefined {
  const machines = machinesOf(template);
  const isAci = pluginOf(template) === 'contiv-aci';
  const needed = isAci ? machines + ownAddresses : machines * podsOfNode;
  const most = 32 - Math.ceil(Math.log2(needed));
  if (prefix <= most) return undefined;
  const why = isAci
    ? 'each has an address in it'
    : `each needs ${podsOfNode} addresses of it at least, for the pods of the system`;
  return `expected at most ${most}: the template orders ${machines} machines, and ${why}`;
}

function machinesOf(template: Template): number {
  return generationOf(template) === 'v2'
    ? nodesOfV2(template as V2Template)
    : nodesOfV3(template as VsphereTemplate);
}

function pluginOf({ network_plugin, network_plugin_profile }: Template): unknown {
  const plugin = network_plugin ?? network_plugin_profile;
  return isObject(plugin) ? plugin.name : undefined;
}

/**
 * Why this template cannot have these add-ons: one line for the profile's `addOns`, or undefined.
 * @param names the platform's, or as people say them: monitoring, logging …
 */
export function addOnProblem(template: Template, names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined;
  if (template.type !== 'vsphere') return 'only clusters of type vsphere (API v3) have add-ons: leave it out';
  return problemOfAddOns(names);
}
