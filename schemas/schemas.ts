/** The files that people write for us, each with the schema that checks it. */
import { z } from 'zod';
import { clusterApiTemplateForms } from '../provisioner/src/platforms/cluster-api/template.ts';
import {
  accessSchema,
  describeSchema,
  listSchema,
  observeSchema,
  requestSchema,
} from '../provisioner/src/platforms/script/contract.ts';
import { settingsSchema as provisioner } from '../provisioner/src/settings/config-schema.ts';
import { usersSchema as users } from '../relay/src/auth/users.ts';
import { settingsSchema as relay } from '../relay/src/settings/schema.ts';

/** As much of JSON Schema (draft 2020-12) as zod writes for our schemas. */
export interface JsonSchema {
  title?: string;
  description?: string;
  default?: unknown;
  type?: string;
  const?: unknown;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: JsonSchema | boolean;
  items?: JsonSchema;
  oneOf?: JsonSchema[];
}

export interface Part {
  /** Of its heading on the reference page. */
  title: string;
  words: string;
  schema: JsonSchema;
}

const json = (schema: z.ZodType): JsonSchema =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;

/** By the name of the schema's file. */
export const files = {
  relay: {
    title: "A relay's settings",
    words:
      '`dashbutton relay --config relay.yaml`; an example with all of it: [relay/example.yaml](../relay/example.yaml).',
    schema: json(relay),
  },
  users: {
    title: "A relay's users file",
    words: 'Written by `dashbutton enroll` and `revoke`.',
    schema: json(users),
  },
  provisioner: {
    title: "A provisioner's settings",
    words:
      '`dashbutton provisioner --config lab.yaml`; an example with all of it: [provisioner/example.yaml](../provisioner/example.yaml).',
    schema: json(provisioner),
  },
} satisfies Record<string, Part>;

/** The documents of a platform of type script: what it reads, and by verb what it answers. One file, on no page of settings. */
export const scriptDocuments = {
  title: 'Documents of a platform of type script, by docs/script-platform.md',
  $defs: {
    request: json(requestSchema),
    describe: json(describeSchema),
    observe: json(observeSchema),
    access: json(accessSchema),
    list: json(listSchema),
  },
};

/** What stands in a profile's template, where that is ours to say. */
export const templates: Part[] = [
  {
    title: 'Template of type cluster-api: a topology',
    words: 'One Cluster of a ClusterClass: [cluster-api.md](cluster-api.md).',
    schema: json(clusterApiTemplateForms.topology),
  },
  {
    title: 'Template of type cluster-api: manifests',
    words: 'Objects of your own with placeholders: [cluster-api.md](cluster-api.md).',
    schema: json(clusterApiTemplateForms.manifests),
  },
];
