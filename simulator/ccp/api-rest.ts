/** What the administrator of a simulated cluster can ask its API server, and how that answers. */
import { parse } from 'yaml';
import { isObject, type JsonObject } from './api-fields.ts';
import { discovery, findKind, type Kind } from './api-kinds.ts';
import type { ApiObjects, Place } from './api-objects.ts';

/** One node as the cluster tells of it. */
export interface ApiNode {
  name: string;
  isMaster: boolean;
  /** Its condition Ready. */
  ready: boolean;
  address: string;
}

/** What is in a cluster. */
export interface ApiContents {
  objects: ApiObjects;
  /** The nodes that have joined, at this moment. Called once for each look at them. */
  nodes: () => ApiNode[];
  /** Without the `v`. */
  kubernetesVersion: string;
}

export interface ApiCall {
  method: string;
  path: string;
  query: URLSearchParams;
  /** Without parameters. */
  contentType: string;
  body: string;
}

export interface ApiAnswer {
  status: number;
  json: object;
}

/** RFC 1123 subdomain. The kinds of RBAC may have any name that fits into a path. */
const nameRule = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
const nameHint =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.'";

const applyType = 'application/apply-patch+yaml';

/** Answers: discovery, GET of objects and of lists, and server-side apply. Everything else is 404 or 405. */
export function answerCall(call: ApiCall, contents: ApiContents): ApiAnswer {
  const found = discovery(call.path);
  if (found !== undefined) return call.method === 'GET' ? ok(found) : notAllowed();
  const place = placeOf(call.path);
  if (place === undefined)
    return failure(404, 'NotFound', 'the server could not find the requested resource');
  if (call.method === 'GET') return read(place, call.query, contents);
  if (call.method !== 'PATCH' || place.name === '' || place.kind.kind === 'Node') return notAllowed();
  return patch(place, call, contents.objects);
}

function ok(json: object): ApiAnswer {
  return { status: 200, json };
}

function notAllowed(): ApiAnswer {
  return failure(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource');
}

/** The `Status` object with which Kubernetes says no. */
export function failure(code: number, reason: string, message: string, details: object = {}): ApiAnswer {
  const status = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    details,
    code,
  };
  return { status: code, json: status };
}

/** `/api/v1/…` or `/apis/<group>/<version>/…`; an empty name means the list. */
function placeOf(path: string): Place | undefined {
  const match =
    /^\/(?:api\/(v1)|apis\/([^/]+\/[^/]+))\/(?:namespaces\/([^/]+)\/)?([^/]+)(?:\/([^/]+))?$/.exec(path);
  if (match === null) return undefined;
  const [, core, grouped, inNamespace = '', resource = '', name = ''] = match.map(
    part => part && decode(part),
  );
  const kind = findKind(core ?? grouped ?? '', resource);
  // A namespace's own path looks like a namespace with a list in it; only the kind tells them apart.
  if (kind === undefined || kind.namespaced !== (inNamespace !== '')) {
    return kind?.namespaced && name === '' ? { kind, namespace: '', name } : undefined;
  }
  return { kind, namespace: inNamespace, name };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function read(place: Place, query: URLSearchParams, contents: ApiContents): ApiAnswer {
  const { kind, name, namespace } = place;
  const all = () =>
    kind.kind === 'Node'
      ? contents.nodes().map(node => nodeObject(node, contents))
      : contents.objects.list(kind, namespace);
  if (name === '') return ok(page(kind, all(), query, contents.objects.version));
  const object =
    kind.kind === 'Node'
      ? all().find(node => isObject(node.metadata) && node.metadata.name === name)
      : contents.objects.get(place);
  return object === undefined ? missing(kind, name) : ok(object);
}

function missing(kind: Kind, name: string): ApiAnswer {
  return failure(404, 'NotFound', `${fullName(kind)} "${name}" not found`, { name, kind: kind.name });
}

/** `networkpolicies.networking.k8s.io` */
function fullName({ apiVersion, name }: Kind): string {
  const [group, version] = apiVersion.split('/');
  return version === undefined ? name : `${name}.${group}`;
}

/** `limit` and `continue` as in the real server, whose token is opaque: here it is the number of the next item. */
function page(kind: Kind, items: JsonObject[], query: URLSearchParams, resourceVersion: string): object {
  const from = Number(query.get('continue') ?? 0) || 0;
  const limit = Number(query.get('limit') ?? 0) || items.length;
  const end = from + limit;
  const more = end < items.length ? { continue: String(end), remainingItemCount: items.length - end } : {};
  const metadata = { resourceVersion, ...more };
  return { kind: `${kind.kind}List`, apiVersion: kind.apiVersion, metadata, items: items.slice(from, end) };
}

function nodeObject(
  { name, isMaster, ready, address }: ApiNode,
  { kubernetesVersion }: ApiContents,
): JsonObject {
  const why = ready ? 'kubelet is posting ready status' : 'container runtime network not ready';
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: isMaster ? { 'node-role.kubernetes.io/master': '' } : {} },
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
          message: why,
        },
      ],
      nodeInfo: { kubeletVersion: `v${kubernetesVersion}` },
    },
  };
}

