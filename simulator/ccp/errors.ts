/**
 * Every error that the simulated platform gives, in one place.
 *
 * ASSUMED: no error body of the real product is known. The codes are the product's own (its 2018 swagger) where a
 * line says so; all other codes, all words and the form of the body are ours. Clients must treat a body as opaque.
 */
import type { Answer } from './router.ts';

/** Thrown wherever a call is refused; the server turns it into an answer. `message` is what the client reads. */
export class Refusal extends Error {
  override name = 'Refusal';
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The body of a v2 error (assumed: plain text, as /env and /dashboard are). v3 will have a sibling of its own. */
export function errorAnswer(refusal: Refusal): Answer {
  return { status: refusal.status, text: refusal.message };
}

// Codes of the swagger.
export const unauthorized = () => new Refusal(401, 'unauthorized');
export const badRequest = (reason: string) => new Refusal(400, `bad request: ${reason}`);
export const noClusterFound = () => new Refusal(404, 'no cluster found');
export const clusterNotFound = () => new Refusal(404, 'cluster not found');
export const recordNotFound = () => new Refusal(404, 'record not found');

// Codes assumed.
export const loginFailed = () => new Refusal(401, 'invalid username or password');
export const nameTaken = (name: string) => badRequest(`a cluster named ${name} already exists`);
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
