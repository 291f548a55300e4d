/** Cisco Container Platform, as the settings and the doctor know it. */
import type { PlatformKind } from '../kind.ts';
import { type CcpConfig, type CcpSettings, ccpConfig, ccpSchema, ccpTemplateSchema } from './settings.ts';
import { addOnProblem, rangeProblem } from './template.ts';

export const ccpKind = {
  schema: ccpSchema,
  templateSchema: ccpTemplateSchema,
  // Its lists take seconds each.
  isCheckedAtStart: false,
  rangeProblem,
  addOnProblem,
  networks: () => [],
  config: ccpConfig,
  template: template => template,
  secretFiles: ({ passwordFile }) => [['passwordFile', passwordFile]],
  usesEnvironment: () => false,
  settingNames: ({ trust }) => ({
    server: 'url',
    authority: 'ca' in trust ? 'ca' : 'fingerprint',
    login: 'passwordFile',
    proxy: 'url',
  }),
  make: async config => {
    const { CcpPlatform } = await import('./ccp.ts');
    return new CcpPlatform(config);
  },
} satisfies PlatformKind<CcpSettings, CcpConfig>;
