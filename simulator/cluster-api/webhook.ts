/** What Cluster API's webhook says to a cluster of a class: warnings and refusals that need to look at the class. */
import { isObject, type Json, type JsonObject } from '../ccp/api-fields.ts';
import type { Served } from './call.ts';
import { type FieldProblem, invalid } from './refusal.ts';
import { metadataOf } from './store.ts';
import type { Target } from './target.ts';

/**
 * Throws Refusal (422) for workers and variables that the class does not know or lacks. A class that is not there is
 * only a warning: it may come later.
 * @param object in the version of the store
 */
export function askWebhook(object: JsonObject, target: Target, served: Served, warnings: string[]): void {
  const topology = field(object.spec, 'topology');
  if (target.kind.kind !== 'Cluster' || target.subresource !== '' || !isObject(topology)) return;
  if (metadataOf(object).deletionTimestamp !== undefined) return;
  const kind = served.kinds.find(one => one.kind === 'ClusterClass');
  const name = String(field(topology.classRef, 'name') ?? '');
  const namespace = String(field(topology.classRef, 'namespace') ?? target.namespace);
  const found = kind && served.store.get({ kind, namespace, name });
  if (found === undefined) {
    warnings.push(
      `Cluster refers to ClusterClass ${namespace}/${name}, but this ClusterClass does not exist. ` +
        'Cluster topology has not been fully validated. The ClusterClass must be created to reconcile the Cluster',
    );
    return;
  }
  const { spec = {} } = found.object;
  const problems = [...workerProblems(topology, spec), ...variableProblems(topology, spec)];
  if (problems.length === 0) return;
  const refusal = invalid(target.kind, target.name, problems);
  refusal.message = `admission webhook "validation.cluster.cluster.x-k8s.io" denied the request: ${refusal.message}`;
  throw refusal;
}

function workerProblems(topology: JsonObject, spec: Json): FieldProblem[] {
  const known = items(field(field(spec, 'workers'), 'machineDeployments')).map(one => one.class);
  return items(field(topology.workers, 'machineDeployments')).flatMap((one, i) =>
    known.includes(one.class ?? '')
      ? []
      : [
          wrong(
            `spec.topology.workers.machineDeployments[${i}].class`,
            one.class,
            `MachineDeploymentClass with name ${JSON.stringify(one.class)} does not exist in ClusterClass`,
          ),
        ],
  );
}

function variableProblems(topology: JsonObject, spec: Json): FieldProblem[] {
  const known = items(field(spec, 'variables'));
  const given = items(topology.variables);
  const has = (list: readonly JsonObject[], name: unknown) => list.some(one => one.name === name);
  const missing = known
    .filter(one => one.required === true && !has(given, one.name))
    .map(one => ({
      field: 'spec.topology.variables',
      reason: 'FieldValueRequired',
      message: `Required value: required variable with name ${JSON.stringify(one.name)} must be defined`,
    }));
  const unknown = given
    .filter(one => !has(known, one.name))
    .map(one => wrong(`spec.topology.variables[${one.name}]`, one.name, 'variable is not defined'));
  return [...missing, ...unknown];
}

function wrong(path: string, value: unknown, why: string): FieldProblem {
  return {
    field: path,
    reason: 'FieldValueInvalid',
    message: `Invalid value: ${JSON.stringify(value)}: ${why}`,
  };
}

function field(value: Json | undefined, key: string): Json | undefined {
  return isObject(value) ? value[key] : undefined;
}

function items(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}
