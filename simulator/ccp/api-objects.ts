/**
 * The objects in a simulated new cluster, kept and served by the same code as those of the simulated management cluster.
 * Nothing acts on them: no pod ever runs.
 */
import { randomUUID } from 'node:crypto';
import { nowText } from '../cluster-api/managers.ts';
import { metadataOf, Store } from '../cluster-api/store.ts';
import type { JsonObject } from './api-fields.ts';
import { coreKind } from './api-kinds.ts';

/** One node as the cluster tells of it. */
export interface ApiNode {
  name: string;
  isMaster: boolean;
  /** Its condition Ready. */
  ready: boolean;
  address: string;
}

/** What each cluster has from the start. */
const firstNamespaces = ['default', 'kube-node-lease', 'kube-public', 'kube-system'];

/** Changes over which a watch could be resumed. */
const historyLength = 100;

const [namespaceKind, nodeKind] = [coreKind('Namespace'), coreKind('Node')];

export class ApiObjects {
  readonly store = new Store(historyLength);

  constructor() {
    for (const name of firstNamespaces) {
      const metadata = { name, uid: randomUUID(), creationTimestamp: nowText() };
      const object = { apiVersion: 'v1', kind: 'Namespace', metadata };
      this.store.put({ kind: namespaceKind, namespace: '', name }, object, []);
    }
  }

  /** Those that were applied, in the order of their creation. */
  all(): JsonObject[] {
    return this.store
      .all()
      .filter(({ managers }) => managers.length > 0)
      .map(({ object }) => structuredClone(object));
  }

  /** Makes these the only nodes, under new versions only where something has changed. */
  setNodes(nodes: readonly ApiNode[], kubernetesVersion: string): void {
    const names = new Set(nodes.map(({ name }) => name));
    for (const { place } of this.store.list(nodeKind, ''))
      if (!names.has(place.name)) this.store.remove(place);
    for (const node of nodes) {
      const place = { kind: nodeKind, namespace: '', name: node.name };
      const before = this.store.get(place)?.object;
      const { uid = randomUUID() } = before === undefined ? {} : metadataOf(before);
      const now = nodeObject(node, uid, kubernetesVersion);
      if (JSON.stringify(before?.status) !== JSON.stringify(now.status)) this.store.put(place, now, []);
    }
  }
}

function nodeObject({ name, isMaster, ready, address }: ApiNode, uid: JsonObject[string], version: string) {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, uid, labels: isMaster ? { 'node-role.kubernetes.io/master': '' } : {} },
    status: {
      addresses: [
        { type: 'InternalIP', address },
        { type: 'Hostname', address: name },
      ],
      conditions: [
        {
          type: 'Ready',
          status: ready ? 'True' : 'False',
          reason: ready ? 'KubeletReady' : 'KubeletNotReady',
          message: ready ? 'kubelet is posting ready status' : 'container runtime network not ready',
        },
      ],
      nodeInfo: { kubeletVersion: `v${version}` },
    },
  };
}
