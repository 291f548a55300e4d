/** Says in the log what profiles name and their platform does not have, before a press finds out. */
import type { Logger } from '../../../config/src/log.ts';
import { messageOf } from '../../../config/src/setup-error.ts';
import { missingLine, type Platform } from '../common/platform.ts';
import type { Profile } from '../settings/config.ts';

/** Asked in vain it is said so; the next time that the platform begins to answer it is asked again (milliseconds). */
const limitMs = 120_000;

/**
 * Looks at each profile of one platform, one after the other, and warns of each thing that is missing. Reads only, and is
 * in nobody's way: a press is taken all the same, because what is missing may be there by then. Never rejects.
 */
export async function checkProfiles(
  platformName: string,
  platform: Platform,
  profiles: Readonly<Record<string, Profile>>,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  for (const [profile, { platform: its, template }] of Object.entries(profiles)) {
    if (its !== platformName || signal.aborted) continue;
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
      const missing = await platform.checkTemplate(template, limit);
      for (const each of missing) {
        const said = { profile, platform: platformName, missing: missingLine(each) };
        log.warn(said, 'a press of this profile would fail');
      }
      if (missing.length === 0)
        log.info({ profile, platform: platformName }, 'platform has what the profile names');
    } catch (error) {
      if (signal.aborted) return;
      log.warn({ profile, platform: platformName, reason: messageOf(error) }, 'profile could not be checked');
    }
  }
}
