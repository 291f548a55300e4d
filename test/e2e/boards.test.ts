/** A whole day of a button on each board that the firmware knows, everything as cruel as the chip is, and a stranger near by. */
import { describe, expect, type TestContext, test } from 'vitest';
import { type BoardPins, boards } from '../../firmware/src/boards.ts';
import { noPin } from '../../firmware/src/hal.ts';
import { heldMs } from '../../firmware/src/limits.ts';
import type { View } from '../../firmware/src/view.ts';
import type { Board, Sleep, Troubles } from '../../simulator/board/board.ts';
import { drawn } from '../firmware/interpreter/fixtures/frames.ts';
import { patience, until } from '../fixtures/patience.ts';
import { HurriedClock } from './fixtures/hurried-clock.ts';
import { startLab } from './fixtures/lab.ts';

const batteryMv = 3900;

/** The button as it comes out of its parcel: flashed, its battery not in yet. */
async function buttonOn({ name: board, battery }: BoardPins, { onTestFinished }: TestContext) {
  const lab = await startLab({ buttons: [{ name: 'house-01', profile: 'house', board }] });
  onTestFinished(() => lab.close());
  await lab.provisioner?.whenOnline(patience(5000));
  const clock = new HurriedClock();
  const troubles: Troubles = {};
  const button = lab.button('house-01', { clock, batteryMv, troubles, refusedMs: 50 });
  button.board.powerOff();
  let sleep: Sleep | undefined;
  button.board.on('sleep', how => {
    sleep = how;
  });
  const badFrames = notAsDrawn(button.board, battery === noPin ? {} : { batteryMv });
  /** Time flies until the board sleeps until its pin; from its views of before on. */
  async function asleep(): Promise<number> {
    clock.hurry(40);
    await until(() => button.board.state === 'asleep' && sleep?.kind === 'pin', `sleep by pin on ${board}`);
    clock.hurry(1);
    return button.views.length;
  }
  return { ...button, lab, clock, troubles, asleep, badFrames };
}

/** Each view whose picture is not as the screens draw it. */
function notAsDrawn(board: Board, measured: object): View[] {
  const bad: View[] = [];
  board.on('print', line => {
    if (!line.startsWith('view ')) return;
    const view = { ...measured, ...JSON.parse(line.slice('view '.length)) };
    if (!Buffer.from(drawn(view)).equals(board.frame().pixels)) bad.push(view);
  });
  return bad;
}

describe.concurrent('power-on, press, address, hold, given back', () => {
  test.for(boards)('a whole day of a button on $name', async (row, context) => {
    const { board, views, faults, showsKind, shows, lab, clock, troubles, asleep, badFrames } =
      await buttonOn(row, context);
    board.powerOn();
    let from = await asleep();
    expect(views).toEqual([expect.objectContaining({ kind: 'idle' })]);

    // The first join is refused, and that must not matter.
    troubles.joinsRefused = 1;
    board.press();
    const ready = await showsKind('ready', { from });
    const [cluster] = lab.platform.clusters();
    expect(ready).toMatchObject({ cluster: cluster?.name, address: cluster?.address });
    from = await asleep();

    // The offer stands for 10 s of the board's; a machine with much to do must not miss it.
    const slowWhenOffered = (line: string) => line.includes('RELEASE?') && clock.hurry(0.2);
    board.on('print', slowWhenOffered);
    board.hold(10 * heldMs);
    clock.hurry(5);
    await shows(view => view.kind === 'idle' && view.title === 'RELEASE?', { from });
    board.hold(1);
    const upAtMs = clock.nowMs() + 100;
    await until(() => clock.nowMs() > upAtMs, 'contacts that are at rest');
    board.press();
    board.off('print', slowWhenOffered);
    clock.hurry(1);
    await until(() => lab.platform.clusters().length === 0, 'it to be given back');
    await asleep();
    expect(views.filter(view => view.kind === 'error')).toEqual([]);
    expect(badFrames).toEqual([]);
    expect(faults).toEqual([]);
  });
});
