/** The relay's settings file as a zod schema, with the words of its reference page. Pure: no file is read. */
import { z } from 'zod';
import { listenAddress } from '../../../config/src/listen-address.ts';
import { limitTable } from '../limits/limits.ts';

/** A path; relative ones are meant from the settings file's folder. */
const file = (what: string) => z.string().min(1, 'expected a path').describe(what);
const port = z.int().min(0).max(65_535).describe('TCP port; 0 for any free one, which the log names.');

const listenerSchema = z
  .strictObject({
    kind: z
      .enum(['mqtt', 'mqtts', 'ws', 'wss'])
      .describe(
        'mqtt: plain; mqtts: TLS; ws: WebSocket, for a reverse proxy that does the TLS; wss: WebSocket with TLS.',
      ),
    host: z.string().min(1).describe('Where it listens. Default: `host` above.').exactOptional(),
    port,
    path: z
      .string()
      .startsWith('/', 'expected a path like /mqtt')
      .describe('Of the WebSocket, for ws and wss. Default: /mqtt.')
      .exactOptional(),
    proxyProtocol: z
      .boolean()
      .describe(
        'Each connection begins with a PROXY header (version 1 or 2), as a TCP load balancer sends it. Only where nobody else can reach the listener: whoever can may claim any address. Default: false.',
      )
      .exactOptional(),
  })
  .refine(({ kind, path }) => path === undefined || kind === 'ws' || kind === 'wss', {
    message: 'only ws and wss have a path',
    path: ['path'],
  });

const certificateSchema = z.strictObject({
  cert: file('The certificate with its intermediates, PEM.'),
  key: file('Its private key, PEM; readable by the relay alone.'),
});

/** Every limit by its name; what is left out has its default. */
const limitsSchema = z.strictObject(
  Object.fromEntries(
    Object.entries(limitTable).map(([name, { usual, why }]) => [
      name,
      z
        .int()
        .min(1)
        .max(2 ** 40)
        .meta({ description: why, default: usual })
        .exactOptional(),
    ]),
  ) as Record<keyof typeof limitTable, z.ZodExactOptional<z.ZodInt>>,
);

export const settingsSchema = z
  .strictObject({
    users: file('Who may connect: the file that enroll and revoke edit. A change counts within a second.'),
    host: z
      .string()
      .min(1)
      .describe('Where listeners listen that do not say so themselves. Default: 127.0.0.1.')
      .exactOptional(),
    listeners: z
      .array(listenerSchema)
      .min(1, 'expected at least one listener')
      .describe('What it listens on.'),
    certificates: z
      .array(certificateSchema)
      .max(2)
      .describe(
        'For mqtts and wss: one with an RSA key for the buttons, and another kind beside it if wanted. Read again when they change on disk.',
      )
      .exactOptional(),
    monitor: listenAddress
      .describe('host:port for metrics (/metrics) and health (/healthz, /readyz). Default: nobody listens.')
      .exactOptional(),
    limits: limitsSchema.describe('Limits that should not be the default.').exactOptional(),
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
