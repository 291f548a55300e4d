/**
 * Several relays on the real interpreter: one that is not there, one whose lab is offline, then one that works; and two, one
 * of which fails at each moment of a press.
 */
import { describe, expect, test } from 'vitest';
import { silentLog } from '../../../config/src/log.ts';
import type { View } from '../../../firmware/src/view.ts';
import { startRelay } from '../../../relay/src/relay.ts';
import type { Lab } from '../../e2e/fixtures/lab.ts';
import { freePort } from '../../e2e/fixtures/proxies-programs.ts';
import { statusesAt, withRelays } from '../../e2e/fixtures/relays.ts';
import { inOrder, oneCluster, pairsOfRelays, type TwoRelays, useTwo } from '../../e2e/fixtures/two-relays.ts';
import { patience, pause, until } from '../../fixtures/patience.ts';
import { interpreter } from './fixtures/interpreter.ts';
import { wake, withLab } from './fixtures/journey.ts';
import { tellLargest } from './fixtures/variables.ts';

const limits = { timeout: patience(50_000) };
const longer = { timeout: patience(120_000) };

describe.skipIf(!interpreter)('Several relays on the real interpreter (needs ESPRUINO)', limits, () => {
  test('one that is not there, and one that is cut off from the lab: the third brings the press', () =>
    withLab({}, async lab => {
      // Knows the button, and nobody from the lab.
      const lonely = await startRelay({
        ...{ host: '127.0.0.1', port: 0, users: lab.site.usersFile, log: silentLog },
      });
      lab.finally(() => lonely.close());
      const ports = [await freePort(), lonely.port, lab.relay.port];
      const run = await wake(lab, {
        device: file => withRelays(file, ports),
        script: [['ready', 'stop']],
      });
      const [cluster, ...others] = lab.platform.clusters();
      expect(others).toEqual([]);
      expect(run.views.at(-1)).toMatchObject({ cluster: cluster?.name, address: cluster?.address });
      expect(run.remembered).toMatchObject({ press: 1, relay: 2 });
    }));
});

type Pair = Awaited<ReturnType<typeof useTwo>>;

/**
 * A press at two relays, to the address on the glass.
 * @param begin what happens before it; returns what is to be looked at afterwards
 * @param seen what happens at a picture
 */
async function press(
  start: TwoRelays,
  begin: (pair: Pair, lab: Lab) => Promise<undefined | (() => Promise<void>)>,
  seen = (_view: View, _pair: Pair): void => {},
): Promise<void> {
  await withLab({ provisioner: false, platform: { speed: 20 } }, async lab => {
    const pair = await useTwo(lab, start);
    const lookAfterwards = await begin(pair, lab);
    const run = await wake(lab, {
      seen: view => seen(view, pair),
      script: [['ready', 'stop']],
      timeoutMs: patience(90_000),
    });
    const [cluster] = lab.platform.clusters();
    expect(run.views.at(-1)).toMatchObject({ cluster: cluster?.name, address: cluster?.address });
    await oneCluster(lab, pair.relays[1]);
    await lookAfterwards?.();
  });
}

const moments: [string, (view: View) => boolean][] = [
  ['as it is accepted', ({ kind }) => kind === 'building'],
  ['in the middle of the build', view => view.kind === 'building' && view.percent > 20],
  ['at the end', ({ kind }) => kind === 'ready'],
];

for (const [pair, isThere, start] of pairsOfRelays) {
  const isRun = interpreter && isThere;
  describe
    .skipIf(!isRun)
    .concurrent(`Two relays on the real interpreter (needs ESPRUINO), ${pair}`, longer, () => {
      test('the first is killed before the press: one cluster, ready on the display', () =>
        press(start, async ({ relays }) => void (await relays[0].kill())));

      test.for(moments)('the first is killed %s: one cluster, ready on the display', async ([, isNow]) => {
        let killed = false;
        await press(
          start,
          async () => undefined,
          (view, { relays }) => {
            if (killed || !isNow(view)) return;
            killed = true;
            void relays[0].kill();
          },
        );
        expect(killed).toBe(true);
      });

      test.for([
        1, 5, 60,
      ])('the first is paused for %i s in a press: one cluster; nothing older after it on any relay', s =>
        press(start, async ({ relays: [paused] }, lab) => {
          const heard = await statusesAt(lab, paused.port);
          paused.child.kill('SIGSTOP');
          const woken = pause(s * 1_000).then(() => paused.child.kill('SIGCONT'));
          return async () => {
            await woken;
            await until(
              () => heard.at(-1)?.state === 'ready',
              'the woken one to hand out the newest',
              60_000,
            );
            inOrder(heard);
          };
        }));

      test('the first is cut off from the lab only, and says that it is offline: the other brings the press', () =>
        press(start, async ({ cut }) => void (await cut())));
    });
}

tellLargest();
