/** What a path means: which kind, which object, and the verb that RBAC knows a call by. */
import type { Kind } from './kinds.ts';
import type { Place } from './store.ts';

export interface Target extends Place {
  version: string;
  /** Empty, or `status`. */
  subresource: string;
}

const pattern =
  /^\/(?:api\/(v1)|apis\/([^/]+)\/([^/]+))(?:\/namespaces\/([^/]+))?\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?$/;

/** The target of a path; undefined when nothing is served there. An empty name means the list. */
export function targetOf(path: string, kinds: readonly Kind[]): Target | undefined {
  // A namespace's own path looks like a namespace with a list in it.
  const own = /^\/api\/v1\/namespaces\/([^/]+)$/.exec(path);
  const match = own ? ['', 'v1', undefined, undefined, undefined, 'namespaces', own[1]] : pattern.exec(path);
  if (match === null) return undefined;
  const [, core, group = '', grouped, namespace = '', plural, name = '', subresource = ''] = [...match].map(
    part => part && decode(part),
  );
  const version = core ?? grouped ?? '';
  const kind = kinds.find(
    one => one.group === group && one.plural === plural && one.versions.includes(version),
  );
  if (kind === undefined) return undefined;
  if (subresource !== '' && !(subresource === 'status' && kind.custom)) return undefined;
  // Lists of all namespaces have no namespace in their path; single objects must.
  if (namespace !== '' ? !kind.namespaced : kind.namespaced && name !== '') return undefined;
  return { kind, version, namespace, name, subresource };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** As RBAC names it; server-side apply is `patch`. */
export function verbOf(method: string, target: Target | undefined, query: URLSearchParams): string {
  if (target === undefined) return method.toLowerCase();
  const isList = target.name === '';
  if (method === 'GET' && isList && isTrue(query.get('watch'))) return 'watch';
  if (method === 'GET') return isList ? 'list' : 'get';
  if (method === 'DELETE') return isList ? 'deletecollection' : 'delete';
  return { POST: 'create', PUT: 'update', PATCH: 'patch' }[method] ?? method.toLowerCase();
}

export function isTrue(value: string | null): boolean {
  return value !== null && /^(true|1|t)$/i.test(value);
}
