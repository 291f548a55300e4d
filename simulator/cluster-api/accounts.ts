/** Who may call, and what: bearer tokens and the rules of RBAC. */
import { randomBytes } from 'node:crypto';
import { fullName } from './kinds.ts';
import { Refusal, unauthorized } from './refusal.ts';
import type { Target } from './target.ts';

/** One rule of a Role or ClusterRole. `*` stands for everything. */
export interface Rule {
  apiGroups: readonly string[];
  resources: readonly string[];
  verbs: readonly string[];
  resourceNames?: readonly string[];
}

/** A service account and what was granted to it. */
export interface Account {
  /** `system:serviceaccount:dashbutton:provisioner` */
  user: string;
  /** Rules of Roles in the simulator's namespace. */
  rules: readonly Rule[];
  /** Rules of ClusterRoles, good in every namespace. */
  clusterRules: readonly Rule[];
}

/** Everything, as cluster-admin has it. */
export const allRules: readonly Rule[] = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }];

export const anonymous: Account = { user: 'system:anonymous', rules: [], clusterRules: [] };

/** Paths that even strangers may read: the role system:public-info-viewer. */
const openPaths = /^\/(readyz|livez|healthz|version)(\/|$)/;
/** The role system:discovery. */
const discoveryPaths = /^\/(apis?|openapi)(\/|$)/;

export class Accounts {
  readonly #byToken = new Map<string, Account>();

  /** @returns the account's token. */
  add(account: Account, token = randomBytes(24).toString('base64url')): string {
    this.#byToken.set(token, account);
    return token;
  }

  revoke(token: string): void {
    this.#byToken.delete(token);
  }

  /** Throws Refusal (401) for a token nobody has. No token at all is another matter: that is `system:anonymous`. */
  caller(authorization: string | undefined): Account {
    if (authorization === undefined) return anonymous;
    const account = this.#byToken.get(/^Bearer\s+(\S+)$/i.exec(authorization)?.[1] ?? '');
    if (account === undefined) throw unauthorized();
    return account;
  }
}

/** Throws Refusal (403) for a path, outside all kinds, that is not for this caller. */
export function allowPath({ user, clusterRules }: Account, path: string, method: string): void {
  if (openPaths.test(path)) return;
  if (user !== anonymous.user && (discoveryPaths.test(path) || clusterRules === allRules)) return;
  const verb = method.toLowerCase();
  throw new Refusal(403, 'Forbidden', `forbidden: User "${user}" cannot ${verb} path "${path}"`);
}

/**
 * Throws Refusal (403) when no rule allows it.
 * @param namespace where Roles are good
 */
export function allow(account: Account, target: Target, verb: string, namespace: string): void {
  const { kind, name, subresource } = target;
  const here =
    target.namespace === namespace ? [...account.rules, ...account.clusterRules] : account.clusterRules;
  const resource = subresource === '' ? kind.plural : `${kind.plural}/${subresource}`;
  const has = (given: readonly string[], wanted: string) => given.includes('*') || given.includes(wanted);
  const granted = here.some(
    rule =>
      has(rule.apiGroups, kind.group) &&
      has(rule.resources, resource) &&
      has(rule.verbs, verb) &&
      // A name is not known when something is created by POST or listed.
      (rule.resourceNames === undefined || rule.resourceNames.includes(name)),
  );
  if (granted) return;
  throw forbidden(account.user, target, verb);
}

/** The 403 in Kubernetes' words. */
export function forbidden(
  user: string,
  { kind, name, namespace, subresource }: Target,
  verb: string,
): Refusal {
  const which = name === '' ? '' : ` "${name}"`;
  const resource = subresource === '' ? kind.plural : `${kind.plural}/${subresource}`;
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const message =
    `${fullName(kind)}${which} is forbidden: User "${user}" cannot ${verb} resource "${resource}" ` +
    `in API group "${kind.group}" ${where}`;
  const group = kind.group === '' ? {} : { group: kind.group };
  const named = name === '' ? {} : { name };
  return new Refusal(403, 'Forbidden', message, { ...named, ...group, kind: kind.plural });
}
