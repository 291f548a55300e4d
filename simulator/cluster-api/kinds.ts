/** The kinds of objects that the simulated management cluster serves, and its discovery documents. */

export type ApiVersion = 'v1beta1' | 'v1beta2';

/** One kind. `plural` is its place in paths; the first of `versions` is the one preferred. */
export interface Kind {
  /** Empty for the core group. */
  group: string;
  plural: string;
  kind: string;
  namespaced: boolean;
  versions: readonly string[];
  /** Comes from a CRD: has a `status` subresource and no strategic merge patch. */
  custom: boolean;
}

const capi = 'cluster.x-k8s.io';
const infrastructure = `infrastructure.${capi}`;

/** Kinds in Cluster API's own versions, by group. */
const contractKinds: Record<string, readonly string[]> = {
  [capi]: [
    'Cluster',
    'ClusterClass',
    'Machine',
    'MachineDeployment',
    'MachineHealthCheck',
    'MachinePool',
    'MachineSet',
  ],
  [`addons.${capi}`]: ['ClusterResourceSet'],
  [`bootstrap.${capi}`]: ['KubeadmConfig', 'KubeadmConfigTemplate'],
  [`controlplane.${capi}`]: ['KubeadmControlPlane', 'KubeadmControlPlaneTemplate'],
  [infrastructure]: [
    'DockerCluster',
    'DockerClusterTemplate',
    'DockerMachine',
    'DockerMachinePool',
    'DockerMachinePoolTemplate',
    'DockerMachineTemplate',
  ],
};

/** Kinds of providers whose versions go their own way: group, kinds, versions. */
const providerKinds: readonly [group: string, kinds: readonly string[], versions: readonly string[]][] = [
  [
    infrastructure,
    ['VSphereCluster', 'VSphereClusterIdentity', 'VSphereClusterTemplate', 'VSphereMachineTemplate'],
    ['v1beta1'],
  ],
  [
    infrastructure,
    ['AWSCluster', 'AWSClusterTemplate', 'AWSMachineTemplate', 'AWSManagedCluster', 'AWSManagedMachinePool'],
    ['v1beta2', 'v1beta1'],
  ],
  [`controlplane.${capi}`, ['AWSManagedControlPlane'], ['v1beta2', 'v1beta1']],
  [`bootstrap.${capi}`, ['EKSConfig', 'EKSConfigTemplate'], ['v1beta2', 'v1beta1']],
];

const coreKinds: readonly [kind: string, plural: string, namespaced: boolean][] = [
  ['ConfigMap', 'configmaps', true],
  ['Namespace', 'namespaces', false],
  ['Secret', 'secrets', true],
  ['ServiceAccount', 'serviceaccounts', true],
];

/** What a server is asked to serve. */
export interface Served {
  apiVersions: readonly ApiVersion[];
  preferredVersion: ApiVersion;
  /** Kinds whose CRD is missing. */
  without: readonly string[];
}

/** All kinds that are served. Without a version of Cluster API there is nothing but the core. */
export function kindsOf({ apiVersions, preferredVersion, without }: Served): Kind[] {
  const versions = apiVersions.toSorted(
    (a, b) => Number(b === preferredVersion) - Number(a === preferredVersion),
  );
  const contract = Object.entries(contractKinds).flatMap(([group, kinds]) =>
    kinds.map(kind => custom(group, kind, versions)),
  );
  const providers = providerKinds.flatMap(([group, kinds, own]) =>
    kinds.map(kind => custom(group, kind, own)),
  );
  const all = versions.length === 0 ? [] : [...contract, ...providers];
  return [
    ...coreKinds.map(([kind, plural, namespaced]) => ({
      group: '',
      plural,
      kind,
      namespaced,
      versions: ['v1'],
      custom: false,
    })),
    ...all.filter(({ kind }) => !without.includes(kind)),
  ];
}

function custom(group: string, kind: string, versions: readonly string[]): Kind {
  const lower = kind.toLowerCase();
  const plural =
    lower.endsWith('ss') || lower.endsWith('x')
      ? `${lower}es`
      : lower.endsWith('y')
        ? `${lower.slice(0, -1)}ies`
        : `${lower}s`;
  // A VSphereClusterIdentity is the only one of these that belongs to no namespace.
  return { group, plural, kind, namespaced: kind !== 'VSphereClusterIdentity', versions, custom: true };
}

/** `cluster.x-k8s.io/v1beta2`, or `v1` for the core. */
export function groupVersion(group: string, version: string): string {
  return group === '' ? version : `${group}/${version}`;
}

/** `clusters.cluster.x-k8s.io` */
export function fullName({ group, plural }: Kind): string {
  return group === '' ? plural : `${plural}.${group}`;
}

const verbs = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'];

/** What stands at a path of discovery; undefined when it is none, or nothing is served there. */
export function discovery(path: string, kinds: readonly Kind[]): object | undefined {
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] };
  const groups = [...new Set(kinds.map(({ group }) => group))].filter(group => group !== '');
  if (path === '/apis') {
    return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map(group => groupOf(group, kinds)) };
  }
  if (path === '/api/v1') return resources('', 'v1', kinds);
  const [, root, group = '', version, ...rest] = path.split('/');
  if (root !== 'apis' || !groups.includes(group) || rest.length > 0) return undefined;
  if (version === undefined) return { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(group, kinds) };
  return resources(group, version, kinds);
}

function groupOf(name: string, kinds: readonly Kind[]) {
  const served = new Set(kinds.filter(({ group }) => group === name).flatMap(({ versions }) => versions));
  const versions = [...served].map(version => ({ groupVersion: groupVersion(name, version), version }));
  return { name, versions, preferredVersion: versions[0] };
}

function resources(group: string, version: string, kinds: readonly Kind[]): object | undefined {
  const here = kinds.filter(kind => kind.group === group && kind.versions.includes(version));
  if (here.length === 0) return undefined;
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: groupVersion(group, version),
    resources: here.flatMap(({ plural, kind, namespaced, custom: hasStatus }) => [
      { name: plural, singularName: kind.toLowerCase(), namespaced, kind, verbs },
      ...(hasStatus
        ? [
            {
              name: `${plural}/status`,
              singularName: '',
              namespaced,
              kind,
              verbs: ['get', 'patch', 'update'],
            },
          ]
        : []),
    ]),
  };
}
