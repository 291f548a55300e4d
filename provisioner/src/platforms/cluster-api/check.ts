/** Reads the manifests of a template and renders them once, so that a bad one is named before any press. */
import { listed } from '../../../../config/src/setup-error.ts';
import { maxPressNumber } from '../../../../protocol/src/messages.ts';
import { maxNameLength } from '../../../../protocol/src/topics.ts';
import type { Template } from '../../common/platform.ts';
import type { SettingsFiles } from '../../common/settings-files.ts';
import { type Manifest, readManifests, titleOf } from '../../kubernetes/manifests.ts';
import type { KubeObject } from '../../kubernetes/objects.ts';
import { placeholdersIn } from '../../kubernetes/placeholders.ts';
import { isCluster, type Order, placeholders, render, settingFor, valuesOf } from './render.ts';
import { isTopology, type ManifestsTemplate, templateOf } from './template.ts';

/** Names stand in labels of Cluster API's own, which are no longer than this (characters). */
const maxObjectName = 63;

/** What only the server writes, or only we. */
const notOurs = ['uid', 'resourceVersion', 'creationTimestamp', 'generation', 'ownerReferences'] as const;

/** The longest name that a cluster may get, so that what is made of it is not too long for anybody. */
export const longestName = `${'a'.repeat(maxNameLength)}-${maxPressNumber}`;

/**
 * The template with its manifests read and checked; what is wrong goes to `files`.
 * @param at where it stands in the settings, for example `profiles.cloud.template`.
 * @param range any range of the profile's pool.
 */
export function readTemplate(
  template: Template,
  at: string,
  files: SettingsFiles,
  namespace: string,
  range: string,
): Template {
  const { manifests } = template;
  if (!Array.isArray(manifests)) return template;
  const order = { name: longestName, range, description: '' };
  const read = manifests.map((file: string) => {
    return files.collect<Manifest[]>(
      () => {
        const path = files.path(file);
        const objects = readManifests(path, `${at}.manifests`, placeholders);
        const known = { ...(template as unknown as ManifestsTemplate), manifests: objects };
        complain(`${at}.manifests ${path}`, problemsOf(known, order, namespace), path);
        return objects;
      },
      [],
      `${at}.manifests`,
    );
  });
  const whole = { ...template, manifests: read.flat() };
  // A file with problems of its own gave nothing: what is missing then is not missing.
  if (read.every(objects => objects.length > 0)) {
    const setting = `${at}.manifests`;
    files.collect(() => complain(setting, setProblems(whole.manifests)), undefined, setting);
  }
  return whole;
}

function complain(source: string, problems: readonly string[], file?: string): undefined {
  if (problems.length === 0) return;
  const about = problems.map(found => ({ found, ...(file === undefined ? {} : { file }) }));
  throw listed(source, problems, about);
}

/** What is wrong with the objects of one file, one line each. */
export function problemsOf(template: ManifestsTemplate, order: Order, namespace: string): string[] {
  const values = valuesOf(template, order, namespace);
  const open = placeholdersIn(template.manifests).filter(name => !Object.hasOwn(values, name));
  if (open.length > 0)
    return open.map(name => `${written(name)}: the template has no ${settingFor[name]} for it`);
  return template.manifests.flatMap(manifest => {
    // Alone, so that a file without the Cluster can be looked at too.
    const [object] = rendered(manifest, template, order, namespace);
    return object === undefined
      ? []
      : objectProblems(object, manifest, order, namespace).map(problem => `${titleOf(manifest)}: ${problem}`);
  });
}

function rendered(
  manifest: Manifest,
  template: ManifestsTemplate,
  order: Order,
  namespace: string,
): KubeObject[] {
  const cluster = { apiVersion: 'cluster.x-k8s.io/v1beta2', kind: 'Cluster', metadata: { name: 'x' } };
  const manifests = isCluster(manifest) ? [manifest] : [cluster, manifest];
  return render({ ...template, manifests }, order, namespace, 'v1beta2').slice(isCluster(manifest) ? 0 : 1);
}

function objectProblems(object: KubeObject, manifest: Manifest, order: Order, namespace: string): string[] {
  const { kind, apiVersion, metadata } = object;
  const said = manifest.metadata.namespace;
  const problems: string[] = [];
  if (kind === 'Secret' && apiVersion === 'v1') {
    problems.push('a Secret does not belong into a file of settings: make it once by hand and name it here');
  }
  if (said !== undefined && said !== written('NAMESPACE') && said !== namespace) {
    problems.push(`metadata.namespace: expected ${written('NAMESPACE')}, which is ${namespace} (or nothing)`);
  }
  if (isCluster(object) && metadata.name !== order.name) {
    problems.push(`metadata.name: expected ${written('CLUSTER_NAME')}`);
  } else if (!metadata.name.includes(order.name)) {
    problems.push(
      `metadata.name: expected ${written('CLUSTER_NAME')} in it, so that every cluster has its own`,
    );
  } else if (metadata.name.length > maxObjectName) {
    const over = metadata.name.length - maxObjectName;
    problems.push(`metadata.name: ${over} characters too long with the longest name of a cluster`);
  }
  for (const field of notOurs) {
    if (manifest.metadata[field] !== undefined) problems.push(`metadata.${field}: take it out`);
  }
  if (manifest.status !== undefined) problems.push('status: take it out');
  if (isCluster(object) && podsOf(object) !== order.range) {
    problems.push(`spec.clusterNetwork.pods.cidrBlocks: expected ["${written('POD_RANGE')}"]`);
  }
  return problems;
}

/** A placeholder as it stands in a file. */
function written(name: string): string {
  return `\${${name}}`;
}

/** The one block of the pods, or nothing when there are none or several. */
function podsOf({ spec }: KubeObject): unknown {
  const network = spec?.clusterNetwork as { pods?: { cidrBlocks?: unknown } } | null | undefined;
  const blocks = network?.pods?.cidrBlocks;
  return Array.isArray(blocks) && blocks.length === 1 ? blocks[0] : undefined;
}

/** What is wrong with all files together. */
function setProblems(manifests: readonly Manifest[]): string[] {
  const clusters = manifests.filter(isCluster).length;
  const titles = manifests.map(manifest => `${manifest.apiVersion} ${titleOf(manifest)}`);
  const twice = manifests.filter((_, i) => titles.indexOf(titles[i] ?? '') < i);
  return [
    ...(clusters === 1
      ? []
      : [`expected exactly one Cluster of cluster.x-k8s.io in all files, found ${clusters || 'none'}`]),
    ...twice.map(manifest => `${titleOf(manifest)} is there twice`),
  ];
}

/** True when the manifests have been read: a template as it stands in the file names files instead. */
export function isRead(template: Template): boolean {
  const known = templateOf(template);
  return isTopology(known) || known.manifests.every(manifest => typeof manifest === 'object');
}
