/** The way of a press as stations, each lit by what really happened there. Pure: facts in, stations out. */
import type { TraceEntry } from '../../simulator/board/trace.ts';
import type { Facts } from './facts.ts';

export const stations = [
  'button',
  'hotspot',
  'relay',
  'proxy',
  'provisioner',
  'platform',
  'cluster',
] as const;
export type Station = (typeof stations)[number];

export const titles: Record<Station, string> = {
  button: 'Button',
  hotspot: 'Hotspot',
  relay: 'Relay',
  proxy: 'Proxy',
  provisioner: 'Provisioner',
  platform: 'Platform',
  cluster: 'New cluster',
};

export interface Stop {
  station: Station;
  /** Milliseconds after the finger; undefined: the press has not come here. */
  afterMs?: number;
  /** It was here that it ended. */
  failed?: true;
}

/** Where it was told that a press failed → the station that did not do its part. */
const failedAt: Record<string, Station> = {
  HOTSPOT: 'hotspot',
  BATTERY: 'button',
  DEVICE: 'button',
  RELAY: 'relay',
  KEY: 'provisioner',
  STALE: 'provisioner',
  QUOTA: 'provisioner',
  PLATFORM: 'platform',
};

/** A press of the page's own board. Times in milliseconds since 1970. */
export interface Finger {
  button: string;
  /** When it went down. */
  at: number;
  /** What the board did since then, with such times. */
  trace: readonly TraceEntry[];
  /** The error that the display shows, if it does. */
  code?: string;
}

/**
 * The stations in their order. A press that joins a build lights what that build went through since: a station is lit at the
 * finger's own time at the earliest.
 */
export function wayOf(finger: Finger | undefined, facts: Pick<Facts, 'passed' | 'presses'>): Stop[] {
  if (finger === undefined) return stations.map(station => ({ station }));
  const { button, at: from } = finger;
  const seen = (fits: (entry: TraceEntry) => boolean) => finger.trace.find(fits)?.atMs;
  const opened = finger.trace.findIndex(entry => entry.what === 'socket' && entry.event === 'open');
  const answered =
    opened < 0
      ? undefined
      : finger.trace.slice(opened).find(entry => entry.what === 'socket' && entry.event === 'received')?.atMs;
  const passed = facts.passed.find(one => one.button === button && one.at >= from)?.at;
  const own = facts.presses.filter(press => press.button === button);
  const press = own.findLast(({ history }) => (history[0]?.at ?? 0) >= from) ?? own.findLast(isUnderWay);
  const step = (...names: string[]) => press?.history.find(({ step }) => names.includes(step))?.at;
  const times: Record<Station, number | undefined> = {
    button: from,
    hotspot: seen(entry => entry.what === 'wifi' && entry.state === 'joined'),
    relay: answered,
    proxy: passed ?? step('accepted'),
    provisioner: step('accepted', 'joined', 'rejected'),
    platform: step('building', 'verifying', 'ready'),
    cluster: step('ready'),
  };
  const failed = finger.code === undefined ? undefined : (failedAt[finger.code] ?? dark(times));
  return stations.map(station => {
    const at = times[station];
    return {
      station,
      ...(at === undefined || (station === failed && station !== 'button')
        ? {}
        : { afterMs: Math.max(0, at - from) }),
      ...(station === failed ? { failed: true as const } : {}),
    };
  });
}

/** The first station that the press has not reached: LAB may be any on the way into it. */
function dark(times: Record<Station, number | undefined>): Station | undefined {
  return stations.find(station => times[station] === undefined);
}

const over = ['ready', 'releasing', 'released', 'failed', 'rejected', 'joined'];

function isUnderWay({ step }: { step: string }): boolean {
  return !over.includes(step);
}
