/** Records for tests. */
import type { PressRecord } from '../../provisioner/src/records.ts';

export function pressRecord(press: number, change: Partial<PressRecord> = {}): PressRecord {
  return {
    button: 'house-01',
    press,
    profile: 'house',
    step: 'accepted',
    cluster: `house-01-${press}`,
    acceptedAt: 1,
    deadlineAt: 2,
    percent: 0,
    told: { batteryMv: 3900, rssiDbm: -60, firmware: '0.1.0' },
    ...change,
  };
}
