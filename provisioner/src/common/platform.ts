/** The one interface behind which every container platform stands. Copy a driver's folder to add another. */

/** A profile's template: the platform's own create payload, checked by the driver's schema when the settings were read. */
export type Template = Readonly<Record<string, unknown>>;

/** Which cluster, and what was ordered: enough to find it again after any crash. */
export interface Target {
  /** `<button>-<press number>`: the same press always asks for the same name, so asking twice is harmless. */
  name: string;
  template: Template;
  /** What the profile wants on top, by the platform's names for it (monitoring, logging, …). */
  addOns: readonly string[];
}

/** What a cluster keeps of its order beside our mark: with these a lost journal is made again. */
export interface Origin {
  /** The name of the profile in the settings. */
  profile: string;
  /** When the press was accepted, in milliseconds since 1970. */
  acceptedAt: number;
}

/** A cluster to ask for. The platform's own settings come from the profile. */
export interface ClusterRequest extends Target {
  /** The address range reserved for it, as a CIDR. */
  range: string;
  /** One line for people who look at the platform's own list, and our mark: see {@link ClusterIdentity.description}. */
  description: string;
  /** No part of the mark: what is ours is told without it. */
  origin?: Origin;
}

/** What every look at an existing cluster tells. */
export interface ClusterIdentity {
  /** The platform's own id: it is never used again, so a cluster is removed by it and not by its name. */
  id: string;
  /** What the platform has kept of {@link ClusterRequest.description}; empty when it keeps none. */
  description: string;
}

/** What the platform says of a cluster at one look. */
export type Observation =
  | { kind: 'absent' }
  /**
   * Being built. `done` of `total` steps (for example nodes) are complete. `phase` may be longer than a display, the
   * useful words first; `trouble`, while something holds it up, is the platform's own sentence, for the log.
   */
  | (ClusterIdentity & { kind: 'building'; phase: string; trouble?: string; done: number; total: number })
  /** Built, says the platform. The provisioner believes it when the API server has answered. */
  | (ClusterIdentity & { kind: 'ready' })
  /** On its way out, by whoever's wish. */
  | (ClusterIdentity & { kind: 'deleting' })
  /** Broken for good, with the platform's own words. */
  | (ClusterIdentity & { kind: 'failed'; message: string });

/** A cluster in the platform's own list, ours or anybody's. */
export interface Listed extends ClusterIdentity {
  name: string;
  /** As CIDRs. */
  ranges: readonly string[];
  /** It has not come to an end yet, good or bad: if it is a dash button's, nobody has been told that it is ready. */
  isBuilding: boolean;
  /** As far as it was written there; not by version 0.1.0. */
  origin?: Partial<Origin>;
}

/** Where a cluster's API server is and how to get in. */
export interface Access {
  /** Host, or host:port when the port is neither 6443 nor 443: what a person would type. At most 64 characters. */
  address: string;
  /** For people: the API's URL as the kubeconfig's current context has it, or where that leads to. */
  server: string;
  /** The whole kubeconfig as YAML. Secret: never logged, never on disk, never on the relay. */
  kubeconfig: string;
}

/**
 * A driver. Every call may throw {@link PlatformError}, takes an AbortSignal and has a time limit of its own.
 */
