/** One build, twice through the same model: what our button did, and the timeline of the 2019 button. */
import { type BoardName, type Currents, currentsOf, dozingCurrents } from '../../simulator/power/currents.ts';
import { type Looks, looks, meanLit } from '../../simulator/power/looks.ts';
import { type Energy, integrate, standbyMa } from '../../simulator/power/model.ts';
import { original2019 } from '../../simulator/power/original-2019.ts';
import { type Run, type RunOptions, runPress } from './run.ts';

export interface Comparison extends Omit<RunOptions, 'bundle'> {
  ours: Energy;
  original: Energy;
  /** How many times less ours takes. */
  ratio: number;
  /** The same, if the CPU idles and the radio dozes, in both buttons. */
  dozingRatio: number;
  /** The same, if the chip slept while the address stands on the display. */
  asleepRatio: number;
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
  const [ours, original] = both(run, buildS, currents);
  const [oursDozing, originalDozing] = both(run, buildS, dozingCurrents(currents));
  const showing = integrate(run.trace, currents, { ...run.span, fromMs: run.shownAtMs });
  return {
    ...{ board, buildS, hasLightSleep, ours, original, showing },
    ratio: original.mAh / ours.mAh,
    dozingRatio: originalDozing.mAh / oursDozing.mAh,
    asleepRatio: original.mAh / (ours.mAh - awakeMah(showing)),
    looks: looks(run.trace, currents),
    lateS: (run.shownAtMs - run.readyAtMs) / 1000,
    standbyMa: standbyMa(run.trace, currents),
  };
}

/** Ours from the finger to the sleep; the other from its reset to its sleep, its address shown for as long. */
function both(run: Run, buildS: number, currents: Currents): [Energy, Energy] {
  const ours = integrate(run.trace, currents, run.span);
  const showMs = run.span.untilMs - run.shownAtMs;
  const lit = meanLit(run.trace);
  const { trace } = original2019({ buildMs: buildS * 1000, showMs, lit, patient: true });
  return [ours, integrate(trace, currents)];
}

function awakeMah(energy: Energy): number {
  return energy.parts.get('awake')?.mAh ?? 0;
}
