/** Settings of a Cisco Container Platform: how to reach it. The template of a cluster is in template.ts. */
import { z } from 'zod';
import type { SettingsFiles } from '../../common/settings-files.ts';
import { networksSchema } from '../networks.ts';

export { ccpTemplateSchema } from './template.ts';

const httpsUrl = z.url({ protocol: /^https$/, message: 'expected a URL like https://ccp.lab.example.net' });

/** SHA-256 of the certificate, as `openssl x509 -fingerprint -sha256` prints it, with or without colons. */
const fingerprint = z
  .string()
  .regex(/^([0-9a-f]{2}:?){31}[0-9a-f]{2}$/i, 'expected a SHA-256 fingerprint: 64 hexadecimal digits')
  .transform(text => text.replaceAll(':', '').toUpperCase());

export const ccpSchema = z
  .strictObject({
    type: z.literal('ccp').describe('Cisco Container Platform, API v2 and v3.'),
    url: httpsUrl.describe('Of its control plane.'),
    username: z.string().min(1).describe('Login of a user of the platform.'),
    passwordFile: z.string().min(1).describe('Its password.'),
    ca: z.string().min(1).describe('PEM of its authority; this or fingerprint.').exactOptional(),
    fingerprint: fingerprint
      .describe('SHA-256 of its certificate, which the platform signs itself; this or ca.')
      .exactOptional(),
    networks: networksSchema.exactOptional(),
  })
  .refine(value => (value.ca === undefined) !== (value.fingerprint === undefined), {
    message:
      'expected exactly one of ca (a PEM file) and fingerprint (SHA-256 of the certificate): the platform signs its certificate itself',
  });

export type CcpSettings = z.infer<typeof ccpSchema>;

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

/** @param at where the settings stand, for example `platforms.lab`. */
export function ccpConfig(settings: CcpSettings, at: string, files: SettingsFiles): CcpConfig {
  const { type, url, username, passwordFile, ca = '', fingerprint } = settings;
  return {
    type,
    url: new URL(url).origin,
    username,
    password: files.secret(passwordFile, `${at}.passwordFile`),
    trust: fingerprint === undefined ? { ca: files.pem(ca, `${at}.ca`) } : { fingerprint },
  };
}
