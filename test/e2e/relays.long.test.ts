/** Two relays that share nothing, one of which fails at each moment of a press. Both are programs of their own. */
import { describe, expect, type TestContext, test } from 'vitest';
import { patience, pause, until } from '../fixtures/patience.ts';
import { type Button, type Lab, startLab } from './fixtures/lab.ts';
import { type RelayProgram, statusesAt } from './fixtures/relays.ts';
import { inOrder, oneCluster, pairsOfRelays, type TwoRelays, useTwo } from './fixtures/two-relays.ts';

const limits = { timeout: patience(120_000) };

/** A lab whose own relay is not used, and two others. */
async function withTwo({ onTestFinished }: Pick<TestContext, 'onTestFinished'>, start: TwoRelays) {
  // Slow enough to be met in the middle.
  const lab = await startLab({ provisioner: false, platform: { speed: 20 } });
  onTestFinished(() => lab.close());
  const { relays, cut } = await useTwo(lab, start);
  return { lab, relays, cut, button: lab.button() };
}

/** The press has ended as one cluster, its address is on the display, and that relay hands out nothing older. */
async function endsWell(lab: Lab, button: Button, relay: RelayProgram): Promise<void> {
  await button.showsKind('ready', { withinMs: 60_000 });
  button.board.powerOff();
  await oneCluster(lab, relay);
}

const moments: [string, (button: Button) => Promise<unknown>][] = [
  ['before the press', async () => {}],
  ['as it is accepted', button => button.showsKind('building')],
  [
    'in the middle of the build',
    button => button.shows(view => view.kind === 'building' && view.percent > 20),
  ],
  ['at the end', button => button.showsKind('ready')],
];

for (const [pair, isThere, start] of pairsOfRelays) {
  describe.skipIf(!isThere).concurrent(`two relays: ${pair}`, limits, () => {
    test.for(moments)('the first is killed %s: one cluster, ready on the display', async ([, moment], t) => {
      const { lab, relays, button } = await withTwo(t, start);
      const isBefore = moment === moments[0]?.[1];
      if (isBefore) await relays[0].kill();
      button.board.press();
      await moment(button);
      if (!isBefore) await relays[0].kill();
      await endsWell(lab, button, relays[1]);
    });

    test.for([
      1, 5, 60,
    ])('the first is paused for %i s in a press: one cluster; nothing older after it on any relay', async (s, t) => {
      const { lab, relays, button } = await withTwo(t, start);
      const [paused, other] = relays;
      // Hears what the paused one hands out; the button finds it paused and goes to the other.
      const heard = await statusesAt(lab, paused.port);
      paused.child.kill('SIGSTOP');
      button.board.press();
      await pause(s * 1_000);
      paused.child.kill('SIGCONT');
      await endsWell(lab, button, other);
      await until(() => heard.at(-1)?.state === 'ready', 'the woken one to hand out the newest', 60_000);
      inOrder(heard);
    });

    test('the first is cut off from the lab only, and says that it is offline; the other brings the press', async t => {
      const { lab, relays, button, cut } = await withTwo(t, start);
      await cut();
      button.board.press();
      await endsWell(lab, button, relays[1]);
      expect(lab.provisioner?.relays.map(({ connected }) => connected)).toEqual([false, true]);
    });
  });
}
