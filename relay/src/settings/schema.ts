/** The relay's settings file as a zod schema. Pure: no file is read. */
import { z } from 'zod';
import { listenAddress } from '../../../config/src/listen-address.ts';
import { defaultLimits } from '../limits/limits.ts';

/** A path; relative ones are meant from the settings file's folder. */
const file = z.string().min(1, 'expected a path');
const port = z.int().min(0).max(65_535);

const listenerSchema = z
  .strictObject({
    kind: z.enum(['mqtt', 'mqtts', 'ws', 'wss']),
    host: z.string().min(1).exactOptional(),
    port,
    path: z.string().startsWith('/', 'expected a path like /mqtt').exactOptional(),
    proxyProtocol: z.boolean().exactOptional(),
  })
  .refine(({ kind, path }) => path === undefined || kind === 'ws' || kind === 'wss', {
    message: 'only ws and wss have a path',
    path: ['path'],
  });

const certificateSchema = z.strictObject({ cert: file, key: file });

/** Every limit of limits.ts by its name; what is left out has its default. */
const limitsSchema = z.strictObject(
  Object.fromEntries(
    Object.keys(defaultLimits).map(name => [
      name,
      z
        .int()
        .min(1)
        .max(2 ** 40)
        .exactOptional(),
    ]),
  ) as Record<keyof typeof defaultLimits, z.ZodExactOptional<z.ZodInt>>,
);

export const settingsSchema = z
  .strictObject({
    users: file,
    host: z.string().min(1).exactOptional(),
    listeners: z.array(listenerSchema).min(1, 'expected at least one listener'),
    certificates: z.array(certificateSchema).max(2).exactOptional(),
    monitor: listenAddress.exactOptional(),
    limits: limitsSchema.exactOptional(),
  })
  .superRefine(({ listeners, certificates }, context) => {
    const secure = listeners.findIndex(({ kind }) => kind === 'mqtts' || kind === 'wss');
    const has = certificates !== undefined && certificates.length > 0;
    if (secure >= 0 && !has) {
      const message = `the ${listeners[secure]?.kind} listener needs a certificate and its key`;
      context.addIssue({ code: 'custom', path: ['certificates'], message });
    }
    if (secure < 0 && has) {
      const message = 'no listener uses it: only mqtts and wss do';
      context.addIssue({ code: 'custom', path: ['certificates'], message });
    }
  });
