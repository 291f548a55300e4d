/** What a webhook tells: the events of a press, as zod sees them when the journal is read back. */
import { z } from 'zod';
import { nameSchema } from '../../../protocol/src/node/schemas.ts';

export const webhookEvents = ['accepted', 'rejected', 'ready', 'failed', 'expiring', 'released'] as const;
export type WebhookEvent = (typeof webhookEvents)[number];

/** One event, as it goes out (JSON). No secret, no kubeconfig. */
export const noticeSchema = z.strictObject({
  /** The same in every repetition: `<button>-<press>-<event>-<milliseconds>`. */
  id: z.string(),
  event: z.enum(webhookEvents),
  /** ISO 8601. */
  at: z.string(),
  site: nameSchema,
  button: nameSchema,
  press: z.int().min(0),
  profile: z.string(),
  cluster: z.string(),
  address: z.string().exactOptional(),
  server: z.string().exactOptional(),
  /** Why it failed, was rejected, or what warns. */
  line: z.string().exactOptional(),
  /** With `ready` and `expiring`: when it is given back by itself, ISO 8601. */
  expiresAt: z.string().exactOptional(),
});
export type Notice = z.infer<typeof noticeSchema>;
