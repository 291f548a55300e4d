/** `dashbutton doctor`: from the settings to the journal, one step after the other, until one is broken. */
import { messageOf } from '../../config/src/setup-error.ts';
import { Broken, type Finding, type StepResult } from './result.ts';
import { beacon } from './step-beacon.ts';
import { configuration } from './step-configuration.ts';
import { credentials } from './step-credentials.ts';
import { dns } from './step-dns.ts';
import { journal } from './step-journal.ts';
import { platformLogin } from './step-platform.ts';
import { proxy } from './step-proxy.ts';
import { relay } from './step-relay.ts';
import { templateObjects } from './step-template.ts';
import { Visit, type VisitOptions } from './visit.ts';

/** Each needs what those before it have found to be well. */
const steps: readonly (readonly [string, (visit: Visit) => Promise<Finding>])[] = [
  ['configuration', configuration],
  ['DNS', dns],
  ['proxy', proxy],
  ['relay', relay],
  ['credentials', credentials],
  ['beacon', beacon],
  ['platform login', platformLogin],
  ['template objects', templateObjects],
  ['journal', journal],
];

export const stepNames: readonly string[] = steps.map(([name]) => name);

/**
 * Looks at everything that a press needs, up to the first broken step; with several relays, a broken one is told and the
 * others are looked at. When no provisioner runs, the beacon says
 * "offline" afterwards, and the journal was open for a moment (LevelDB tidies its files then; no record changes).
 * @param tell called for each step when it is done, or will not be tried. @returns all of them.
 */
export async function doctor(
  options: VisitOptions,
  tell: (result: StepResult) => void,
): Promise<StepResult[]> {
  const visit = new Visit(options);
  const results: StepResult[] = [];
  try {
    let broken = false;
    for (const [step, run] of steps) {
      const result: StepResult = broken ? notTried(step) : await tried(step, () => run(visit));
      broken ||= result.state === 'broken' && result.goOn !== true;
      results.push(result);
      tell(result);
    }
  } finally {
    await visit.close();
  }
  return results;
}

function notTried(step: string): StepResult {
  return { step, state: 'not tried', found: '', problems: [], warnings: [], tookMs: 0 };
}

async function tried(step: string, run: () => Promise<Finding>): Promise<StepResult> {
  const startMs = performance.now();
  const took = () => Math.round(performance.now() - startMs);
  try {
    const { skipped = false, found, warnings = [] } = await run();
    return { step, state: skipped ? 'skipped' : 'ok', found, problems: [], warnings, tookMs: took() };
  } catch (error) {
    // Whatever else was thrown is a fault of this very program: said, not hidden, and the visit ends.
    const { problems, warnings, goOn } =
      error instanceof Broken
        ? error
        : { problems: [{ setting: '(unknown)', found: messageOf(error) }], warnings: [], goOn: false };
    return { step, state: 'broken', found: '', problems, warnings, tookMs: took(), goOn };
  }
}

/** 0: nothing is broken; 1: a step is; 2: the settings cannot be read. */
export function exitCodeOf(results: readonly StepResult[]): number {
  const broken = results.findIndex(({ state }) => state === 'broken');
  if (broken === -1) return 0;
  return broken === 0 ? 2 : 1;
}
