/**
 * The same jumps as clock.long.test.ts, but of the system's clock as a whole process sees it: the real command under
 * libfaketime, in real time, so that lives are seconds instead of hours.
 */
import { describe, expect, test } from 'vitest';
import { patience, pause } from '../fixtures/patience.ts';
import { FakedLab, library } from './fixtures/faked-lab.ts';
import { at } from './fixtures/room.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Longer than a look at the clock and a tick of the time to live (milliseconds). */
const looksMs = 2_500;

describe.skipIf(library === undefined)('under libfaketime (needs faketime)', () => {
  test.concurrent.for([hourMs, -hourMs, dayMs, -dayMs, 2 * dayMs, -2 * dayMs])(
    'the clock jumps by %d ms and back at every moment: nobody loses a cluster, no press is refused',
    {
      timeout: patience(300_000),
    },
    async (byMs, context) => {
      const lab = await FakedLab.open(context);
      const { button } = lab;
      await lab.says('connected to the relay');
      // At rest.
      lab.clock(byMs);
      await lab.hearsClock(byMs);
      await lab.press(1);
      await button.until(at(1, 'accepted'));
      // 0.6 s after the accept, and in the middle of the build.
      await pause(600);
      lab.clock(0);
      await button.until(at(1, 'provisioning'));
      await pause(looksMs);
      lab.clock(byMs);
      await button.until(at(1, 'ready'), 60_000);
      // While ready, with a time to live.
      lab.clock(0);
      await pause(looksMs);
      expect(lab.names()).toEqual(['house-01-1']);
      lab.clock(byMs);
      await lab.hearsClock(byMs);
      expect((await lab.presses())[0]?.warnedAt).toBeUndefined();
      await lab.press(2);
      await button.until(at(2, 'ready'), 60_000);
      const names = lab.names();
      expect(names).toContain('house-01-2');
      // While stopped.
      await lab.stop();
      lab.clock(0);
      lab.start();
      await lab.says('connected to the relay');
      await pause(looksMs);
      expect(lab.names()).toEqual(names);
      await lab.hearsClock(0);
      lab.clock(byMs);
      await lab.hearsClock(byMs);
      await lab.endsWarned(1);
      await lab.endsWarned(2);
      expect(lab.log).toContain("this machine's clock jumped");
      expect(button.statuses.filter(({ state }) => state === 'rejected' || state === 'failed')).toEqual([]);
    },
  );
});
