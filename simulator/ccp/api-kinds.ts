/** The kinds of objects that a simulated new cluster knows: some of a real one's, enough for what is put into it. */
import type { Kind } from '../cluster-api/kinds.ts';

const table: Record<string, readonly [kind: string, plural: string, scope: 'cluster' | 'namespaced'][]> = {
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

export const kinds: readonly Kind[] = Object.entries(table).flatMap(([apiVersion, rows]) => {
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  return rows.map(([kind, plural, scope]) => ({
    group,
    plural,
    kind,
    namespaced: scope === 'namespaced',
    versions: [version],
    custom: false,
  }));
});

/** @throws Error when there is none, which is a mistake of the caller's. */
export function coreKind(name: string): Kind {
  const kind = kinds.find(one => one.group === '' && one.kind === name);
  if (kind === undefined) throw new Error(`no kind ${name}`);
  return kind;
}
