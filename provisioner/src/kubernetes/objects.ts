/** What is read and written of Kubernetes objects here, and nothing more. */

/** The versions of `cluster.x-k8s.io` that are spoken. */
export type ApiVersion = 'v1beta1' | 'v1beta2';

/** The group of `Cluster`, `ClusterClass` and their kin. */
export const clusterGroup = 'cluster.x-k8s.io';

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

export interface ObjectMeta {
  name: string;
  namespace?: string;
  /** Never used again, also not by an object of the same name. */
  uid?: string;
  /** An opaque text: equal or not equal, nothing else. */
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  /** Set as soon as somebody has deleted it; the object stays until its finalizers are gone. */
  deletionTimestamp?: string;
  finalizers?: string[];
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
}

/** Any object; `spec` and `status` are other people's data and checked where they are read. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
  /** Of a Secret: base64. */
  data?: Record<string, string>;
}

/** A whole list at one moment. */
export interface KubeList {
  items: KubeObject[];
  /** The moment: a watch goes on from here. */
  resourceVersion: string;
}

/** One line of a watch but BOOKMARK and ERROR, which {@link WatchEvent} has no need for. */
export type WatchEvent =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: KubeObject }
  /** Nothing has happened up to this moment. */
  | { type: 'BOOKMARK'; resourceVersion: string };
