/** The clusters of one button, as the journal knows them. Only what stands here may ever be given back. */
import type { Journal } from './index.ts';
import type { PressRecord } from './records.ts';

/** The press that made a cluster. Throws when there is none: a mistake of ours. */
export function clusterOf(journal: Journal, button: string, press: number): PressRecord {
  const record = journal.press(button, press);
  if (record === undefined) throw new Error(`the journal has lost press ${press} of ${button}`);
  return record;
}

/** The press whose cluster the button made last of those that are ready. */
export function newestLive(journal: Journal, button: string): PressRecord | undefined {
  return newest(journal, button, 'ready');
}

/** The press whose cluster is being given back; one at a time for each button. */
export function beingReleased(journal: Journal, button: string): PressRecord | undefined {
  return newest(journal, button, 'releasing');
}

function newest(journal: Journal, button: string, step: PressRecord['step']): PressRecord | undefined {
  const own = journal.presses().filter(record => record.button === button && record.step === step);
  return own.reduce<PressRecord | undefined>(
    (a, b) => (a !== undefined && a.press > b.press ? a : b),
    undefined,
  );
}

/** The cluster of this name that was made here, whatever became of it. */
export function byName(journal: Journal, cluster: string): PressRecord | undefined {
  return journal.presses().find(record => record.cluster === cluster && cluster !== '');
}

/**
 * What the platform keeps as a cluster's description: how ours are told from other people's of the same name.
 * @param site two labs may share a platform.
 */
export function markOf(site: string, { button, press }: Pick<PressRecord, 'button' | 'press'>): string {
  return `dash button ${button} of ${site}, press ${press}`;
}

/** Whose cluster that is; undefined when no dash button's. Also where words of a template stand in front. */
export function readMark(description: string): { button: string; site: string; press: number } | undefined {
  const [, button, site, press] =
    /(?:^|\s)dash button (\S+) of (\S+), press (\d+)(?!\d)/.exec(description) ?? [];
  return button === undefined || site === undefined ? undefined : { button, site, press: Number(press) };
}

/** Two clocks that differ by less have measured the same (milliseconds). */
const sameMs = 2_000;

/**
 * How long the profile's builds took, oldest first, in milliseconds. Also of clusters that are gone since; not of
 * those during which no provisioner ran, or the clock jumped.
 */
export function pastBuildsMs(journal: Journal, profile: string): number[] {
  return journal
    .presses()
    .filter(({ step }) => step === 'ready' || step === 'releasing' || step === 'released')
    .filter(press => press.profile === profile && press.endedAt !== undefined)
    .sort((a, b) => (a.endedAt ?? 0) - (b.endedAt ?? 0))
    .map(press => ({ tookMs: (press.endedAt ?? 0) - press.acceptedAt, ranMs: press.ranMs }))
    .filter(({ tookMs, ranMs = tookMs }) => tookMs >= 0 && Math.abs(tookMs - ranMs) < sameMs + tookMs / 10)
    .map(({ tookMs }) => tookMs);
}

/** How long it took to give back clusters of the profile, oldest first, in milliseconds. */
export function pastReleasesMs(journal: Journal, profile: string): number[] {
  return journal
    .presses()
    .flatMap(press => (press.profile === profile && press.release !== undefined ? [press.release] : []))
    .filter(release => release.endedAt !== undefined)
    .sort((a, b) => (a.endedAt ?? 0) - (b.endedAt ?? 0))
    .map(release => (release.endedAt ?? 0) - release.askedAt)
    .filter(tookMs => tookMs >= 0);
}
