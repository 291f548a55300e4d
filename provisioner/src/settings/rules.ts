/** What a lab allows a button: the profile's rules, the button's own before them. Pure. */
import { z } from 'zod';

/** A week: longer than any build, and the most that a status can say (seconds). */
export const maxDurationS = 604_800;

/** What counts where the settings say nothing. */
const usual = {
  whenReady: 'create' as 'show' | 'create',
  /** A few for a button: a child with the button in its hand must not fill the lab. */
  maxClusters: 5,
  coolDownS: 0,
  warnBeforeS: 1_800,
  wakeToWarn: false,
  releaseBy: ['button', 'operator'] as ('button' | 'operator')[],
};

const seconds = (least: number) => z.int().min(least).max(maxDurationS);

/** Rules as the settings may say them. */
export const rulesSchema = z.strictObject({
  whenReady: z
    .enum(['show', 'create'])
    .meta({
      description:
        "What a new press does while the button's last cluster is ready: show says again where that one is, create builds one more.",
      default: usual.whenReady,
    })
    .exactOptional(),
  maxClusters: z
    .int()
    .min(1)
    .max(1000)
    .meta({
      description:
        'Most clusters that one button may have at a time, those under way and those on their way back included.',
      default: usual.maxClusters,
    })
    .exactOptional(),
  coolDownS: seconds(0)
    .meta({ description: 'Least time between two orders of one button.', default: usual.coolDownS })
    .exactOptional(),
  timeToLiveS: seconds(60)
    .describe('A ready cluster is given back after so long. Default: never.')
    .exactOptional(),
  warnBeforeS: seconds(0)
    .meta({
      description: 'And its button warned so long before; at most half the time to live.',
      default: usual.warnBeforeS,
    })
    .exactOptional(),
  wakeToWarn: z
    .boolean()
    .meta({
      description:
        'Whether the button wakes by itself to show the warning. While it waits for that, it feels a finger only once a minute (the chip cannot arm its timer and its pin together) and needs more charge. Without it the warning is on the display at the next press.',
      default: usual.wakeToWarn,
    })
    .exactOptional(),
  releaseBy: z
    .array(z.enum(['button', 'operator']))
    .meta({
      description: 'Who may give a cluster back before its time; [] for nobody.',
      default: usual.releaseBy,
    })
    .exactOptional(),
});

export const profileRulesSchema = rulesSchema.extend({
  maxClustersOfAll: z
    .int()
    .min(1)
    .max(10_000)
    .describe(
      'Most clusters of all buttons of the profile together. Default: as many as the pool has ranges.',
    )
    .exactOptional(),
});

export type RuleSettings = z.infer<typeof rulesSchema>;
export type ProfileRules = z.infer<typeof profileRulesSchema>;

export interface Rules extends Required<Omit<RuleSettings, 'timeToLiveS'>> {
  timeToLiveS: number | undefined;
  maxClustersOfAll: number;
}

/** The rules for one button. */
export function rulesOf(profile: ProfileRules = {}, button: RuleSettings = {}): Rules {
  const { maxClustersOfAll = Number.POSITIVE_INFINITY, ...own } = profile;
  const { timeToLiveS, warnBeforeS, ...said } = { ...usual, ...own, ...button };
  return {
    ...said,
    maxClustersOfAll,
    timeToLiveS,
    warnBeforeS: timeToLiveS === undefined ? 0 : Math.min(warnBeforeS, timeToLiveS / 2),
  };
}
