/** Every "no" of the simulated API server, worded as Kubernetes words it. */
import type { JsonObject } from '../ccp/api-fields.ts';
import { maxBodyBytes } from '../ccp/api-http.ts';
import { fullName, type Kind } from './kinds.ts';

/** Thrown wherever a call is refused; the front turns it into a `Status` object. */
export class Refusal extends Error {
  override name = 'Refusal';
  readonly status: number;
  readonly reason: string;
  readonly details: object;
  /** Seconds after which the server says to come again. */
  readonly retryAfterS: number | undefined;
  constructor(status: number, reason: string, message: string, details: object = {}, retryAfterS?: number) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.details = details;
    this.retryAfterS = retryAfterS;
  }
}

/** The `Status` object with which Kubernetes says no. */
export function statusOf(code: number, reason: string, message: string, details: object = {}): JsonObject {
  const status = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    details,
    code,
  };
  // An error that nobody gave a reason goes without one.
  return { ...status, ...(reason === '' ? {} : { reason }) } as JsonObject;
}

/** What is wrong with which field: a cause of a 422. */
export interface FieldProblem {
  field: string;
  reason: string;
  message: string;
}

export const unauthorized = () => new Refusal(401, 'Unauthorized', 'Unauthorized');

export const badRequest = (message: string) => new Refusal(400, 'BadRequest', message);

export const notFound = (kind: Kind, name: string) =>
  new Refusal(404, 'NotFound', `${fullName(kind)} "${name}" not found`, about(kind.plural, kind, name));

export const namespaceNotFound = (name: string) =>
  new Refusal(404, 'NotFound', `namespaces "${name}" not found`, { name, kind: 'namespaces' });

export const alreadyExists = (kind: Kind, name: string, isGoing: boolean) =>
  new Refusal(
    409,
    'AlreadyExists',
    `${isGoing ? 'object is being deleted: ' : ''}${fullName(kind)} "${name}" already exists`,
    about(kind.plural, kind, name),
  );

export const notAllowed = () =>
  new Refusal(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {});

/** A write or a delete that names another state of the object than there is. */
export const conflict = (kind: Kind, name: string, why: string) =>
  new Refusal(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${fullName(kind)} "${name}": ${why}`,
    about(kind.plural, kind, name),
  );

export const stale = (kind: Kind, name: string) =>
  conflict(
    kind,
    name,
    'the object has been modified; please apply your changes to the latest version and try again',
  );

/** The limit is the real server's, in bytes. */
export const tooLarge = () => new Refusal(413, 'RequestEntityTooLarge', `limit is ${maxBodyBytes}`);

export const expired = (message: string) => new Refusal(410, 'Expired', message);

export const unsupportedMediaType = (types: readonly string[]) =>
  new Refusal(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${types.join(', ')}`,
  );

/**
 * 422 with one cause for each problem.
 * @param byPlural it speaks of `clusters.…` instead of `Cluster.…`
 */
export function invalid(
  kind: Kind,
  name: string,
  problems: readonly FieldProblem[],
  byPlural = false,
): Refusal {
  const lines = problems.map(({ field, message }) => `${field}: ${message}`);
  const list = lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`;
  const own = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`;
  const what = byPlural ? fullName(kind) : own;
  return new Refusal(422, 'Invalid', `${what} "${name}" is invalid: ${list}`, {
    ...about(byPlural ? kind.plural : kind.kind, kind, name),
    causes: problems,
  });
}

function about(kindName: string, { group }: Kind, name: string) {
  return { name, ...(group === '' ? {} : { group }), kind: kindName };
}
