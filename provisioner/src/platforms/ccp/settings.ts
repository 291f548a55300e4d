/** Settings of a Cisco Container Platform: how to reach it, and the template of a cluster (v2 create payload). */
import { z } from 'zod';

const httpsUrl = z.url({ protocol: /^https$/, message: 'expected a URL like https://ccp.lab.example.net' });

/** SHA-256 of the certificate, as `openssl x509 -fingerprint -sha256` prints it, with or without colons. */
const fingerprint = z
  .string()
  .regex(/^([0-9a-f]{2}:?){31}[0-9a-f]{2}$/i, 'expected a SHA-256 fingerprint: 64 hexadecimal digits')
  .transform(text => text.replaceAll(':', '').toUpperCase());

export const ccpSchema = z
  .strictObject({
    type: z.literal('ccp'),
    url: httpsUrl,
    username: z.string().min(1),
    passwordFile: z.string().min(1),
    ca: z.string().min(1).exactOptional(),
    fingerprint: fingerprint.exactOptional(),
  })
  .refine(value => (value.ca === undefined) !== (value.fingerprint === undefined), {
    message:
      'expected exactly one of ca (a PEM file) and fingerprint (SHA-256 of the certificate): the platform signs its certificate itself',
  });

/** The same with secrets and files read. */
export interface CcpConfig {
  type: 'ccp';
  /** Origin, without a slash at the end. */
  url: string;
  username: string;
  password: string;
  /** How its certificate is known: PEM of the authority, or 64 upper-case hexadecimal digits of SHA-256. */
  trust: { ca: string } | { fingerprint: string };
}

/** Which key of `network_plugin.details` holds the range, by plugin (`ccp-api`, section 3.4). */
export const rangeKeys = {
  calico: 'pod_cidr',
  'contiv-vpp': 'pod_cidr',
  'contiv-aci': 'node_vlan_cidr',
} as const;

const fromThePress = z.never({ error: 'comes from the press: leave it out' }).optional();

/**
 * A v2 create payload (`ccp-api`, section 3.1). What we need is checked; everything else goes through as it
 * is, because the payload has a long tail and the platform checks it itself.
 */
export const ccpTemplateSchema = z.looseObject({
  name: fromThePress,
  description: z.string().max(200).optional(),
  // v2 builds one master only.
  masters: z.literal(1, 'expected 1: v2 of the platform builds one master'),
  workers: z.int().min(1).max(100),
  network_plugin: z.looseObject({
    name: z.enum(['calico', 'contiv-vpp', 'contiv-aci']),
    details: fromThePress,
  }),
});
export type CcpTemplate = z.infer<typeof ccpTemplateSchema>;
