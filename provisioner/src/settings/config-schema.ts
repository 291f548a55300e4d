/** The settings file as a zod schema: what may stand in it, and what must fit together. Pure: no file is read. */
import { z } from 'zod';
import { listenAddress } from '../../../config/src/listen-address.ts';
import { nameSchema } from '../../../protocol/src/node/schemas.ts';
import { isPool, networkHint } from '../common/cidr.ts';
import { webhookEvents } from '../journal/notice.ts';
import { platformSchema } from '../platforms/kinds.ts';
import { crossProblems } from './config-problems.ts';
import { relaysShape, wayOutShape } from './relays.ts';

/** A week: longer than any build, and the most that a status can say (seconds). */
const maxDurationS = 604_800;

/** A path; relative ones are meant from the settings file's folder. */
const file = z.string().min(1, 'expected a path');

/** Names of platforms and profiles: they stand in logs and in other settings. */
const label = z
  .string()
  .regex(/^[A-Za-z0-9]([A-Za-z0-9_-]{0,38}[A-Za-z0-9])?$/, 'letters, digits, inner - and _');

const durationS = z.int().min(1).max(maxDurationS);

/** From a whole /8 per cluster down to eight addresses. */
const prefixSchema = z.int().min(8).max(29);

/** Rules of a profile; those of a button go before them, one by one. */
const rulesSchema = z.strictObject({
  whenReady: z.enum(['show', 'create']).exactOptional(),
  maxClusters: z.int().min(1).max(1000).exactOptional(),
  coolDownS: z.int().min(0).max(maxDurationS).exactOptional(),
  timeToLiveS: z.int().min(60).max(maxDurationS).exactOptional(),
  warnBeforeS: z.int().min(0).max(maxDurationS).exactOptional(),
  wakeToWarn: z.boolean().exactOptional(),
  releaseBy: z.array(z.enum(['button', 'operator'])).exactOptional(),
});

const webhookSchema = z.strictObject({
  url: z.url({ protocol: /^https?$/, message: 'expected a URL like https://hooks.example.net/dashbutton' }),
  secretFile: file,
  events: z.array(z.enum(webhookEvents)).min(1).exactOptional(),
  ca: file.exactOptional(),
});

const profileSchema = z.strictObject({
  platform: z.string(),
  rangePool: z.string().refine(isPool, networkHint),
  rangePrefix: prefixSchema,
  exclude: z.array(z.string().refine(isPool, networkHint)).max(100).exactOptional(),
  expectS: durationS,
  deadlineS: durationS,
  rules: rulesSchema.extend({ maxClustersOfAll: z.int().min(1).max(10_000).exactOptional() }).exactOptional(),
  addOns: z.array(z.string().min(1)).max(20).exactOptional(),
  nodesReady: z.boolean().exactOptional(),
  manifests: z.array(file).max(20).exactOptional(),
  template: z.record(z.string(), z.unknown()),
});

const buttonSchema = z.strictObject({
  profile: z.string(),
  keyFile: file,
  rules: rulesSchema.exactOptional(),
});

const shape = z.strictObject({
  site: nameSchema,
  ...relaysShape,
  ...wayOutShape,
  siteKeyFile: file,
  journal: file,
  monitor: listenAddress.exactOptional(),
  webhooks: z.array(webhookSchema).max(10).exactOptional(),
  platforms: z.record(label, platformSchema),
  profiles: z.record(label, profileSchema),
  buttons: z.record(nameSchema, buttonSchema),
});

/** The settings file, checked; paths and secrets not yet read. */
export type Settings = z.infer<typeof shape>;

/** Adds what must fit together, also when something else is wrong: all problems at once. */
export const settingsSchema: z.ZodType<Settings> = shape.superRefine(
  (value, context) => {
    for (const { path, message } of crossProblems(value)) context.addIssue({ code: 'custom', path, message });
  },
  { when: () => true },
);
