/** What the schema, the API machinery and Cluster API's webhooks refuse: 422. */

import { parseCidr } from '../ccp/addresses.ts';
import { isObject, type Json, type JsonObject } from '../ccp/api-fields.ts';
import { schemaOf } from './cluster-schema.ts';
import type { Kind } from './kinds.ts';
import { type FieldProblem, invalid } from './refusal.ts';
import { problemsOf } from './schema.ts';
import { labelsOf, metadataOf } from './store.ts';
import type { Target } from './target.ts';

/** RFC 1123 subdomain. */
const subdomain = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const labelPart = /^([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$/;

const bad = (field: string, value: string, why: string): FieldProblem => ({
  field,
  reason: 'FieldValueInvalid',
  message: `Invalid value: ${JSON.stringify(value)}: ${why}`,
});

/**
 * Throws Refusal (422) for an object that cannot be kept.
 * @param object in the version of the request
 */
export function validate(object: JsonObject, target: Target): void {
  const { kind, version } = target;
  const { name } = metadataOf(object);
  const problems = [...metadataProblems(object, kind), ...problemsOf(object, schemaOf(kind, version))];
  const found = problems.length > 0 || kind.kind !== 'Cluster' ? problems : clusterProblems(object);
  if (found.length > 0) throw invalid(kind, String(name), found);
}

function metadataProblems(object: JsonObject, { group }: Kind): FieldProblem[] {
  const { name, annotations, deletionTimestamp } = metadataOf(object);
  const problems: FieldProblem[] = [];
  // The kinds of RBAC may have any name that fits into a path.
  if (!subdomain.test(String(name)) && group !== 'rbac.authorization.k8s.io')
    problems.push(
      bad(
        'metadata.name',
        String(name),
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
      ),
    );
  for (const [key, value] of Object.entries(labelsOf(object))) {
    if (!isQualified(key)) problems.push(bad('metadata.labels', key, nameHint));
    else if (typeof value === 'string' && value !== '' && !labelPart.test(value)) {
      problems.push(bad('metadata.labels', value, value.length > 63 ? tooLong : labelHint));
    }
  }
  for (const key of Object.keys(isObject(annotations) ? annotations : {})) {
    if (!isQualified(key.toLowerCase())) problems.push(bad('metadata.annotations', key, nameHint));
  }
  return deletionTimestamp === undefined ? problems : problems.slice(0, 5);
}

const tooLong = 'must be no more than 63 characters';
const labelHint =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const nameHint =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

function isQualified(key: string): boolean {
  const parts = key.split('/');
  const [prefix, name] = parts.length === 2 ? parts : [undefined, parts[0]];
  if (parts.length > 2 || !labelPart.test(name ?? '')) return false;
  return prefix === undefined || subdomain.test(prefix);
}

/** What Cluster API's own webhook says to a cluster, here without its prefix. */
function clusterProblems(object: JsonObject): FieldProblem[] {
  const spec = isObject(object.spec) ? object.spec : {};
  const network = isObject(spec.clusterNetwork) ? spec.clusterNetwork : {};
  const blocks = ['pods', 'services'].flatMap(key => {
    const { cidrBlocks } = isObject(network[key]) ? network[key] : {};
    return cidrProblems(cidrBlocks ?? [], `spec.clusterNetwork.${key}.cidrBlocks`);
  });
  const { version } = isObject(spec.topology) ? spec.topology : {};
  const versions =
    typeof version !== 'string' || /^v\d+\.\d+\.\d+([-+].+)?$/.test(version)
      ? []
      : [bad('spec.topology.version', version, 'version must be a valid semantic version')];
  return [...blocks, ...versions];
}

function cidrProblems(blocks: Json, field: string): FieldProblem[] {
  return (Array.isArray(blocks) ? blocks : [])
    .map((block, i) => ({ block: String(block), i }))
    .filter(({ block }) => parseCidr(block) === undefined && !/^[0-9a-f:]+\/\d+$/i.test(block))
    .map(({ block, i }) => bad(`${field}[${i}]`, block, `invalid CIDR address: ${block}`));
}
