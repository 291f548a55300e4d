/** GET of an object and of a list. */
import type { JsonObject } from '../ccp/api-fields.ts';
import type { Answer, Served, TargetedCall } from './call.ts';
import { fromStorage } from './conversion.ts';
import { groupVersion } from './kinds.ts';
import { badRequest, expired, notFound, Refusal } from './refusal.ts';
import { selectorOf } from './selectors.ts';
import type { Target } from './target.ts';

/** An object in the version of the request. */
export function view(object: JsonObject, target: Target, { counts }: Served): JsonObject {
  return fromStorage(object, target.kind, target.version, counts);
}

export function read(call: TargetedCall, served: Served): Answer {
  const { target } = call;
  const entry = served.store.get(target);
  if (entry === undefined) throw notFound(target.kind, target.name);
  return { status: 200, json: view(entry.object, target, served) };
}

/** Lists kept for their next pages; a client that lets more than these wait begins again. */
const maxSnapshots = 100;

/** What a client that lists in pages has still to get. */
export class Pages {
  readonly #snapshots = new Map<string, { version: number; items: JsonObject[] }>();
  #next = 1;

  /** A list, or its next page. Throws Refusal: 410 for a page that is forgotten, 504 for a version to come. */
  list(call: TargetedCall, served: Served): Answer {
    const { target, query } = call;
    const matches = selectorOf(query);
    checkVersion(query, served);
    const token = query.get('continue') ?? '';
    const { version, items } =
      token === ''
        ? {
            version: served.store.version,
            items: served.store
              .list(target.kind, target.namespace)
              .map(({ object }) => object)
              .filter(matches),
          }
        : this.#resume(token, served);
    const limit = Number(query.get('limit') ?? 0) || items.length;
    const rest = items.slice(limit);
    const more =
      rest.length === 0
        ? {}
        : {
            continue: this.#keep({ version, items: rest }),
            // With a selector the real server does not know.
            ...(isSelective(query) ? {} : { remainingItemCount: rest.length }),
          };
    return {
      status: 200,
      json: {
        apiVersion: groupVersion(target.kind.group, target.version),
        kind: `${target.kind.kind}List`,
        metadata: { resourceVersion: String(version), ...more },
        items: items.slice(0, limit).map(object => view(object, target, served)),
      },
    };
  }

  #keep(snapshot: { version: number; items: JsonObject[] }): string {
    const token = Buffer.from(`page-${this.#next++}`).toString('base64url');
    this.#snapshots.set(token, snapshot);
    const [oldest] = this.#snapshots.keys();
    if (this.#snapshots.size > maxSnapshots && oldest !== undefined) this.#snapshots.delete(oldest);
    return token;
  }

  #resume(token: string, { store }: Served) {
    if (!Buffer.from(token, 'base64url').toString().startsWith('page-')) {
      throw badRequest('invalid continue token: continue key is not valid');
    }
    const snapshot = this.#snapshots.get(token);
    if (snapshot === undefined || snapshot.version < store.oldest) {
      throw expired(
        'The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.',
      );
    }
    return snapshot;
  }
}

function isSelective(query: URLSearchParams): boolean {
  return (query.get('labelSelector') ?? '') !== '' || (query.get('fieldSelector') ?? '') !== '';
}

function checkVersion(query: URLSearchParams, { store }: Served): void {
  const text = query.get('resourceVersion') ?? '';
  if (text === '') return;
  const wanted = versionNumber(text);
  if (wanted > store.version) {
    throw new Refusal(
      504,
      'Timeout',
      `Timeout: Too large resource version: ${wanted}, current: ${store.version}`,
      { causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }] },
      1,
    );
  }
  const exact = query.get('resourceVersionMatch') === 'Exact';
  // Only the newest list is kept: an older one counts as compacted.
  if (exact && wanted < store.version) {
    throw expired('The resourceVersion for the provided list is too old.');
  }
}

/** Throws Refusal when it is none: 500 without a reason, as all releases until now. */
export function versionNumber(text: string): number {
  const why = `Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`;
  if (!/^\d+$/.test(text)) throw new Refusal(500, '', `resourceVersion: ${why}`);
  return Number(text);
}
