/** Asks the program one verb: a document in, a document out, its exit code, and the words on its standard error. */
import { dirname } from 'node:path';
import type { z } from 'zod';
import { maxPhaseLength } from '../../../../protocol/src/messages.ts';
import { type Outcome, runCommand } from '../../common/command.ts';
import { oneLine } from '../../common/line.ts';
import { PlatformError } from '../../common/platform.ts';
import { exits, type Request, type Verb, version } from './contract.ts';
import type { ScriptConfig } from './settings.ts';

/** Of an answer, in bytes: a kubeconfig with certificates, or a list of thousands. */
const maxBytes = 4 * 1024 * 1024;
/** The end of its standard error, in bytes; of that, characters that are told. */
const errorBytes = 16 * 1024;
const maxWordsLength = 300;
/** From SIGTERM to SIGKILL, in milliseconds. */
const graceMs = 5_000;
/** Values as short as this are no secrets, and would blacken every word. */
const shortest = 6;

/** The program has no such verb. */
export class NotSupported extends PlatformError {}

export class Program {
  readonly #config: ScriptConfig;
  readonly #closing = new AbortController();
  /** What waits for a place among those that run at once. */
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(config: ScriptConfig) {
    this.#config = config;
  }

  /** The answer's text; empty when it has none. @throws PlatformError; {@link NotSupported}. */
  async ask(verb: Verb, cluster: Request['cluster'], signal: AbortSignal): Promise<string> {
    await this.#enter();
    try {
      return await this.#run({ version, verb, ...(cluster === undefined ? {} : { cluster }) }, signal);
    } finally {
      // Its place goes to the next one, or is free.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  /** The answer, checked. @throws as {@link ask}; PlatformError, transient, for one that is none. */
  async read<T>(
    verb: Verb,
    schema: z.ZodType<T>,
    cluster: Request['cluster'],
    signal: AbortSignal,
  ): Promise<T> {
    const checked = schema.safeParse(jsonOf(await this.ask(verb, cluster, signal)));
    if (checked.success) return checked.data;
    const [issue] = checked.error.issues;
    const where = issue?.path.join('.');
    const why = oneLine(`${where ? `${where}: ` : ''}${issue?.message ?? ''}`, maxWordsLength);
    // Whoever prints nonsense once may be right the next time.
    throw this.#failure(verb, `its answer is not understood: ${why}`, true);
  }

  /** Ends what runs. */
  close(): void {
    this.#closing.abort();
  }

  async #enter(): Promise<void> {
    if (this.#running < this.#config.atOnce) this.#running += 1;
    else await new Promise<void>(resolve => this.#waiting.push(resolve));
  }

  async #run(request: Request, signal: AbortSignal): Promise<string> {
    const { command, args, environment, answerWithinMs, createWithinMs } = this.#config;
    const { verb, cluster } = request;
    const slow = verb === 'create' || verb === 'delete';
    const timeoutMs = slow ? createWithinMs : answerWithinMs;
    const outcome = await runCommand(command, [...args, verb], {
      ...{ timeoutMs, maxBytes, graceMs, errorBytes, endsWithUs: true },
      ...(command.includes('/') ? { cwd: dirname(command) } : {}),
      signal: AbortSignal.any([signal, this.#closing.signal]),
      input: `${JSON.stringify(request)}\n`,
      env: {
        ...environment,
        DASHBUTTON_VERB: verb,
        ...(cluster === undefined ? {} : { DASHBUTTON_NAME: cluster.name }),
        ...(cluster?.range === undefined ? {} : { DASHBUTTON_RANGE: cluster.range }),
        ...(cluster?.mark === undefined ? {} : { DASHBUTTON_MARK: cluster.mark }),
        ...(cluster?.id === undefined ? {} : { DASHBUTTON_ID: cluster.id }),
      },
    });
    if (outcome.kind === 'answered') return outcome.text;
    throw this.#explain(verb, outcome, timeoutMs);
  }

  #explain(verb: Verb, outcome: Exclude<Outcome, { kind: 'answered' }>, timeoutMs: number): PlatformError {
    const words = this.#words(outcome.errors);
    switch (outcome.kind) {
      case 'ended':
        return this.#failure(verb, 'was ended', true);
      case 'tooMuch':
        return this.#failure(verb, `prints more than ${maxBytes / 1024 / 1024} MB`, true);
      case 'late':
        return this.#failure(
          verb,
          `not done after ${timeoutMs / 1000} s, ended${words && `: ${words}`}`,
          true,
        );
      case 'failed': {
        const { code } = outcome;
        if (code === exits.notSupported) {
          return new NotSupported(`${this.#config.command} has no ${verb}`, { transient: false });
        }
        // By an exit code of a shell, when one is between: not there, or no program.
        if (code === 'ENOENT' || code === 'EACCES' || code === 126 || code === 127) {
          return this.#failure(verb, words || `cannot be run (${code})`, true);
        }
        if (code === exits.refused) return this.#failure(verb, words || 'refused, without a word', false);
        return this.#failure(verb, words || `failed (${code}), without a word`, true);
      }
    }
  }

  #failure(verb: Verb, why: string, transient: boolean): PlatformError {
    const message = transient ? `${verb}: ${why}` : why;
    return new PlatformError(message, { transient, brief: oneLine(message, maxPhaseLength) });
  }

  /** The last lines for a person, without what it was given as a secret. */
  #words(errors: string): string {
    const secrets = Object.entries(this.#config.environment)
      .filter(([name, value]) => !['PATH', 'HOME', 'LANG', 'TZ'].includes(name) && value.length >= shortest)
      .map(([, value]) => value);
    const safe = secrets.reduce((text, secret) => text.replaceAll(secret, '***'), errors);
    const lines = safe.split('\n').map(text => text.trim());
    return oneLine(
      lines
        .filter(text => text !== '')
        .slice(-3)
        .join(' '),
      maxWordsLength,
    );
  }
}

/** Undefined for what is no JSON: the schema says what was expected. */
function jsonOf(text: string): unknown {
  try {
    return text.trim() === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
