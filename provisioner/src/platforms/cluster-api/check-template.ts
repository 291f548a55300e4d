/** What a template names and the management cluster does not have, or would refuse: reads, and writes that do nothing. */

import { oneLine } from '../../common/line.ts';
import { isRefusal, type Missing, missingLine, PlatformError } from '../../common/platform.ts';
import type { Kube } from '../../kubernetes/kube.ts';
import { clusterGroup, type KubeObject } from '../../kubernetes/objects.ts';
import { secretPath } from './access.ts';
import { render } from './render.ts';
import { type ClusterApiTemplate, isTopology, type TopologyTemplate } from './template.ts';

/** Names told instead of a missing one: enough to see the slip of the pen. */
const maxNamesTold = 6;

/** One line, in characters: what the API server says about a field is long. */
const maxLineLength = 300;

/**
 * A press that nobody makes: no button has this name and no press this number. Applied with `dryRun`, so that the API
 * server and Cluster API's own webhooks say what they would say.
 */
const sample = { name: 'dashbutton-check-0', range: '10.0.0.0/18', description: 'a check, never applied' };

/** No object has it: nothing could be removed with it, even if the server did not know `dryRun`. */
const nobodysUid = '00000000-0000-0000-0000-000000000000';

type Loose = Record<string, unknown>;

/**
 * Each thing once.
 * @throws PlatformError when the management cluster cannot be asked.
 */
export async function missingOf(
  template: ClusterApiTemplate,
  kube: Kube,
  namespace: string,
  signal: AbortSignal,
): Promise<Missing[]> {
  const version = await kube.version(signal);
  const objects = render(template, sample, namespace, version);
  let ofIt: Missing[] = [];
  // Who may not look at classes is told so, and what else he may not.
  const missing = await refusal(async () => {
    if (isTopology(template)) ofIt = await ofClass(template, kube, namespace, signal);
  });
  if (ofIt.length > 0) {
    // In a namespace that is not there is no class either.
    const [why] = await tried(objects[0], kube, namespace, signal);
    return why?.code === 'namespace' ? [why] : ofIt;
  }
  for (const object of objects) {
    const [why] = await tried(object, kube, namespace, signal);
    // The others would say the same.
    if (why?.code === 'namespace') return [why];
    if (why !== undefined) missing.push(why);
  }
  const own = await kube.kindPath(objects[0].apiVersion, 'Cluster', namespace, sample.name, signal);
  missing.push(...(await refusal(() => kube.remove(own, { uid: nobodysUid }, signal, { dryRun: true }))));
  // The press reads this Secret at its very end: better told now.
  missing.push(...(await refusal(() => kube.get(secretPath(namespace, sample.name), signal))));
  return [...new Map(missing.map(each => [missingLine(each), each])).values()];
}

async function tried(object: KubeObject, kube: Kube, namespace: string, signal: AbortSignal) {
  const { apiVersion, kind, metadata } = object;
  return refusal(async () => {
    const path = await kube.kindPath(apiVersion, kind, namespace, metadata.name, signal);
    if (!path.includes('/namespaces/')) throw clusterWide(kind);
    // A press looks before it applies.
    await kube.get(path, signal);
    await kube.apply(path, object, signal, { dryRun: true });
  });
}

/** What is the same for all clusters cannot belong to one, and would stay when that is gone. */
export function clusterWide(kind: string): PlatformError {
  const message = `${kind} stands in no namespace: make it once by hand`;
  return new PlatformError(message, { transient: false });
}

/** Why it was refused; empty when it went well. @throws what is no refusal. */
export async function refusal(work: () => Promise<unknown>): Promise<Missing[]> {
  try {
    await work();
    return [];
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const { message, code, namespace } = error as PlatformError;
    // A webhook of somebody's: nothing is known.
    if (code === 'dry-run') return [];
    return [{ setting: '', found: cut(message), code, namespace }];
  }
}

async function ofClass(template: TopologyTemplate, kube: Kube, namespace: string, signal: AbortSignal) {
  const { class: name, classNamespace = namespace, workers = [], version, variables = {} } = template;
  const group = `${clusterGroup}/${await kube.version(signal)}`;
  const path = await kube.kindPath(group, 'ClusterClass', classNamespace, name, signal);
  const found = await kube.get(path, signal);
  if (found === undefined) {
    const list = await kube.list(path.slice(0, path.lastIndexOf('/')), signal);
    // A namespace that is not there cannot be told from an empty one: named, a slip of the pen is seen.
    const where = classNamespace === namespace ? '' : ` in namespace ${classNamespace}`;
    return [
      absent(
        'class',
        `${name}${where}`,
        list.items.map(({ metadata }) => metadata.name),
      ),
    ];
  }
  const versions = listAt(found.spec, 'kubernetesVersions').filter(it => typeof it === 'string');
  return [
    ...(versions.length === 0 || versions.includes(version) ? [] : [absent('version', version, versions)]),
    ...workerLines(workers, found),
    ...variableLines(variables, found),
  ];
}

function workerLines(workers: readonly { class: string }[], { spec }: KubeObject): Missing[] {
  const groups = objectsIn((spec?.workers as Loose | undefined)?.machineDeployments);
  const classes = groups.map(group => String(group.class));
  return workers.flatMap(({ class: wanted }, i) =>
    classes.includes(wanted) ? [] : [absent(`workers.${i}.class`, wanted, classes)],
  );
}

/** The status has those of external patches too, but not at once. */
function variableLines(given: Readonly<Loose>, { spec, status }: KubeObject): Missing[] {
  const known = new Map<string, boolean>();
  for (const variable of [...objectsIn(status?.variables), ...objectsIn(spec?.variables)]) {
    const definitions = [variable, ...objectsIn(variable.definitions)];
    const needed = definitions.some(it => it.required === true && defaultOf(it) === undefined);
    const name = String(variable.name);
    known.set(name, (known.get(name) ?? false) || needed);
  }
  const unknown = Object.keys(given).filter(name => !known.has(name));
  const open = [...known].filter(([name, needed]) => needed && given[name] === undefined);
  return [
    ...unknown.map(name => absent(`variables.${name}`, 'such variable', [...known.keys()])),
    ...open.map(([name]) => ({ setting: `variables.${name}`, found: 'the class requires it' })),
  ];
}

function defaultOf({ schema }: Loose): unknown {
  return ((schema as Loose | undefined)?.openAPIV3Schema as Loose | undefined)?.default;
}

function absent(setting: string, wanted: string, there: readonly string[]): Missing {
  const more = there.length > maxNamesTold ? ` and ${there.length - maxNamesTold} more` : '';
  const names = there.length === 0 ? 'none' : `${there.slice(0, maxNamesTold).join(', ')}${more}`;
  return { setting, found: cut(`there is no ${wanted}`), there: cut(names) };
}

function listAt(record: Loose | undefined, key: string): unknown[] {
  const value = record?.[key];
  return Array.isArray(value) ? value : [];
}

function objectsIn(value: unknown): Loose[] {
  return Array.isArray(value) ? value.filter(it => typeof it === 'object' && it !== null) : [];
}

function cut(line: string): string {
  return oneLine(line, maxLineLength);
}
