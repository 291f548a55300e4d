/** What a step of the doctor comes to. */

/** Something to mend. */
export interface Problem {
  /** The setting to change: its path in the YAML, or the environment variable that the proxy came from. */
  setting: string;
  found: string;
  expected?: string;
  /** What to do, one sentence. */
  advice?: string;
}

/** All is well, or (`skipped`) it could not be looked at without doing harm: `found` says why. */
export interface Finding {
  skipped?: boolean;
  found: string;
  /** What a person should know, although nothing is broken. */
  warnings?: readonly string[];
}

/** Thrown by a step that found something broken. */
export class Broken extends Error {
  override name = 'Broken';
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
  readonly goOn: boolean;

  /**
   * @param warnings what was noticed before it broke.
   * @param goOn another way is whole: the steps behind this one are tried all the same.
   */
  constructor(problems: Problem | readonly Problem[], warnings: readonly string[] = [], goOn = false) {
    const list: readonly Problem[] = 'setting' in problems ? [problems] : problems;
    super(list.map(({ setting, found }) => `${setting}: ${found}`).join('\n'));
    this.problems = list;
    this.warnings = warnings;
    this.goOn = goOn;
  }
}

export type State = 'ok' | 'skipped' | 'broken' | 'not tried';

/** One step, done or not. */
export interface StepResult {
  step: string;
  state: State;
  /** Empty when there are problems, or it was not tried. */
  found: string;
  problems: readonly Problem[];
  warnings: readonly string[];
  /** How long it took, in milliseconds. */
  tookMs: number;
  /** Broken, but those behind it are tried. */
  goOn?: boolean;
}