export interface Platform {
  /** Logs in and reads something cheap. Throws when the platform cannot be used. */
  check(signal: AbortSignal): Promise<void>;
  /**
   * What the template names and the platform does not have (a datastore, a subnet, an image …), with what there is
   * instead. Empty when all is there. Reads only.
   */
  checkTemplate(template: Template, signal: AbortSignal): Promise<Missing[]>;
  /** Its own networks, where it tells them: no cluster's range may meet one of these. CIDRs with their names. */
  networks?(signal: AbortSignal): Promise<{ cidr: string; name: string }[]>;
  /** How many steps {@link observe} will count for a build of this template; 0 when it cannot be known before. */
  stepsOf(template: Template): number;
  /**
   * All clusters that it has, ours and other people's, as they are after this call. One that cannot list gives those that
   * were looked at.
   * @param all for who concludes something from what is not in the list: one that cannot list throws then.
   */
  clusters(signal: AbortSignal, all?: boolean): Promise<Listed[]>;
  /** The same as it showed them last, without asking it; undefined when that is too long ago. */
  recent(): readonly Listed[] | undefined;
  /**
   * Asks for the cluster. Resolves when the platform has taken the order or has finished it (some block until
   * then); rejects when it refused, or when the connection died, in which case the cluster may exist all the
   * same: {@link observe} tells.
   */
  create(request: ClusterRequest, signal: AbortSignal): Promise<void>;
  /**
   * @param builds true for whoever builds it: then what a create that died half-way has left out may be made. Without
   *   it nothing is written.
   */
  observe(target: Target, signal: AbortSignal, builds?: boolean): Promise<Observation>;
  /**
   * Brings a ready cluster's add-ons one step nearer: called again and again until it says that nothing is missing.
   * Harmless to repeat at any point, also after a crash.
   * @returns what is under way in a few words for the display, or undefined when all add-ons are there.
   * @throws PlatformError, not transient when an add-on has failed for good.
   */
  equip(target: Target, signal: AbortSignal): Promise<string | undefined>;
  /**
   * Asks for the removal of the cluster with this id. Resolves when the platform has taken the order, is done with
   * it, or has no such cluster; {@link observe} tells when it is gone.
   */
  remove(target: Target, id: string, signal: AbortSignal): Promise<void>;
  access(target: Target, signal: AbortSignal): Promise<Access>;
  /** Closes its connections. Calls under way reject. */
  close(): Promise<void>;
}

/** The ranges that clusters on the platform already use, as CIDRs. @throws PlatformError */
export async function usedRanges(platform: Platform, signal: AbortSignal): Promise<string[]> {
  return (await platform.clusters(signal)).flatMap(({ ranges }) => ranges);
}

/** What a display shows while nobody knows more. */
export const notAnswering = 'platform not answering';

/**
 * Whose matter a refusal is. `login`: it is not taken, or cannot be read; `rights`: it may not do that; `namespace`:
 * there is none of that name; `kind`: that kind of object, or its version, is not served; `dry-run`: somebody who has to be
 * asked cannot be without consequences.
 */
export type PlatformCode = 'login' | 'rights' | 'namespace' | 'kind' | 'dry-run';

interface PlatformErrorOptions {
  transient: boolean;
  brief?: string;
  code?: PlatformCode | undefined;
  namespace?: string | undefined;
  cause?: unknown;
}

/** Something that a template names and its platform does not have, or would refuse. */
export interface Missing {
  /** Which of the template's settings, as a path in it (`workers.0.class`); empty: none in particular. */
  setting: string;
  found: string;
  /** The names of what there is instead, as one text; `none`; absent where that is not known. */
  there?: string;
  code?: PlatformCode | undefined;
  namespace?: string | undefined;
}

/** For a log: `class: there is no x; there is y`. */
export function missingLine({ setting, found, there }: Missing): string {
  return `${setting === '' ? '' : `${setting}: `}${found}${there === undefined ? '' : `; there is ${there}`}`;
}

/** What went wrong, in the platform's words, and whether the same call may succeed later. */
export class PlatformError extends Error {
  override name = 'PlatformError';
  /** Whose matter it is, where that is known. */
  readonly code: PlatformCode | undefined;
  /** With `rights` and `namespace`: where. */
  readonly namespace: string | undefined;
  /** True when the platform did not decide (connection lost, 5xx, timeout): look again. False when it refused. */
  readonly transient: boolean;
  /** Of a transient one: what a display shows meanwhile. */
  readonly brief: string;
  constructor(message: string, options: PlatformErrorOptions) {
    super(message, { cause: options.cause });
    this.code = options.code;
    this.namespace = options.namespace;
    this.transient = options.transient;
    this.brief = options.brief ?? notAnswering;
  }
}

/** What a display shows of trouble that may pass. */
export function briefOf(error: unknown): string {
  return error instanceof PlatformError ? error.brief : notAnswering;
}

/** True when the platform decided against it: trying again changes nothing. */
export function isRefusal(error: unknown): boolean {
  return error instanceof PlatformError && !error.transient;
}
