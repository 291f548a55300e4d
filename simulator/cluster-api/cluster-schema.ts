/** The fields of `Cluster` in both API versions, as far as they matter here, and what all objects have in common. */
import type { ApiVersion, Kind } from './kinds.ts';
import { any, bool, integer, list, name, object, type Schema, text, texts, whole } from './schema.ts';

/** Of every object. */
export const metadata = object({
  name: text,
  generateName: text,
  namespace: text,
  selfLink: text,
  uid: text,
  resourceVersion: text,
  generation: integer,
  creationTimestamp: any,
  deletionTimestamp: any,
  deletionGracePeriodSeconds: any,
  labels: texts,
  annotations: texts,
  ownerReferences: list(
    object({
      'apiVersion!': text,
      'kind!': text,
      'name!': text,
      'uid!': text,
      controller: bool,
      blockOwnerDeletion: bool,
    }),
    { keys: ['uid'] },
  ),
  finalizers: list(text, { set: true }),
  managedFields: any,
});

const topologyMetadata = object({ labels: texts, annotations: texts });
const variables = list(object({ 'name!': name, 'value!': whole }), { keys: ['name'] });
const oldVariables = list(object({ 'name!': name, 'value!': whole, definitionFrom: text }), {
  keys: ['name'],
});

/** What both versions have of a group of machines. */
const machines = { metadata: topologyMetadata, replicas: integer, readinessGates: any };

const newRef = object({ 'apiGroup!': name, 'kind!': name, 'name!': name });
const oldRef = object({
  apiVersion: text,
  kind: text,
  name: text,
  namespace: text,
  uid: text,
  resourceVersion: text,
  fieldPath: text,
});

// v1beta2 refuses an empty object wherever everything in it is optional.
const least = 1;

function network(minProperties?: number): Schema {
  const blocks = object({ 'cidrBlocks!': list(text, minProperties === undefined ? {} : { minItems: 1 }) });
  return object(
    { apiServerPort: integer, services: blocks, pods: blocks, serviceDomain: text },
    minProperties,
  );
}

const specs: Record<ApiVersion, Schema> = {
  v1beta1: object({
    paused: bool,
    clusterNetwork: network(),
    controlPlaneEndpoint: object({ 'host!': text, 'port!': integer }),
    controlPlaneRef: oldRef,
    infrastructureRef: oldRef,
    availabilityGates: any,
    topology: object({
      'class!': name,
      classNamespace: text,
      'version!': text,
      rolloutAfter: any,
      controlPlane: object({
        ...machines,
        machineHealthCheck: any,
        nodeDrainTimeout: any,
        nodeVolumeDetachTimeout: any,
        nodeDeletionTimeout: any,
        variables: object({ overrides: oldVariables }),
      }),
      workers: object({
        machineDeployments: list(
          object({
            ...machines,
            'class!': name,
            'name!': name,
            failureDomain: text,
            machineHealthCheck: any,
            nodeDrainTimeout: any,
            nodeVolumeDetachTimeout: any,
            nodeDeletionTimeout: any,
            minReadySeconds: integer,
            strategy: any,
            variables: object({ overrides: oldVariables }),
          }),
          { keys: ['name'] },
        ),
        machinePools: list(any),
      }),
      variables: oldVariables,
    }),
  }),
  v1beta2: object(
    {
      paused: bool,
      clusterNetwork: network(least),
      controlPlaneEndpoint: object({ host: name, port: integer }, least),
      controlPlaneRef: newRef,
      infrastructureRef: newRef,
      availabilityGates: any,
      topology: object({
        'classRef!': object({ 'name!': name, namespace: text }),
        'version!': name,
        rollout: any,
        controlPlane: object(
          {
            ...machines,
            rollout: any,
            healthCheck: any,
            deletion: any,
            variables: object({ overrides: variables }, least),
          },
          least,
        ),
        workers: object(
          {
            machineDeployments: list(
              object({
                ...machines,
                'class!': name,
                'name!': name,
                failureDomain: text,
                healthCheck: any,
                deletion: any,
                minReadySeconds: integer,
                rollout: any,
                variables: object({ overrides: variables }, least),
              }),
              { keys: ['name'] },
            ),
            machinePools: list(any),
          },
          least,
        ),
        variables,
      }),
    },
    least,
  ),
};

const conditions = list(any, { keys: ['type'] });

const statuses: Record<ApiVersion, Schema> = {
  v1beta1: object({
    failureDomains: any,
    failureReason: text,
    failureMessage: text,
    phase: text,
    infrastructureReady: bool,
    controlPlaneReady: bool,
    conditions,
    observedGeneration: integer,
    v1beta2: object({ conditions, controlPlane: any, workers: any }),
  }),
  v1beta2: object({
    failureDomains: any,
    phase: text,
    initialization: object({ infrastructureProvisioned: bool, controlPlaneInitialized: bool }),
    conditions,
    controlPlane: any,
    workers: any,
    observedGeneration: integer,
    deprecated: any,
  }),
};

/** The whole object's schema. Every kind but `Cluster` may hold what it likes beside its metadata. */
export function schemaOf({ kind, group, custom }: Kind, version: string): Schema {
  const common = { apiVersion: text, kind: text, metadata };
  if (kind !== 'Cluster' || group === '') {
    const fields = { ...common, spec: any, status: any };
    const core = { data: any, stringData: any, binaryData: any, type: any, immutable: any, secrets: any };
    const rbac = { rules: any, aggregationRule: any, subjects: any, roleRef: any };
    return object(custom ? fields : { ...fields, ...core, ...rbac });
  }
  const known = version === 'v1beta1' ? 'v1beta1' : 'v1beta2';
  // In v1beta2 there is no Cluster without a spec.
  const spec = known === 'v1beta1' ? 'spec' : 'spec!';
  return object({ ...common, [spec]: specs[known], status: statuses[known] });
}
