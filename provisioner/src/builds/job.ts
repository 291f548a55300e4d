/** What every piece of work under way needs: builds, releases and clean-ups alike. */
import type { Logger } from '../../../config/src/log.ts';
import type { StatusOutbox } from '../buttons/status-outbox.ts';
import type { Origin, Platform, Target } from '../common/platform.ts';
import type { Journal } from '../journal/index.ts';
import { markOf } from '../journal/queries.ts';
import type { PressRecord } from '../journal/records.ts';
import type { Profile } from '../settings/config.ts';
import type { Rules } from '../settings/rules.ts';
import type { Ours } from './delete.ts';

export interface JobDeps {
  /** The site's name: part of our mark on the platform. */
  site: string;
  journal: Journal;
  outbox: StatusOutbox;
  platform: Platform;
  profile: Profile;
  rules: Rules;
  /** Says button, press and cluster in every line. */
  log: Logger;
  /** The wall's clock: for what is told and written. */
  now: () => number;
  /** The time in which this process ran: for whatever ends, fails or waits. See clock.ts. */
  ran: () => number;
  random: () => number;
}

/** Runs by itself until it is done or stopped; the journal says where the next process goes on. */
export interface Job {
  /** Never rejects. */
  run(): Promise<void>;
  stop(): void;
}

export function targetOf(profile: Profile, record: PressRecord): Target {
  return { name: record.cluster, template: profile.template, addOns: profile.addOns ?? [] };
}

/** What its cluster keeps of it beside our mark. */
export function originOf({ profile, acceptedAt }: PressRecord): Origin {
  return { profile, acceptedAt };
}

/** How this press's cluster is known on the platform. */
export function oursOf({ site, profile }: Pick<JobDeps, 'site' | 'profile'>, record: PressRecord): Ours {
  return { target: targetOf(profile, record), id: record.id, mark: markOf(site, record) };
}
