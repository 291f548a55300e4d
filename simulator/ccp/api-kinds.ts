/** The kinds of objects that a simulated cluster knows, and how its discovery tells of them. */

/** One kind. `name` is its place in paths. */
export interface Kind {
  apiVersion: string;
  name: string;
  kind: string;
  namespaced: boolean;
}

/** Some of a real cluster's: enough for what is put into a new one. */
const table: Record<string, readonly [kind: string, name: string, scope: 'cluster' | 'namespaced'][]> = {
  v1: [
    ['ConfigMap', 'configmaps', 'namespaced'],
    ['LimitRange', 'limitranges', 'namespaced'],
    ['Namespace', 'namespaces', 'cluster'],
    ['Node', 'nodes', 'cluster'],
    ['Pod', 'pods', 'namespaced'],
    ['ResourceQuota', 'resourcequotas', 'namespaced'],
    ['Secret', 'secrets', 'namespaced'],
    ['Service', 'services', 'namespaced'],
    ['ServiceAccount', 'serviceaccounts', 'namespaced'],
  ],
  'apps/v1': [
    ['DaemonSet', 'daemonsets', 'namespaced'],
    ['Deployment', 'deployments', 'namespaced'],
    ['StatefulSet', 'statefulsets', 'namespaced'],
  ],
  'networking.k8s.io/v1': [['NetworkPolicy', 'networkpolicies', 'namespaced']],
  'rbac.authorization.k8s.io/v1': [
    ['ClusterRole', 'clusterroles', 'cluster'],
    ['ClusterRoleBinding', 'clusterrolebindings', 'cluster'],
    ['Role', 'roles', 'namespaced'],
    ['RoleBinding', 'rolebindings', 'namespaced'],
  ],
};

const kinds: readonly Kind[] = Object.entries(table).flatMap(([apiVersion, rows]) =>
  rows.map(([kind, name, scope]) => ({ apiVersion, kind, name, namespaced: scope === 'namespaced' })),
);

const groupVersions = Object.keys(table).filter(apiVersion => apiVersion.includes('/'));

export function findKind(apiVersion: string, name: string): Kind | undefined {
  return kinds.find(kind => kind.apiVersion === apiVersion && kind.name === name);
}

/** What stands at a path of discovery (`/api`, `/apis`, `/api/v1`, `/apis/<group>`, `/apis/<group>/<version>`). */
export function discovery(path: string): object | undefined {
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] };
  if (path === '/apis') {
    return { kind: 'APIGroupList', apiVersion: 'v1', groups: groupVersions.map(groupOf) };
  }
  const apiVersion = path.replace(/^\/apis?\//, '');
  const [, root] = path.split('/', 2);
  if (apiVersion in table && root === (apiVersion.includes('/') ? 'apis' : 'api')) {
    return {
      kind: 'APIResourceList',
      apiVersion: 'v1',
      groupVersion: apiVersion,
      resources: rows(apiVersion),
    };
  }
  const inGroup = groupVersions.find(version => path === `/apis/${version.split('/', 1)[0]}`);
  return inGroup === undefined ? undefined : { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(inGroup) };
}

function groupOf(groupVersion: string) {
  const [name = '', version = ''] = groupVersion.split('/');
  const preferredVersion = { groupVersion, version };
  return { name, versions: [preferredVersion], preferredVersion };
}

function rows(apiVersion: string) {
  return kinds
    .filter(kind => kind.apiVersion === apiVersion)
    .map(({ name, kind, namespaced }) => {
      const verbs = kind === 'Node' ? ['get', 'list'] : ['get', 'list', 'patch'];
      return { name, singularName: kind.toLowerCase(), namespaced, kind, verbs };
    });
}
