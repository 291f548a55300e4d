/** One thing to mend, apart: the message of a SetupError has all of them as lines. */
export interface SetupProblem {
  /** A setting, as a path in its file (`relay.url`), or an environment variable; absent where it is none of these. */
  setting?: string;
  found: string;
  expected?: string;
  /** What has to be mended when it is not the file with the setting. */
  file?: string;
}

/** Something a person has to mend before a program can start. The command line prints only its message. */
export class SetupError extends Error {
  override name = 'SetupError';
  readonly problems: readonly SetupProblem[];

  /** @param problems the same for programs; left out: the message, about no setting. */
  constructor(message: string, problems: readonly SetupProblem[] = [{ found: message }]) {
    super(message);
    this.problems = problems;
  }
}

/** More than so many are no help. */
const maxListed = 50;

/** `<source> has 2 problems:` and a line for each. @param lines in the order of `problems`, which they tell. */
export function listed(
  source: string,
  lines: readonly string[],
  problems: readonly SetupProblem[],
): SetupError {
  const count = lines.length === 1 ? 'one problem' : `${lines.length} problems`;
  const shown = lines.slice(0, maxListed).map(line => `  ${line}`);
  if (lines.length > maxListed) shown.push('  …');
  return new SetupError(`${source} has ${count}:\n${shown.join('\n')}`, problems);
}

/** The problems of anything that was thrown; those that name no setting are about this one. */
export function problemsOf(error: unknown, setting: string): SetupProblem[] {
  const problems = error instanceof SetupError ? error.problems : [{ found: messageOf(error) }];
  return problems.map(problem => ({ setting, ...problem }));
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** `EADDRINUSE`, `ENOENT` … of a Node error, else undefined. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
