/** One build, twice through the same model: what our button did, and the timeline of the 2019 button. */
import {
  type BoardName,
  busiestCurrents,
  type Currents,
  currentsOf,
  dozingCurrents,
  nativeCurrents,
} from '../../simulator/power/currents.ts';
import { type Looks, looks, meanLit } from '../../simulator/power/looks.ts';
import { type Energy, integrate, standbyMa } from '../../simulator/power/model.ts';
import { original2019, sketchShowsMs } from '../../simulator/power/original-2019.ts';
import { wiringOf } from './button-and-relay.ts';
import { floorMah } from './floor.ts';
import { type Run, type RunOptions, runPress } from './run.ts';

export interface Comparison extends Omit<RunOptions, 'bundle'> {
  ours: Energy;
  original: Energy;
  /** How many times less ours takes. */
  ratio: number;
  /** The same, if the 2019 button shows its address for its own 30 s only. */
  strictRatio: number;
  /** The same, if the CPU idles and the radio dozes, in both buttons. */
  dozingRatio: number;
  /** The same, if neither of our cores ever idles. */
  busiestRatio: number;
  /** The same for the least that the chip and this board allow: see `floor.ts`. */
  floorRatio: number;
  looks: Looks;
  /** From ready in the lab to ready on the display, in seconds. */
  lateS: number;
  /** While the address is shown. */
  showing: Energy;
  /** What it draws afterwards, in the drawer, in mA. */
  standbyMa: number;
}

export interface CompareOptions extends RunOptions {
  /** Whose current in deep sleep to take. Default: the board's own. */
  asleepLike?: BoardName;
}

export async function compare(options: CompareOptions): Promise<Comparison> {
  const run = await runPress(options);
  const { board, buildS, hasLightSleep } = options;
  const currents = currentsOf(options.asleepLike ?? (board as BoardName));
  const showMs = run.span.untilMs - run.shownAtMs;
  const ours = integrate(run.trace, currents, run.span);
  const original = of2019(run, buildS, showMs, nativeCurrents(currents));
  const dozing = dozingCurrents(currents);
  const oursDozing = integrate(run.trace, dozing, run.span);
  const showing = integrate(run.trace, currents, { ...run.span, fromMs: run.shownAtMs });
  return {
    ...{ board, buildS, hasLightSleep, ours, original, showing },
    ratio: original.mAh / ours.mAh,
    strictRatio: of2019(run, buildS, sketchShowsMs, nativeCurrents(currents)).mAh / ours.mAh,
    dozingRatio: of2019(run, buildS, showMs, dozing).mAh / oursDozing.mAh,
    busiestRatio: original.mAh / integrate(run.trace, busiestCurrents(currents), run.span).mAh,
    floorRatio: original.mAh / floorMah(ours, currents, wiringOf(board).pins?.vext !== null),
    looks: looks(run.trace, currents),
    lateS: (run.shownAtMs - run.readyAtMs) / 1000,
    standbyMa: standbyMa(run.trace, currents),
  };
}

/** The other button, from its reset to its sleep, its address shown for so long. */
function of2019(run: Run, buildS: number, showMs: number, currents: Currents): Energy {
  const lit = meanLit(run.trace);
  return integrate(original2019({ buildMs: buildS * 1000, showMs, lit, patient: true }).trace, currents);
}
