/**
 * The template of a cluster: the topology of a ClusterClass, or manifests of one's own with a few placeholders. Which
 * of the two is said by the setting that chooses: `class` or `manifests`.
 */
import { z } from 'zod';
import type { Template } from '../../common/platform.ts';
import type { Manifest } from '../../kubernetes/manifests.ts';

const text = z.string('expected a text').min(1, 'expected a text');
const label = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'expected 1 to 63 of a-z, 0-9 and inner -');

/** More is a mistake of the keyboard. */
const replicas = z.int().min(0).max(1000);
/** etcd wants a majority: an even number is no safer than one less. */
const controlPlaneReplicas = z.literal([1, 3, 5, 7], 'expected 1, 3, 5 or 7');

/** Semantic versioning 2.0: numbers without leading zeros, then words after a hyphen, then words after a plus. */
const number = '(0|[1-9]\\d*)';
const word = `(${number}|\\d*[A-Za-z-][0-9A-Za-z-]*)`;
const semver = `${number}\\.${number}\\.${number}(-${word}(\\.${word})*)?(\\+[0-9A-Za-z-]+(\\.[0-9A-Za-z-]+)*)?`;
/** As Cluster API's controllers read it, and stop at anything else. */
const version = z
  .string()
  .regex(new RegExp(`^v${semver}$`), 'expected a version like v1.31.2')
  .describe('Of Kubernetes: strict semantic versioning with a v.');

const network = {
  services: z
    .cidrv4('expected a network like 10.96.0.0/12')
    .describe(
      'Addresses of services within the cluster: nobody outside sees them, so all clusters may have the same. Default: what the controllers give.',
    )
    .exactOptional(),
};

const common = {
  ...network,
  readyWhen: z
    .enum(['nodes', 'controlPlane'])
    .describe(
      "nodes: when as many machines are Ready as are wanted. controlPlane: as soon as the control plane takes requests; for clusters whose network plug-in comes with the profile's own manifests, which are applied after that: without it no node is ever Ready. Default: nodes.",
    )
    .exactOptional(),
};

const topologySchema = z.strictObject({
  ...common,
  class: text.describe('Name of the ClusterClass.'),
  classNamespace: label.describe("Where it is. Default: the platform's namespace.").exactOptional(),
  version,
  controlPlane: z
    .strictObject({
      replicas: controlPlaneReplicas
        .describe("Machines: 1, 3, 5 or 7. Default: the class's.")
        .exactOptional(),
    })
    .describe('Left out for a control plane that is managed by a cloud.')
    .exactOptional(),
  workers: z
    .array(
      z.strictObject({
        class: text.describe('Name of a class of workers in the ClusterClass.'),
        name: label.describe('Of this group, once in the cluster.'),
        replicas: replicas.describe("Machines. Default: the class's, or an autoscaler's.").exactOptional(),
      }),
    )
    .max(20)
    .describe('Groups of workers. Default: none.')
    .exactOptional(),
  variables: z.record(z.string(), z.unknown()).describe("The class's variables, by name.").exactOptional(),
  serviceDomain: text.describe('DNS domain of services. Default: cluster.local.').exactOptional(),
});

const manifestsSchema = z.strictObject({
  ...common,
  manifests: z
    .array(text)
    .min(1)
    .max(20)
    .describe('Files with the objects of one cluster and placeholders: see docs/cluster-api.md.'),
  version,
  controlPlaneReplicas: controlPlaneReplicas.describe('For the placeholder of that meaning.').exactOptional(),
  workerReplicas: replicas.describe('For the placeholder of that meaning.').exactOptional(),
});

export type TopologyTemplate = z.infer<typeof topologySchema>;

/** The same with the files read; the objects still have their placeholders. */
export type ManifestsTemplate = Omit<z.infer<typeof manifestsSchema>, 'manifests'> & {
  manifests: readonly Manifest[];
};

export type ClusterApiTemplate = TopologyTemplate | ManifestsTemplate;

/** The two, for the reference page. */
export const clusterApiTemplateForms = { topology: topologySchema, manifests: manifestsSchema };

/** As the settings have it. Tells the problems of the one kind that was meant. */
export const clusterApiTemplateSchema = z.looseObject({}).superRefine((value, context) => {
  const say = (message: string, path: PropertyKey[]) =>
    context.addIssue({ code: 'custom', message, path: [...path] });
  const meant = ['class', 'manifests'].filter(key => value[key] !== undefined);
  if (meant.length !== 1) {
    say('expected either class (a topology) or manifests (files)', []);
    return;
  }
  const checked = (meant[0] === 'class' ? topologySchema : manifestsSchema).safeParse(value);
  for (const issue of checked.error?.issues ?? []) {
    if (issue.code !== 'unrecognized_keys') say(issue.message, issue.path);
    else for (const key of issue.keys) say(strange(key), [...issue.path, key]);
  }
  if (meant[0] !== 'class' || !Array.isArray(value.workers)) return;
  const names = value.workers.map(worker => worker?.name);
  const twice = names.findIndex((name, i) => name !== undefined && names.indexOf(name) !== i);
  if (twice >= 0) say('is there twice', ['workers', twice, 'name']);
});

/** Settings of the press, or of the other kind of template, are known by name. */
function strange(key: string): string {
  if (key === 'name') return 'comes from the press: leave it out';
  if (key === 'pods') return 'comes from the press (rangePool): leave it out';
  return 'there is no such setting';
}

/** The schema has seen it, and the files have been read. */
export function isTopology(template: ClusterApiTemplate): template is TopologyTemplate {
  return 'class' in template;
}

/** A template that went through the settings. */
export function templateOf(template: Template): ClusterApiTemplate {
  return template as unknown as ClusterApiTemplate;
}

/** How many machines it orders; undefined where the template does not say. */
export function machinesOf(template: ClusterApiTemplate): { controlPlane?: number; workers?: number } {
  if (!isTopology(template)) {
    const { controlPlaneReplicas: controlPlane, workerReplicas: workers } = template;
    return {
      ...(controlPlane === undefined ? {} : { controlPlane }),
      ...(workers === undefined ? {} : { workers }),
    };
  }
  const controlPlane = template.controlPlane?.replicas;
  // A worker group without a number has the one of its class or of an autoscaler.
  const workers = (template.workers ?? []).reduce((sum, group) => sum + (group.replicas ?? 1), 0);
  return { ...(controlPlane === undefined ? {} : { controlPlane }), workers };
}

/** The controllers give each node a /24 of the pods' range unless told otherwise: kubeadm refuses a smaller range. */
const maxPodPrefix = 24;

/** @param prefix of the pods' range of one cluster. */
export function rangeProblem(template: Template, prefix: number): string | undefined {
  const { controlPlane = 1, workers = 0 } = machinesOf(templateOf(template));
  const machines = Math.max(1, controlPlane + workers);
  const most = maxPodPrefix - Math.ceil(Math.log2(machines));
  if (prefix <= most) return undefined;
  const each = 'each node takes a /24 of it for its pods';
  return machines === 1
    ? `expected at most ${most}: ${each}`
    : `expected at most ${most}: ${each}, and the template orders ${machines} machines`;
}

export function addOnProblem(_template: Template, names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined;
  return 'a platform of type cluster-api has none: put them into the manifests of the profile';
}
