/** Records for tests. */
import type { PressRecord } from '../../provisioner/src/journal/records.ts';
import type { Notice } from '../../provisioner/src/webhooks/event.ts';

export function pressRecord(press: number, change: Partial<PressRecord> = {}): PressRecord {
  return {
    button: 'house-01',
    press,
    profile: 'house',
    step: 'accepted',
    history: [],
    cluster: `house-01-${press}`,
    acceptedAt: 1,
    deadlineAt: 2,
    percent: 0,
    told: { batteryMv: 3900, rssiDbm: -60, firmware: '0.1.0' },
    ...change,
  };
}

/** @param atMs when it happened. */
export function noticeOf(press: number, change: Partial<Notice> = {}, atMs = Date.now()): Notice {
  const event = change.event ?? 'accepted';
  return {
    id: `house-01-${press}-${event}-${atMs}`,
    event,
    at: new Date(atMs).toISOString(),
    site: 'lab-01',
    button: 'house-01',
    press,
    profile: 'house',
    cluster: `house-01-${press}`,
    ...change,
  };
}
