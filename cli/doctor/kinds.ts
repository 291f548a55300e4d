/** What the doctor looks at, by the kind of a platform. */
import type { PlatformConfig, PlatformType } from '../../provisioner/src/platforms/kinds.ts';
import { ccpDoctor } from './ccp.ts';
import { clusterApiDoctor } from './cluster-api.ts';
import type { PlatformDoctor } from './platform-doctor.ts';
import { scriptDoctor } from './script.ts';

const doctors = { ccp: ccpDoctor, 'cluster-api': clusterApiDoctor, script: scriptDoctor } satisfies Record<
  PlatformType,
  PlatformDoctor<never>
>;

export function doctorOf({ type }: PlatformConfig): PlatformDoctor<PlatformConfig> {
  return doctors[type];
}
