/** Which events a change of a press is. Pure. */

import type { Notice, WebhookEvent } from '../journal/notice.ts';
import type { PressRecord, Step } from '../journal/records.ts';

const eventOf: Partial<Record<Step, WebhookEvent>> = {
  accepted: 'accepted',
  rejected: 'rejected',
  ready: 'ready',
  failed: 'failed',
  released: 'released',
};

/**
 * The events that make `after` out of `before` (undefined: it is new). A cluster that is ready again because it could
 * not be given back is no news.
 */
export function noticesOf(
  site: string,
  before: PressRecord | undefined,
  after: PressRecord,
  nowMs: number,
): Notice[] {
  const isBack = before?.step === 'releasing' && after.step === 'ready';
  const event = before?.step === after.step || isBack ? undefined : eventOf[after.step];
  const expiring = before?.warnedAt === undefined && after.warnedAt !== undefined;
  const events: (WebhookEvent | undefined)[] = [event, expiring ? 'expiring' : undefined];
  return events.flatMap(each => (each === undefined ? [] : [notice(site, each, after, nowMs)]));
}

function notice(site: string, event: WebhookEvent, record: PressRecord, nowMs: number): Notice {
  const { button, press, profile, cluster, address, server, line, expiresAt } = record;
  return {
    id: `${button}-${press}-${event}-${nowMs}`,
    event,
    at: new Date(nowMs).toISOString(),
    ...{ site, button, press, profile, cluster },
    ...(address === undefined ? {} : { address }),
    ...(server === undefined ? {} : { server }),
    ...(line === undefined ? {} : { line }),
    ...(expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt).toISOString() }),
  };
}
