/** One call to the simulated API server, and what can go back. */
import type { Account } from './accounts.ts';
import type { Kind } from './kinds.ts';
import type { Store } from './store.ts';
import type { Target } from './target.ts';
import type { Watches } from './watches.ts';

export interface Call {
  method: string;
  path: string;
  query: URLSearchParams;
  /** Without parameters. */
  contentType: string;
  userAgent: string;
  body: string;
  account: Account;
}

export interface Answer {
  status: number;
  json?: object;
  text?: string;
  /** For `Warning` headers, without their code. */
  warnings?: readonly string[];
}

/** What everything that answers works with. */
export interface Served {
  kinds: readonly Kind[];
  store: Store;
  watches: Watches;
  /** Whether v1beta1 shows replica counts, as newer releases of Cluster API do. */
  counts: boolean;
  /** What is answered to an applied field that nobody knows. */
  typedPatchStatus: 400 | 500;
  /** Whether v1beta1 is told to be on its way out. */
  deprecatesV1beta1: boolean;
}

export interface TargetedCall extends Call {
  target: Target;
}
