/** Which answer a call gets, once it is known who calls. */
import { versionOf } from '../ccp/api-http.ts';
import { allow, allowPath } from './accounts.ts';
import type { Answer, Call, Served, TargetedCall } from './call.ts';
import { remove } from './deletes.ts';
import { discovery } from './kinds.ts';
import { Pages, read } from './reads.ts';
import { notAllowed } from './refusal.ts';
import { type Target, verbOf } from './target.ts';
import { create, patch, replace } from './writes.ts';

export class Api {
  readonly served: Served;
  /** The release of Kubernetes that the management cluster runs, without the `v`. */
  readonly #kubernetesVersion: string;
  /** Where Roles are good. */
  readonly #namespace: string;
  readonly #pages = new Pages();

  constructor(served: Served, kubernetesVersion: string, namespace: string) {
    this.served = served;
    this.#kubernetesVersion = kubernetesVersion;
    this.#namespace = namespace;
  }

  /** Throws Refusal (403). */
  authorize(call: Call, target: Target | undefined): void {
    if (target === undefined) allowPath(call.account, call.path, call.method);
    else allow(call.account, target, verbOf(call.method, target, call.query), this.#namespace);
  }

  /** Everything but watches. Throws Refusal. */
  answer(call: Call, target: Target | undefined): Answer {
    const answer = target === undefined ? this.#open(call) : this.#object({ ...call, target });
    const warnings = [...(answer.warnings ?? []), ...this.#deprecation(target)];
    return warnings.length > 0 ? { ...answer, warnings } : answer;
  }

  #open({ path, method }: Call): Answer {
    if (method !== 'GET') return pageNotFound;
    if (/^\/(readyz|livez|healthz)(\/ping)?$/.test(path)) return { status: 200, text: 'ok' };
    if (path === '/version') return { status: 200, json: versionOf(this.#kubernetesVersion) };
    const found = discovery(path, this.served.kinds);
    return found === undefined ? pageNotFound : { status: 200, json: found };
  }

  #object(call: TargetedCall): Answer {
    const { target, method } = call;
    const isList = target.name === '';
    if (method === 'GET') return isList ? this.#pages.list(call, this.served) : read(call, this.served);
    if (method === 'POST' && isList && (target.namespace !== '') === target.kind.namespaced)
      return create(call, this.served);
    if (method === 'PUT' && !isList) return replace(call, this.served);
    if (method === 'PATCH' && !isList) return patch(call, this.served, this.#namespace);
    if (method === 'DELETE' && !isList && target.subresource === '') return remove(call, this.served);
    throw notAllowed();
  }

  #deprecation(target: Target | undefined): string[] {
    if (!this.served.deprecatesV1beta1 || target?.version !== 'v1beta1') return [];
    const { group, kind, versions } = target.kind;
    if (!versions.includes('v1beta2')) return [];
    return [`${group}/v1beta1 ${kind} is deprecated; use ${group}/v1beta2 ${kind}`];
  }
}

/** What is served nowhere has no `Status` object. */
const pageNotFound: Answer = { status: 404, text: '404 page not found\n' };
