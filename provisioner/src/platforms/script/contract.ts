/** The documents between us and a program that makes clusters. docs/script-platform.md explains them; schemas/ has them as JSON Schema. */
import { z } from 'zod';

export const verbs = ['describe', 'check', 'create', 'observe', 'access', 'delete', 'list'] as const;
export type Verb = (typeof verbs)[number];

/** How a program answers beside its document: its exit code. Every other one means: look again later. */
export const exits = { yes: 0, refused: 10, notSupported: 11 } as const;

export const version = 1;

const clusterSchema = z.strictObject({
  name: z.string().describe('The same press always asks for the same name.'),
  template: z
    .record(z.string(), z.unknown())
    .describe("The profile's template, as it stands in the settings."),
  range: z.string().describe('With create: the address range that it shall have, as a CIDR.').exactOptional(),
  mark: z
    .string()
    .describe(
      'With create: one line to keep with it and to say again with observe: whose it is, for a person and for us.',
    )
    .exactOptional(),
  id: z.string().describe('With delete: the id that observe has told.').exactOptional(),
});

/** On its standard input. */
export const requestSchema = z.strictObject({
  version: z.literal(version).describe('Of this contract.'),
  verb: z.enum(verbs).describe('What is asked; the last argument too.'),
  cluster: clusterSchema.describe('Which; not with describe, check and list.').exactOptional(),
});
export type Request = z.infer<typeof requestSchema>;

const count = z.int().min(0).max(1_000_000);
const id = z.string().min(1).max(253);
const line = z.string().max(10_000);

export const describeSchema = z.looseObject({
  list: z.boolean().describe('It has the verb list. Default: false.').exactOptional(),
  steps: count.describe('How many steps observe counts to; 0 for unknown. Default: 0.').exactOptional(),
});

const identity = {
  id: id.describe('Its own name for it, which it never uses again. Default: the name.').exactOptional(),
  mark: line.describe('As create was told; left out when it keeps none.').exactOptional(),
};

export const observeSchema = z.discriminatedUnion(
  'state',
  [
    z.looseObject({ state: z.literal('absent').describe('There is none of that name.') }),
    z.looseObject({
      ...identity,
      state: z.literal('building').describe('On its way.'),
      phase: line.describe('What it waits for, the useful words first. Default: building.').exactOptional(),
      done: count.describe('Steps that are complete. Default: 0.').exactOptional(),
      total: count.describe('Of so many. Default: as describe says.').exactOptional(),
    }),
    z.looseObject({ ...identity, state: z.literal('ready').describe('Built.') }),
    z.looseObject({ ...identity, state: z.literal('deleting').describe('On its way out.') }),
    z.looseObject({
      ...identity,
      state: z.literal('failed').describe('Broken for good.'),
      message: line.describe('Why, in its own words.').exactOptional(),
    }),
  ],
  { error: 'expected state: absent, building, ready, deleting or failed' },
);

export const accessSchema = z.looseObject({
  kubeconfig: z
    .string()
    .min(1)
    .describe('The whole kubeconfig as text. Or the answer is the kubeconfig itself.'),
});

export const listSchema = z.looseObject({
  clusters: z
    .array(
      z.looseObject({
        name: z.string().min(1).describe('Its name.'),
        ...identity,
        ranges: z
          .array(z.string())
          .max(100)
          .describe('The address ranges it uses, as CIDRs. Default: none.')
          .exactOptional(),
        building: z.boolean().describe('It has not come to an end yet. Default: false.').exactOptional(),
      }),
    )
    .max(100_000)
    .describe("All that it has, other people's too."),
});
