/** The settings file as a zod schema: what may stand in it, and what must fit together. Pure: no file is read. */
import { z } from 'zod';
import { listenAddress } from '../../../config/src/listen-address.ts';
import { nameSchema } from '../../../protocol/src/node/schemas.ts';
import { isPool, networkHint } from '../common/cidr.ts';
import { webhookEvents } from '../journal/notice.ts';
import { platformSchema } from '../platforms/kinds.ts';
import { crossProblems } from './config-problems.ts';
import { relaysShape, wayOutShape } from './relays.ts';
import { maxDurationS, profileRulesSchema, rulesSchema } from './rules.ts';

/** A path; relative ones are meant from the settings file's folder. */
const file = z.string().min(1, 'expected a path');

/** Names of platforms and profiles: they stand in logs and in other settings. */
const label = z
  .string()
  .regex(/^[A-Za-z0-9]([A-Za-z0-9_-]{0,38}[A-Za-z0-9])?$/, 'letters, digits, inner - and _');

const durationS = z.int().min(1).max(maxDurationS);

/** From a whole /8 per cluster down to eight addresses. */
const prefixSchema = z.int().min(8).max(29);

const webhookSchema = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, message: 'expected a URL like https://hooks.example.net/dashbutton' })
    .describe('Gets a POST for each event, repeated until it is taken.'),
  secretFile: file.describe(
    'Signs each body, as Standard Webhooks say: a file with whsec_ and base64 of 24 to 64 bytes, or any other text.',
  ),
  events: z.array(z.enum(webhookEvents)).min(1).describe('Which of them. Default: all.').exactOptional(),
  ca: file.describe('PEM of its authority, when the system does not know it.').exactOptional(),
});

const profileSchema = z.strictObject({
  platform: z.string().describe('Name of one of `platforms`.'),
  rangePool: z
    .string()
    .refine(isPool, networkHint)
    .describe(
      "Each cluster gets a range of its own out of this network: its pods', or its nodes' with contiv-aci.",
    ),
  rangePrefix: prefixSchema.describe('Length of the prefix of each of these ranges.'),
  exclude: z
    .array(z.string().refine(isPool, networkHint))
    .max(100)
    .describe(
      "Parts of the pool that no cluster gets: Docker's own 172.17.0.0/16, the company's. Default: none.",
    )
    .exactOptional(),
  expectS: durationS.describe('How long a build usually takes, until this profile has a history of its own.'),
  deadlineS: durationS.describe('Not ready after so long means failed.'),
  rules: profileRulesSchema.describe('What a button of this profile may do.').exactOptional(),
  addOns: z
    .array(z.string().min(1))
    .max(20)
    .describe(
      'What the platform puts into each cluster beside Kubernetes, by its own names (CCP API v3 only).',
    )
    .exactOptional(),
  nodesReady: z
    .boolean()
    .describe('Ready only when the new cluster itself says that all its nodes are. Default: false.')
    .exactOptional(),
  manifests: z
    .array(file)
    .max(20)
    .describe('Applied to each new cluster before it counts as ready (server-side apply).')
    .exactOptional(),
  template: z
    .record(z.string(), z.unknown())
    .describe(
      "What is ordered, in the platform's own terms, without what comes from the press (name and range).",
    ),
});

const buttonSchema = z.strictObject({
  profile: z.string().describe('Name of one of `profiles`: what it orders.'),
  keyFile: file.describe('Its key: base64 of 32 random bytes on one line, as enroll writes it.'),
  rules: rulesSchema.describe("Before the profile's, one by one.").exactOptional(),
});

const shape = z.strictObject({
  site: nameSchema.describe('Name of this lab, as the relay knows it.'),
  ...relaysShape,
  ...wayOutShape,
  siteKeyFile: file.describe('Signs the beacon that tells the buttons that this lab is online.'),
  journal: file.describe('Folder of every press and what became of it. One provisioner per folder.'),
  monitor: listenAddress
    .describe('host:port for metrics (/metrics) and health (/healthz, /readyz). Default: nobody listens.')
    .exactOptional(),
  webhooks: z.array(webhookSchema).max(10).describe('Whom to tell what becomes of presses.').exactOptional(),
  platforms: z.record(label, platformSchema).describe('What makes clusters, by name.'),
  profiles: z.record(label, profileSchema).describe('What a kind of button orders, by name.'),
  buttons: z.record(nameSchema, buttonSchema).describe('By name.'),
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
