/** What a simulated management cluster can be asked to be. */
import { SetupError } from '../../config/src/setup-error.ts';
import { type Cidr, parseCidr } from '../ccp/addresses.ts';
import type { ClassOptions } from './classes.ts';
import { defaultClasses } from './classes.ts';
import type { Failure } from './failures.ts';
import type { ApiVersion } from './kinds.ts';

/** Options of `startClusterApiSimulator`. Everything may be left out. */
export interface ClusterApiSimulatorOptions {
  /** Where the HTTPS server listens. Default 127.0.0.1. */
  host?: string;
  /** Default 0: any free port. */
  port?: number;
  /**
   * How many times as fast as a laboratory: 1 builds one control plane machine and two workers in 160 s. More than 0;
   * default 1.
   */
  speed?: number;
  /** Versions of Cluster API that are served. Empty: none of its CRDs is there. Default both. */
  apiVersions?: readonly ApiVersion[];
  /** Which of them discovery prefers. Default v1beta2 if it is served. */
  preferredVersion?: ApiVersion;
  /** Kinds whose CRD is missing: `DockerCluster`. */
  without?: readonly string[];
  /** Whether v1beta1 shows replica counts in `status.v1beta2`, as newer 1.x does. Default true. */
  replicaCounts?: boolean;
  /** Where the clusters' addresses come from: an IPv4 block inside 127.0.0.0/8, /8 to /30. Default 127.30.0.0/16. */
  addressPool?: string;
  /** False: clusters' API servers listen on 127.0.0.1 with free ports. Default true. */
  bindPoolAddresses?: boolean;
  /** Where Cluster objects live. It exists from the start. Default `dashbutton`. */
  namespace?: string;
  /** Further namespaces. */
  namespaces?: readonly string[];
  /** ClusterClasses. Default one, `quick-start`. */
  classes?: readonly ClassOptions[];
  /** The administrator's token. Default: a random one. */
  token?: string;
  /** What the management cluster runs, without the `v`. Default 1.32.13. */
  kubernetesVersion?: string;
  /** What is answered to an applied field that nobody knows. Default 500, as all releases until now do. */
  typedPatchStatus?: 400 | 500;
  /** How often a watch gets a bookmark (real ms). The real server's minute, divided by `speed`, is the default. */
  bookmarkEveryMs?: number;
  /** How many changes a watch can be resumed over. Default 20,000. */
  historyLength?: number;
  /** False: nobody builds or takes down anything, as on a server without Cluster API's controllers. Default true. */
  controllers?: boolean;
  /** What goes wrong from the start. */
  failures?: readonly Failure[];
}

export interface ResolvedOptions extends Required<Omit<ClusterApiSimulatorOptions, 'addressPool' | 'token'>> {
  addressPool: Cidr;
  token: string | undefined;
}

const loopback: Cidr = { text: '127.0.0.0/8', prefix: 8, first: 127 * 2 ** 24, last: 128 * 2 ** 24 - 1 };
/** Network, gateway and broadcast address leave one of the four addresses of a /30. */
const smallestPrefix = 30;
const minuteMs = 60_000;
/** However fast the clock is (ms). */
const leastBookmarkMs = 100;

/** Fills in what was left out. Throws SetupError, one sentence, for the first impossible value. */
export function resolveOptions(options: ClusterApiSimulatorOptions): ResolvedOptions {
  const { addressPool = '127.30.0.0/16', speed = 1, apiVersions = ['v1beta1', 'v1beta2'], ...rest } = options;
  const pool = parseCidr(addressPool);
  if (pool === undefined || pool.first < loopback.first || pool.last > loopback.last) {
    throw new SetupError(`the address pool ${addressPool} is not an IPv4 block inside ${loopback.text}`);
  }
  if (pool.prefix > smallestPrefix) {
    throw new SetupError(`the address pool ${addressPool} has no room: /${smallestPrefix} is the smallest`);
  }
  if (!(speed > 0 && Number.isFinite(speed))) {
    throw new SetupError(`the speed ${speed} is not possible: expected a number above 0`);
  }
  const newest = apiVersions.includes('v1beta2') ? 'v1beta2' : 'v1beta1';
  if (options.preferredVersion !== undefined && !apiVersions.includes(options.preferredVersion)) {
    throw new SetupError(`the preferred version ${options.preferredVersion} is not among the served ones`);
  }
  return {
    host: '127.0.0.1',
    port: 0,
    preferredVersion: newest,
    without: [],
    replicaCounts: true,
    bindPoolAddresses: true,
    namespace: 'dashbutton',
    namespaces: [],
    classes: defaultClasses,
    kubernetesVersion: '1.32.13',
    bookmarkEveryMs: Math.max(leastBookmarkMs, minuteMs / speed),
    historyLength: 20_000,
    controllers: true,
    typedPatchStatus: 500,
    failures: [],
    ...rest,
    token: options.token,
    speed,
    apiVersions,
    addressPool: pool,
  };
}
