/** The one interface behind which every container platform stands. Copy a driver's folder to add another. */

/** A cluster to ask for. The platform's own settings come from the profile. */
export interface ClusterRequest {
  /** `<button>-<press number>`: the same press always asks for the same name, so asking twice is harmless. */
  name: string;
  /** The address range reserved for it, as a CIDR. */
  range: string;
  /** One line for people who look at the platform's own list. */
  description: string;
  /** The profile's template, checked by the driver's own schema when the settings were read. */
  template: Readonly<Record<string, unknown>>;
}

/** What the platform says of a cluster at one look. */
export type Observation =
  | { kind: 'absent' }
  /** Being built. `done` of `total` steps (for example nodes) are complete. */
  | { kind: 'building'; phase: string; done: number; total: number }
  /** Built, says the platform. The provisioner believes it when the API server has answered. */
  | { kind: 'ready' }
  /** Broken for good, with the platform's own words. */
  | { kind: 'failed'; message: string };

/** Where a cluster's API server is and how to know that it is the right one. */
export interface Access {
  /** Host, or host:port when the port is not 6443: what a person would type. */
  address: string;
  /** The API's URL as the kubeconfig has it. */
  server: string;
  /** PEM of the cluster's certificate authority. */
  ca: string;
}

/**
 * A driver. Every call may throw {@link PlatformError}, takes an AbortSignal and has a time limit of its own.
 */
export interface Platform {
  /** Logs in and reads something cheap. Throws when the platform cannot be used. */
  check(signal: AbortSignal): Promise<void>;
  /** How many steps {@link observe} will count for a build of this template; 0 when it cannot be known before. */
  stepsOf(template: ClusterRequest['template']): number;
  /** The ranges that clusters on the platform already use, ours and other people's, as CIDRs. */
  usedRanges(signal: AbortSignal): Promise<string[]>;
  /**
   * Asks for the cluster. Resolves when the platform has taken the order or has finished it (some block until
   * then); rejects when it refused, or when the connection died, in which case the cluster may exist all the
   * same: {@link observe} tells.
   */
  create(request: ClusterRequest, signal: AbortSignal): Promise<void>;
  /** @param template the profile's: how many nodes to expect. */
  observe(name: string, template: ClusterRequest['template'], signal: AbortSignal): Promise<Observation>;
  /**
   * Asks for the removal of a cluster that we made. Resolves when the platform has taken the order, is done with
   * it, or has no such cluster; {@link observe} tells when it is gone.
   */
  remove(name: string, signal: AbortSignal): Promise<void>;
  access(name: string, signal: AbortSignal): Promise<Access>;
  /** Closes its connections. Calls under way reject. */
  close(): Promise<void>;
}

/** What went wrong, in the platform's words, and whether the same call may succeed later. */
export class PlatformError extends Error {
  override name = 'PlatformError';
  /** True when the platform did not decide (connection lost, 5xx, timeout): look again. False when it refused. */
  readonly transient: boolean;
  constructor(message: string, options: { transient: boolean; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.transient = options.transient;
  }
}

/** True when the platform decided against it: trying again changes nothing. */
export function isRefusal(error: unknown): boolean {
  return error instanceof PlatformError && !error.transient;
}
