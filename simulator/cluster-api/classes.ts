/** ClusterClasses that are there from the start. */
import type { Json, JsonObject } from '../ccp/api-fields.ts';

/** A class as far as a client can see: which workers and variables it knows. */
export interface ClassOptions {
  name: string;
  /** Default: the simulator's namespace. */
  namespace?: string;
  /** Classes of machine deployments. Default `default-worker`. */
  workers?: readonly string[];
  variables?: readonly {
    name: string;
    required?: boolean;
    /** OpenAPI v3. Default: a string. */
    schema?: Record<string, Json>;
  }[];
}

export const defaultClasses: readonly ClassOptions[] = [
  { name: 'quick-start', variables: [{ name: 'region' }, { name: 'imageRepository' }] },
];

/** The object's spec and status. */
export function classObject({ workers = ['default-worker'], variables = [] }: ClassOptions): JsonObject {
  const known = variables.map(({ name, required = false, schema = { type: 'string' } }) => ({
    name,
    required,
    schema: { openAPIV3Schema: schema },
  }));
  const ref = (group: string, kind: string) => ({
    templateRef: { apiVersion: `${group}.cluster.x-k8s.io/v1beta1`, kind, name: 'quick-start' },
  });
  return {
    spec: {
      infrastructure: ref('infrastructure', 'DockerClusterTemplate'),
      controlPlane: {
        ...ref('controlplane', 'KubeadmControlPlaneTemplate'),
        machineInfrastructure: ref('infrastructure', 'DockerMachineTemplate'),
      },
      workers: {
        machineDeployments: workers.map(worker => ({
          class: worker,
          bootstrap: ref('bootstrap', 'KubeadmConfigTemplate'),
          infrastructure: ref('infrastructure', 'DockerMachineTemplate'),
        })),
      },
      variables: known,
    },
    status: {
      observedGeneration: 1,
      variables: known.map(({ name, required, schema }) => ({
        name,
        definitionsConflict: false,
        definitions: [{ from: 'inline', required, schema }],
      })),
    },
  };
}
