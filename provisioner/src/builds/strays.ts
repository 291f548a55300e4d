/** Clusters with this site's mark of which the journal knows nothing: it is lost, or older than they are. */
import type { Logger } from '../../../config/src/log.ts';
import type { Platform } from '../common/platform.ts';
import type { Journal } from '../journal/index.ts';
import { readMark } from '../journal/queries.ts';

const maxNamed = 20;

/** Says them in the log. Nothing is done about them: that is a person's to decide. Never rejects. */
export async function nameStrays(
  name: string,
  platform: Platform,
  site: string,
  journal: Journal,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  // An error here is one of the platform, which its check tells.
  const listed = platform.recent() ?? (await platform.clusters(signal).catch(() => []));
  const strays = listed.filter(({ description }) => {
    const mark = readMark(description);
    // A press is in the journal before its cluster is ordered.
    return mark?.site === site && journal.press(mark.button, mark.press) === undefined;
  });
  if (strays.length === 0) return;
  log.error(
    { platform: name, count: strays.length, clusters: strays.slice(0, maxNamed).map(each => each.name) },
    'clusters of this site that the journal does not know: it is lost, or older than they are. Stop this, move the journal away, dashbutton journal recover',
  );
}
