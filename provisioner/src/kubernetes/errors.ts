/** Says in one line what an API server had against a call, and what to do about it. */
import { z } from 'zod';
import { oneLine } from '../common/line.ts';
import { type PlatformCode, PlatformError } from '../common/platform.ts';
import { nodeReason } from '../uplink/hop-error.ts';
import { reasonFirst, webhookSilent } from './server-reasons.ts';

/** What was asked, in the words of RBAC; `apply` needs `create` and `patch`, `discover` is free for every login. */
export type Verb = 'get' | 'list' | 'watch' | 'apply' | 'delete' | 'discover';

/** One call, for a message. */
export interface Asked {
  verb: Verb;
  /** Without the query. */
  path: string;
  /** What to look at when the login is not taken. */
  advice: string;
  /** What to do when the login may not do something. */
  rights: string;
}

/** The moment that a watch or a page asked for is forgotten there: list again. */
export class Gone extends PlatformError {
  constructor(message: string) {
    super(message, { transient: true });
  }
}

/** A PlatformError that stands for an answer, with its HTTP status. */
export class Refused extends PlatformError {
  readonly status: number;
  /** The message without what was asked. */
  readonly why: string;
  /** True when a webhook that the server had to ask did not answer it. */
  readonly isWebhookSilent: boolean;
  /** True when {@link why} is a sentence of ours. */
  readonly isOurs: boolean;
  constructor(message: string, options: RefusedOptions) {
    const { transient, status, why, isWebhookSilent = false, isOurs = false, code, namespace } = options;
    super(message, { transient, code, namespace, brief: briefly(status, isWebhookSilent) });
    this.status = status;
    this.why = why;
    this.isWebhookSilent = isWebhookSilent;
    this.isOurs = isOurs;
  }
}

/** No complete answer came: the connection, a limit, or the caller's own end. */
export class NoAnswer extends PlatformError {
  /** The message without what was asked. */
  readonly why: string;
  constructor(what: string, why: string, cause: unknown) {
    super(`${what}: no answer: ${why}`, { transient: true, cause });
    this.why = why;
  }
}

interface RefusedOptions {
  transient: boolean;
  status: number;
  why: string;
  isWebhookSilent?: boolean;
  isOurs?: boolean;
  code?: PlatformCode | undefined;
  namespace?: string | undefined;
}

/** For a display, while it is tried again. */
function briefly(status: number, isWebhookSilent: boolean): string {
  if (isWebhookSilent) return 'a webhook there does not answer';
  return status === 429 ? 'platform is busy' : `platform has trouble (${status})`;
}

/** Characters that a reason has on a display's 80, behind kind and status. */
const shortRoom = 60;

/**
 * The same error for a display of some 80 characters: of which kind, and why, instead of what was asked where. The
 * reason comes first, wherever the server has put it.
 */
export function inShort(error: unknown, kind: string): unknown {
  if (error instanceof NoAnswer) return new NoAnswer(kind, error.why, error.cause);
  if (!(error instanceof Refused)) return error;
  const { status, transient, isWebhookSilent, isOurs, code, namespace } = error;
  // Whom we log in as is long, and always the same.
  const words = error.why.replace(/^"[^"]+" (?=may not )/, '');
  const why = isOurs || isWebhookSilent ? words : reasonFirst(words, shortRoom);
  return new Refused(`${kind}: ${status}: ${why}`, {
    transient,
    status,
    why,
    isWebhookSilent,
    isOurs,
    code,
    namespace,
  });
}

/** The server's own words, in characters: its reason may stand at their end. Cut further for a display. */
const maxWordsLength = 600;

/** Fields of a conflict or of a wrong object that are named; there may be a hundred. */
const maxFields = 3;

/** Node's codes for a certificate whose authority is another one. */
const untrusted = [
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
];

const causeSchema = z.object({
  reason: z.string().catch(''),
  message: z.string().catch(''),
  field: z.string().catch(''),
});

/** The object with which Kubernetes says no. */
const statusSchema = z.object({
  code: z.number().catch(0),
  reason: z.string().catch(''),
  message: z.string().catch(''),
  details: z
    .object({ kind: z.string().catch(''), causes: z.array(causeSchema).catch([]) })
    .catch({ kind: '', causes: [] }),
});

export type Status = z.infer<typeof statusSchema>;

/** Reads a Status, or anything else as one: an HTML page of a proxy becomes its message. */
export function statusOf(body: string): Status {
  try {
    return statusSchema.parse(JSON.parse(body));
  } catch {
    return { code: 0, reason: '', message: body, details: { kind: '', causes: [] } };
  }
}

/** What a path of an object or a list is made of; nothing for others. */
function partsOf(path: string): { group?: string; namespace?: string; resource?: string; name?: string } {
  const pattern =
    /^\/(?:api\/[^/]+|apis\/(?<group>[^/]+)\/[^/]+)(?:\/namespaces\/(?<namespace>[^/]+))?\/(?<resource>[^/]+)(?:\/(?<name>[^/]+))?/;
  return pattern.exec(path)?.groups ?? {};
}

/** `apply clusters.cluster.x-k8s.io/kate-7 in namespace lab`: verb, resource, namespace as a Role names them. */
export function describe({ verb, path }: Pick<Asked, 'verb' | 'path'>): string {
  if (verb === 'discover') return `ask for ${path.replace(/^\/apis?\//, '')}`;
  const { group, namespace, resource = path, name } = partsOf(path);
  const full = group === undefined ? resource : `${resource}.${group}`;
  const where = namespace === undefined ? '' : ` in namespace ${namespace}`;
  return `${verb} ${full}${name === undefined ? '' : `/${decodeURIComponent(name)}`}${where}`;
}

