/** A running provisioner, as the command line, the page and the tests have it. */
import type { Logger } from '../../config/src/log.ts';
import type { Jump } from './common/clock.ts';
import type { Health } from './health.ts';
import type { PressRecord } from './journal/records.ts';
import type { Counters } from './presses/counters.ts';
import type { ProvisionerConfig } from './settings/config.ts';
import type { RelayState } from './uplink/relays.ts';
import type { RefusedNotice } from './webhooks/webhooks.ts';

export interface ProvisionerDeps {
  log: Logger;
  /** Milliseconds since 1970: the site's clock. Default: this machine's. */
  now?: () => number;
  /** Milliseconds in which this process ran: see {@link Clock.ran}. Default: measured. */
  ran?: () => number;
  /** 0 to below 1, for jitter only. */
  random?: () => number;
  /** While another provisioner has the relay login: until it is looked for, in milliseconds. Default: see Aside. */
  firstLookMs?: number;
}

/** A running provisioner. */
export interface Provisioner {
  readonly counters: Readonly<Counters>;
  /** True while connected to a relay at least. */
  readonly connected: boolean;
  /** Why there is no connection to any, beginning with the hop (PROXY or RELAY); undefined while there is one. */
  readonly lastError: string | undefined;
  /** Builds, releases and clean-ups under way. */
  readonly underWay: number;
  /** Each relay, in the order of the settings. */
  readonly relays: readonly RelayState[];
  /** How often this machine's clock has jumped, and how the last time. */
  readonly clockJumps: { readonly count: number; readonly last?: Jump };
  /** Notices that webhooks have not taken yet. */
  readonly noticesWaiting: number;
  /** Notices that a webhook has refused for good, oldest first. */
  refusedNotices(): RefusedNotice[];
  /** Sends refused notices again: those with these ids, or all. Resolves with how many they are. */
  sendNoticesAgain(ids?: readonly string[]): Promise<number>;
  /** Resolves with true once connected and listening, with false after `limitMs`. */
  whenOnline(limitMs: number): Promise<boolean>;
  /** What the journal says of every press, for the command line and for tests. */
  presses(): PressRecord[];
  /** How every part is doing. */
  health(): Health;
  /**
   * Gives a cluster back on an operator's word: one that is ready, one that is being built (which is called off), or what
   * a failed build has left. Resolves, once
   * the order is on disk, with what is being done, as a sentence.
   * @throws SetupError when there is no such cluster of ours, or it may not be given back now.
   */
  release(cluster: string): Promise<string>;
  /** The text of a whole copy of the journal as it is on disk at this moment: see journal/copy.ts. */
  copyJournal(): string;
  /**
   * The kubeconfig of a ready cluster of ours, for an operator at the command line: a secret.
   * @throws SetupError when there is none to hand out, PlatformError when the platform does not give it.
   */
  kubeconfig(cluster: string): Promise<string>;
  /**
   * Takes new settings over, whole or not at all: buttons, keys, rules and profiles, webhooks, relays and platforms.
   * Builds go on; what is under way on a platform whose own settings have changed goes on with the new ones.
   * @throws SetupError when that needs a restart (site, journal, monitor), or a platform cannot be used; then all is as
   *   before.
   */
  update(config: ProvisionerConfig): Promise<void>;
  /** Says offline, leaves builds and releases for the next start, closes everything. Within 5 s. */
  stop(): Promise<void>;
}
