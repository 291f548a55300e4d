/** The add-ons on offer. Names, display names, conflicts and dependencies from GO3; versions and texts are ours. */

/** What an install sends back again. */
export interface CatalogEntry {
  name: string;
  namespace?: string;
  displayName: string;
  description: string;
  url: string;
  overrides?: string;
  overrideFiles?: string[];
  conflicts?: string[];
  /** What may be installed after it, by name. That an entry brings its dependencies along like this is assumed. */
  dependencies?: Record<string, CatalogEntry>;
}

/** The version of every chart. Assumed. */
export const chartVersion = '6.1.0';

const istioCr = entry('ccp-istio-cr', 'Istio', 'Service mesh');
const harborCr = entry('ccp-harbor-cr', 'Harbor', 'Image registry');

/** By the keys of the platform's answer. */
export const catalog: Readonly<Record<string, CatalogEntry>> = {
  '_ccp-monitor': entry('ccp-monitor', 'Monitoring', 'Metrics and graphs'),
  '_ccp-efk': entry('ccp-efk', 'Logging', 'Collected logs and their search'),
  '_ccp-kubernetes-dashboard': {
    ...entry('kubernetes-dashboard', 'Dashboard', 'A page for the cluster'),
    overrideFiles: ['/opt/ccp/charts/kubernetes-dashboard.yaml'],
  },
  '_ccp-istio-operator': {
    ...entry('ccp-istio-operator', 'Istio Operator', 'Operator of the service mesh'),
    conflicts: ['ccp-kubeflow', 'ccp-harbor-operator'],
    dependencies: { 'ccp-istio-cr': istioCr },
  },
  '_ccp-harbor-operator': {
    ...entry('ccp-harbor-operator', 'Harbor Operator', 'Operator of the image registry'),
    conflicts: ['ccp-istio-operator'],
    dependencies: { 'ccp-harbor-cr': harborCr },
  },
  '_ccp-kubeflow': {
    ...entry('ccp-kubeflow', 'Kubeflow', 'Machine learning'),
    // That it conflicts with what conflicts with it is assumed.
    conflicts: ['ccp-istio-operator'],
    overrides: '',
  },
  '_ccp-hxcsi': withoutNamespace(entry('ccp-hxcsi', 'HyperFlex CSI', 'Storage of the HyperFlex system')),
};

/** Everything that can be installed, by name, with the operator that has to be there first. */
export const installable: ReadonlyMap<string, { entry: CatalogEntry; operator?: string }> = new Map(
  Object.values(catalog).flatMap(one => [
    [one.name, { entry: one }],
    ...Object.values(one.dependencies ?? {}).map(
      (part): [string, { entry: CatalogEntry; operator: string }] => [
        part.name,
        { entry: part, operator: one.name },
      ],
    ),
  ]),
);

/** The url is a path on the platform itself (GO3). */
function entry(name: string, displayName: string, description: string): CatalogEntry {
  const url = `/opt/ccp/charts/${name}-${chartVersion}.tgz`;
  return { name, namespace: 'ccp', displayName, description, url };
}

function withoutNamespace({ namespace: _, ...rest }: CatalogEntry): CatalogEntry {
  return rest;
}
