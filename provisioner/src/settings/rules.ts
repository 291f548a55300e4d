/** What a lab allows a button: the profile's rules, the button's own before them. Pure. */
import type { Asker } from '../journal/records.ts';

/** `show`: say again where that cluster is; `create`: build one more. */
export type WhenReady = 'show' | 'create';

/** As the settings may say them; what is left out has a default. */
export interface RuleSettings {
  /** What a new press does while the button's last cluster is ready. Default `create`. */
  whenReady?: WhenReady;
  /** Most clusters that one button may have at a time, those under way and those on their way back included. */
  maxClusters?: number;
  /** Least time between two orders of one button, in seconds. Default 0. */
  coolDownS?: number;
  /** A ready cluster is given back after so many seconds. Default: never. */
  timeToLiveS?: number;
  /** And its button warned so many seconds before; at most half the time to live. */
  warnBeforeS?: number;
  /**
   * Whether its button wakes by itself to show the warning. While it waits for that, it feels a finger only once a
   * minute (the chip cannot arm its timer and its pin together) and needs more charge. Default false: the warning
   * is on the display at the next press.
   */
  wakeToWarn?: boolean;
  /** Who may give a cluster back before its time. Default: both. */
  releaseBy?: readonly Exclude<Asker, 'time'>[];
}

export interface ProfileRules extends RuleSettings {
  /** Most clusters of all buttons of the profile together. Default: as many as the pool has ranges. */
  maxClustersOfAll?: number;
}

export interface Rules extends Required<Omit<RuleSettings, 'timeToLiveS'>> {
  timeToLiveS: number | undefined;
  maxClustersOfAll: number;
}

/** A few for a button: a child with the button in its hand must not fill the lab. */
const defaultMaxClusters = 5;
const defaultWarnBeforeS = 1_800;

/** The rules for one button. */
export function rulesOf(profile: ProfileRules = {}, button: RuleSettings = {}): Rules {
  const said = { ...profile, ...button };
  const { timeToLiveS } = said;
  const warnBeforeS = said.warnBeforeS ?? defaultWarnBeforeS;
  return {
    whenReady: said.whenReady ?? 'create',
    maxClusters: said.maxClusters ?? defaultMaxClusters,
    maxClustersOfAll: profile.maxClustersOfAll ?? Number.POSITIVE_INFINITY,
    coolDownS: said.coolDownS ?? 0,
    timeToLiveS,
    wakeToWarn: said.wakeToWarn ?? false,
    warnBeforeS: timeToLiveS === undefined ? 0 : Math.min(warnBeforeS, timeToLiveS / 2),
    releaseBy: said.releaseBy ?? ['button', 'operator'],
  };
}
