/** Asks a person before something is lost. */
import { createInterface } from 'node:readline/promises';
import { SetupError } from '../../config/src/setup-error.ts';

export interface Keyboard {
  input: NodeJS.ReadableStream & { isTTY?: boolean };
  /** Not standard output: that is for data. */
  output: NodeJS.WritableStream;
}

/** True for y or yes. @throws SetupError when nobody can be asked. */
export async function confirm(question: string, { input, output }: Keyboard): Promise<boolean> {
  if (input.isTTY !== true)
    throw new SetupError('not confirmed: say --yes, or run this in a terminal to be asked');
  const lines = createInterface({ input, output, terminal: false });
  const gone = new AbortController();
  // Ctrl-D.
  lines.once('close', () => gone.abort());
  try {
    const answer = await lines.question(`${question} [y/N] `, { signal: gone.signal });
    return /^y(es)?$/i.test(answer.trim());
  } catch {
    return false;
  } finally {
    lines.close();
  }
}
