/** The doctor's words: a few lines for a person, one JSON object a line for machines. Pure. */
import type { Problem, State, StepResult } from './result.ts';

const marks: Record<State, string> = { ok: 'ok', skipped: 'skip', broken: 'BAD', 'not tried': '-' };

/** As wide as the widest mark, and the longest name of a step with a gap behind it. */
const markWidth = 4;
const nameWidth = 18;
const indent = ' '.repeat(markWidth + 2);

/** One step as lines for a terminal. */
export function linesOf({ step, state, found, problems, warnings, tookMs }: StepResult): string[] {
  const start = `${marks[state].padEnd(markWidth)}  ${step.padEnd(nameWidth)}`;
  const notes = warnings.map(warning => `${indent}warning: ${warning}`);
  if (state === 'not tried') return [`${start}not tried`];
  if (state === 'skipped') return [`${start}not looked at: ${found} (${tookMs} ms)`, ...notes];
  if (state === 'ok') return [`${start}${found} (${tookMs} ms)`, ...notes];
  const [only] = problems;
  const words = problems.length === 1 && only !== undefined ? only.found : `${problems.length} problems`;
  const lines = problems.flatMap(problem => problemLines(problem, problems.length > 1));
  return [`${start}${words} (${tookMs} ms)`, ...lines, ...notes];
}

/** `withFound`: for several, because the first line has no room for what was found. */
function problemLines({ setting, found, expected, advice }: Problem, withFound: boolean): string[] {
  const rows: [string, string | undefined][] = [
    ['setting', setting],
    ['found', withFound ? found : undefined],
    ['expected', expected],
    ['to do', advice],
  ];
  return rows.flatMap(([name, text]) => (text === undefined ? [] : [`${indent}${name.padEnd(10)}${text}`]));
}

/** The same for a machine: the fields as they are. */
export function jsonOf(result: StepResult): string {
  return JSON.stringify(result);
}

/** The last line, for a person. */
export function summaryOf(results: readonly StepResult[]): string {
  const broken = results.find(({ state }) => state === 'broken');
  if (broken !== undefined) {
    const settings = [...new Set(broken.problems.map(({ setting }) => setting))].join(', ');
    return `Broken at ${broken.step}: ${settings}.`;
  }
  const skipped = results.filter(({ state }) => state === 'skipped').map(({ step }) => step);
  const warnings = results.reduce((sum, { warnings }) => sum + warnings.length, 0);
  const notes = [
    ...(skipped.length === 0 ? [] : [`not looked at: ${skipped.join(', ')}`]),
    ...(warnings === 0 ? [] : [warnings === 1 ? 'one warning' : `${warnings} warnings`]),
  ];
  return notes.length === 0 ? 'All is well.' : `All that was looked at is well; ${notes.join('; ')}.`;
}