function patch(place: Place, call: ApiCall, objects: ApiObjects): ApiAnswer {
  const { kind, name, namespace } = place;
  if (call.contentType !== applyType) {
    const message = `the body of the request was in an unknown format - accepted media types include: ${applyType}`;
    return failure(415, 'UnsupportedMediaType', message);
  }
  const manager = call.query.get('fieldManager') ?? '';
  if (manager === '')
    return failure(422, 'Invalid', 'fieldManager: Required value: is required for apply patch');
  const wanted = readBody(call.body);
  const complaint = wanted === undefined ? 'error decoding YAML' : mismatch(wanted, place);
  if (wanted === undefined || complaint !== undefined) return failure(400, 'BadRequest', complaint ?? '');
  if (!kind.apiVersion.startsWith('rbac.') && !nameRule.test(name)) {
    const message = `${kind.kind} "${name}" is invalid: metadata.name: Invalid value: "${name}": ${nameHint}`;
    return failure(422, 'Invalid', message, { name, kind: kind.kind });
  }
  if (namespace !== '' && !objects.hasNamespace(namespace)) {
    return failure(404, 'NotFound', `namespaces "${namespace}" not found`, {
      name: namespace,
      kind: 'namespaces',
    });
  }
  const applied = objects.apply(place, wanted, manager, call.query.get('force') === 'true');
  if (applied.outcome === 'full') return failure(507, 'InsufficientStorage', 'the cluster is full');
  if (applied.outcome !== 'conflict')
    return { status: applied.outcome === 'created' ? 201 : 200, json: applied.object };
  const causes = applied.conflicts.map(({ field, manager: owner }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with "${owner}"`,
    field,
  }));
  const list = causes.map(({ message, field }) => `${message}: ${field}`).join(', ');
  const s = causes.length === 1 ? '' : 's';
  return failure(409, 'Conflict', `Apply failed with ${causes.length} conflict${s}: ${list}`, { causes });
}

function readBody(body: string): JsonObject | undefined {
  try {
    const value: unknown = parse(body, { maxAliasCount: 100 });
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What in the body speaks of another object than the path. */
function mismatch({ apiVersion, kind, metadata }: JsonObject, place: Place): string | undefined {
  if (apiVersion !== place.kind.apiVersion || kind !== place.kind.kind) {
    return `the kind in the data (${apiVersion} ${kind}) does not match the expected (${place.kind.apiVersion} ${place.kind.kind})`;
  }
  if (!isObject(metadata)) return 'metadata is required';
  if (metadata.name !== place.name) {
    return `the name of the object (${metadata.name}) does not match the name on the URL (${place.name})`;
  }
  const namespace = metadata.namespace ?? place.namespace;
  if (namespace !== place.namespace) {
    return `the namespace of the object (${namespace}) does not match the namespace on the request (${place.namespace})`;
  }
  if ('managedFields' in metadata) return 'metadata.managedFields must be nil';
  return undefined;
}