/**
 * An answer that is no success. Transient: 408, 429, 5xx and a 409 that is not about somebody else's fields.
 * Nothing of the request is repeated but verb, resource, namespace and name.
 */
export function explainAnswer(httpStatus: number, body: string, asked: Asked): PlatformError {
  const status = statusOf(body);
  const words = oneLine(status.message, maxWordsLength) || 'no words';
  const say = (why: string, transient = false, more: Partial<RefusedOptions> = {}) =>
    new Refused(`${describe(asked)}: ${httpStatus}: ${why}`, {
      transient,
      status: httpStatus,
      why,
      code: words.includes('does not support dry run') ? 'dry-run' : undefined,
      namespace: partsOf(asked.path).namespace,
      ...more,
    });
  if (isForgotten(httpStatus, status)) return new Gone(`${describe(asked)}: ${httpStatus}: ${words}`);
  switch (httpStatus) {
    case 401:
      return say(`the login is not accepted: ${asked.advice}`, false, { isOurs: true, code: 'login' });
    case 403: {
      const ours = forbidden(words, asked);
      return ours === undefined
        ? say(whyNot(words))
        : say(ours.why, false, { isOurs: true, code: ours.code });
    }
    case 404:
      return notFound(status, words, say);
    case 409:
      return conflict(status, words, say);
    case 400:
    case 422:
      return say(fieldsOf(status) || whyNot(words));
    case 500: {
      // An apply with a field that the kind does not have is answered so: it stays wrong.
      if (words.includes('failed to create typed patch object')) return say(words);
      const why = webhookSilent(words);
      return why === undefined ? say(words, true) : say(why, true, { isWebhookSilent: true });
    }
    default:
      if (httpStatus >= 300 && httpStatus < 400) return say('it leads elsewhere, which is not followed');
      return say(words, httpStatus >= 500 || httpStatus === 408 || httpStatus === 429);
  }
}

/**
 * 410, and two that mean the same: 504 for a moment in the future (a server whose data was restored from a copy), and
 * 400 for a moment that it cannot read.
 */
function isForgotten(httpStatus: number, { reason, message }: Status): boolean {
  if (httpStatus === 410 || reason === 'Expired' || reason === 'Gone') return true;
  return [400, 504].includes(httpStatus) && /(too large|invalid) resource version/i.test(message);
}

/** What is not said by a quota or a webhook, but about the login: undefined otherwise. */
function forbidden(
  words: string,
  { advice, rights }: Asked,
): { why: string; code: PlatformCode } | undefined {
  // No token at all is not 401: RBAC is asked about the user of that name.
  if (words.includes('system:anonymous'))
    return { why: `the login did not arrive (system:anonymous): ${advice}`, code: 'login' };
  // Of an apply of a new object that may be patched and not created: a server may leave the reason out.
  if (/ is forbidden:?$/.test(words))
    return {
      why: `${words.replace(/:$/, '')}: the login may patch and not create: ${rights}`,
      code: 'rights',
    };
  const [, user, verb, resource] = /User "(.+?)" cannot (\S+) resource "(.+?)"/.exec(words) ?? [];
  if (user === undefined) return undefined;
  return { why: `"${user}" may not ${verb} ${resource}: ${rights}`, code: 'rights' };
}

/** Of a webhook's or a quota's no: who and about what is known, or can stand at the end. */
function whyNot(words: string): string {
  const [, webhook, denied] = /^admission webhook "(.+?)" denied the request: (.+)$/.exec(words) ?? [];
  if (webhook !== undefined && denied !== undefined) return `${denied} (webhook ${webhook})`;
  return words.replace(/^\S+ "[^"]*" is (?:forbidden|invalid): (?=.)/, '');
}

type Say = (why: string, transient: boolean, more?: Partial<RefusedOptions>) => PlatformError;

function notFound({ details }: Status, words: string, say: Say): PlatformError {
  if (details.kind === 'namespaces')
    return say(`${words}: make the namespace`, false, { isOurs: true, code: 'namespace' });
  if (details.kind !== '' && words.includes('not found')) return say(words, false, { isOurs: true });
  const why = 'this kind or version is not served there: is its provider installed?';
  return say(why, false, { isOurs: true, code: 'kind' });
}

function conflict(status: Status, words: string, say: Say): PlatformError {
  const foreign = status.details.causes.filter(({ reason }) => reason === 'FieldManagerConflict');
  if (foreign.length === 0) return say(words, true);
  const fields = foreign
    .slice(0, maxFields)
    .map(({ field, message }) => `${field} ${message.replace(/^conflict with/, 'belongs to')}`);
  const whose = oneLine(andMore(fields, foreign.length), maxWordsLength);
  return say(`${whose}: it is not taken away`, false, { isOurs: true });
}

/** `spec.topology: Required value, …`, or nothing when no field is named. */
function fieldsOf({ details: { causes } }: Status): string {
  const named = causes.filter(({ field }) => field !== '' && field !== '<nil>');
  if (named.length === 0) return '';
  const fields = named.slice(0, maxFields).map(({ field, message }) => `${field}: ${message}`);
  return oneLine(andMore(fields, named.length), maxWordsLength);
}

function andMore(shown: readonly string[], all: number): string {
  return `${shown.join(', ')}${all > shown.length ? ` and ${all - shown.length} more` : ''}`;
}

/** Always transient. */
export function noAnswer(error: unknown, asked: Pick<Asked, 'verb' | 'path'>): PlatformError {
  return error instanceof PlatformError ? error : new NoAnswer(describe(asked), reasonOf(error), error);
}

/** With what to do where the authority is another one. */
function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const advice = untrusted.includes(code)
    ? ': its authority is not the one that is trusted here: take a fresh kubeconfig or ca'
    : '';
  return `${oneLine(nodeReason(error), maxWordsLength)}${advice}`;
}
