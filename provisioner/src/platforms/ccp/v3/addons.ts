/** Add-ons of v3 (`ccp-api`, section 4.5): names as people say them, and which exclude each other. Pure. */
import { isObject, textAt } from '../answer-text.ts';

/** By the name people say: the names of its parts in the catalog, in the order of their installation. */
const known = {
  monitoring: ['ccp-monitor'],
  logging: ['ccp-efk'],
  dashboard: ['kubernetes-dashboard'],
  istio: ['ccp-istio-operator', 'ccp-istio-cr'],
  harbor: ['ccp-harbor-operator', 'ccp-harbor-cr'],
  kubeflow: ['ccp-kubeflow'],
  hxcsi: ['ccp-hxcsi'],
} as const;

export type AddOnName = keyof typeof known;

/** All that there are, as people say them. */
export const knownAddOns = Object.keys(known) as AddOnName[];

/** Pairs that the catalog's `conflicts` name. */
const conflicts: readonly (readonly [AddOnName, AddOnName])[] = [
  ['istio', 'kubeflow'],
  ['istio', 'harbor'],
];

/** The add-on that is meant: its name, the catalog's, or the catalog's key. Undefined for a strange one. */
export function addOnNamed(name: string): AddOnName | undefined {
  return knownAddOns.find(each => each === name || chartsOf(each).some(chart => bare(chart) === bare(name)));
}

/** Keys of the catalog have `_ccp-` in front, names mostly `ccp-`. */
function bare(name: string): string {
  return name.replace(/^_?(ccp-)?/, '');
}

/** What is wrong with these names, in one line, or undefined. */
export function problemOfAddOns(names: readonly string[]): string | undefined {
  const strange = names.find(name => addOnNamed(name) === undefined);
  if (strange !== undefined) return `there is no add-on ${strange}; there is ${knownAddOns.join(', ')}`;
  const wanted = names.map(addOnNamed);
  const clash = conflicts.find(pair => pair.every(name => wanted.includes(name)));
  return clash && `${clash.join(' and ')} exclude each other: leave one out`;
}

/** The names of an add-on's parts in the catalog, in the order of their installation. */
export function chartsOf(name: AddOnName): readonly string[] {
  return known[name];
}

/** What is installed or being installed, and how that stands. */
export interface Installed {
  state: 'under way' | 'done' | 'failed';
  /** The platform's words; may be empty. */
  words: string;
}

/** Items of the list of installed add-ons by name. Strange ones are left out. */
export function installedOf(items: readonly unknown[]): Map<string, Installed> {
  const named = items.filter(isObject).filter(item => textAt(item, 'name') !== '');
  return new Map(named.map(item => [textAt(item, 'name'), stateOf(item)]));
}

/** `INSTALLED` and helm's `deployed` were seen; "error" or "fail" in either mean failed. */
function stateOf(item: Record<string, unknown>): Installed {
  const status = isObject(item.status) ? item.status : {};
  const [own, helm] = [textAt(status, 'status'), textAt(status, 'helmStatus')];
  const words = textAt(status, 'statusDetail') || own || helm;
  if (/error|fail/i.test(`${own} ${helm}`)) return { state: 'failed', words };
  const done = /^installed$/i.test(own) || (own === '' && /^deployed$/i.test(helm));
  return { state: done ? 'done' : 'under way', words };
}

/**
 * The body that installs a chart: the catalog's entry as it is, or that of a dependency inside another entry. One
 * without a namespace (HyperFlex CSI) gets the usual one. Undefined when the catalog has no such chart.
 */
export function bodyFor(catalog: unknown, chart: string): Record<string, unknown> | undefined {
  const entries = isObject(catalog) ? Object.values(catalog).filter(isObject) : [];
  const inside = entries.flatMap(({ dependencies }) =>
    isObject(dependencies) ? Object.values(dependencies).filter(isObject) : [],
  );
  const entry = [...entries, ...inside].find(each => each.name === chart);
  return entry && { namespace: 'ccp', ...entry };
}

/** Names in the entry's `conflicts` that are installed. */
export function conflictsIn(
  body: Record<string, unknown>,
  installed: ReadonlyMap<string, Installed>,
): string[] {
  const names: unknown[] = Array.isArray(body.conflicts) ? body.conflicts : [];
  return names.filter(name => typeof name === 'string').filter(name => installed.has(name));
}
