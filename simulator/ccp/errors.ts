/**
 * Every error that the simulated platform gives, in one place.
 *
 * ASSUMED: no error body of the real product is known. The codes are the product's own (its 2018 swagger for v2, its
 * clients for v3) where a line says so; all other codes, all words and the forms of the bodies are ours. Clients must
 * treat a body as opaque.
 */
import type { Answer } from './router.ts';

/** What is wrong with which field of a body. */
export type Problems = Readonly<Record<string, readonly string[]>>;

/** Thrown wherever a call is refused; the server turns it into an answer. `message` is what a v2 client reads. */
export class Refusal extends Error {
  override name = 'Refusal';
  readonly status: number;
  /** What a v3 client reads. */
  readonly detail: string;
  /** Read by a v3 client instead of `detail` when it is about fields. */
  readonly problems: Problems | undefined;
  constructor(status: number, message: string, more: { detail?: string; problems?: Problems } = {}) {
    super(message);
    this.status = status;
    this.detail = more.detail ?? message;
    this.problems = more.problems;
  }
}

/** The body of a v2 error (assumed: plain text, as /env and /dashboard are). */
export function errorAnswer(refusal: Refusal): Answer {
  return { status: refusal.status, text: refusal.message };
}

/** The body of a v3 error (inferred: the product looks like Django REST Framework). */
export function v3ErrorAnswer({ status, detail, problems }: Refusal): Answer {
  return { status, json: problems ?? { detail } };
}

// Codes of the swagger.
export const unauthorized = () => new Refusal(401, 'unauthorized');
export const badRequest = (reason: string, field?: string) =>
  new Refusal(400, `bad request: ${reason}`, {
    detail: reason,
    ...(field === undefined ? {} : { problems: { [field]: [reason] } }),
  });
export const noClusterFound = () => new Refusal(404, 'no cluster found');
export const clusterNotFound = () => new Refusal(404, 'cluster not found');
export const recordNotFound = () => new Refusal(404, 'record not found');

// Codes assumed.
export const loginFailed = () => new Refusal(401, 'invalid username or password');
/** v3: 401 or 403, nobody has seen which. */
export const noToken = (status: 401 | 403) => new Refusal(status, 'a valid X-Auth-Token is required');
/** v3: one entry for each bad field, nothing of the values. */
export const invalid = (problems: Problems) => new Refusal(400, 'invalid payload', { problems });
export const nameTaken = (name: string) => badRequest(`a cluster named ${name} already exists`, 'name');
export const rangeTaken = (field: string, range: string, name: string) =>
  badRequest(`${field} ${range} overlaps with that of cluster ${name}`, field);
export const notReady = () => badRequest('the cluster is not ready');
export const noFreeAddresses = (subnet: string) =>
  new Refusal(400, `no free IP addresses in subnet ${subnet}`);
export const noResources = () => new Refusal(400, 'insufficient resources to create the cluster');
export const refusedAsFull = (message: string) => new Refusal(400, message);
export const buildFailed = (reason: string) => new Refusal(500, `failed to provision the cluster: ${reason}`);
export const deletedWhileBuilding = () =>
  new Refusal(500, 'the cluster was deleted while it was provisioned');
export const internalError = (status = 500) => new Refusal(status, 'internal server error');
export const notFound = () => new Refusal(404, '404 page not found');
export const methodNotAllowed = () => new Refusal(405, 'method not allowed');
export const bodyTooLarge = () => new Refusal(413, 'request entity too large');
