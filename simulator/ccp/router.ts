/** A table of method, path and handler, and what a handler sees and gives. */
import { badRequest, type Refusal } from './errors.ts';

/** One request, read completely. */
export interface Call {
  method: string;
  /** Without query and without the slash at its end. */
  path: string;
  /** Whether there was a slash at its end. */
  slash: boolean;
  query: URLSearchParams;
  /** The `{…}` parts of the path, decoded. */
  params: Readonly<Record<string, string>>;
  /** Names in lower case, one value each. */
  headers: Readonly<Record<string, string>>;
  body: string;
  /** The address the request came from. */
  remote: string;
}

/** What goes back: JSON, or text, or nothing (give neither). */
export interface Answer {
  status: number;
  json?: unknown;
  text?: string;
  headers?: Record<string, string>;
}

/** Instead of an answer: the connection is cut. */
export const hangUp = 'hang up';

export type Handler = (call: Call) => Answer | typeof hangUp | Promise<Answer | typeof hangUp>;

export interface Route {
  method: string;
  /** Split at the slashes; undefined stands for a parameter. */
  parts: readonly (string | undefined)[];
  names: readonly string[];
  handler: Handler;
  /** True when it may be called without a login. */
  open: boolean;
  /** True when it is not found without a slash at the end of the path. */
  needsSlash: boolean;
}

/** One generation of the API. */
export interface Api {
  /** What its paths begin with: `/2/`. */
  prefix: string;
  routes: readonly Route[];
  /** Throws Refusal for a caller it does not know. */
  guard: (call: Call) => void;
  /** How it words a refusal. */
  errorAnswer: (refusal: Refusal) => Answer;
}

/**
 * A row of the table. Path parameters are written `{name}` and never contain a slash. A path written with a slash at
 * its end needs that slash in a request, except for GET.
 */
export function route(method: string, path: string, handler: Handler, open = false): Route {
  const bare = path.replace(/\/$/, '');
  const parts = bare.split('/');
  const isName = (part: string) => part.startsWith('{');
  return {
    method,
    parts: parts.map(part => (isName(part) ? undefined : part)),
    names: parts.filter(isName).map(part => part.slice(1, -1)),
    handler,
    open,
    needsSlash: method !== 'GET' && bare !== path,
  };
}

/** The parameters when the path fits, else undefined. Throws Refusal (400) for a path that cannot be decoded. */
export function paramsOf(entry: Route, path: string): Record<string, string> | undefined {
  const given = path.split('/');
  if (given.length !== entry.parts.length) return undefined;
  const values: string[] = [];
  for (const [i, part] of entry.parts.entries()) {
    const value = given[i] ?? '';
    if (part === undefined && value !== '') values.push(decode(value));
    else if (part !== value) return undefined;
  }
  return Object.fromEntries(entry.names.map((name, i) => [name, values[i] ?? '']));
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw badRequest('the path is not URL-encoded');
  }
}
