/**
 * A kubeconfig's `exec` command: prints an ExecCredential of client.authentication.k8s.io. The client library's own
 * runner is not used: it has no limits, asks again for each request when no expiry is said, says the command's standard
 * error in its own error, and leaves out KUBERNETES_EXEC_INFO, without which some commands do not run.
 */
import { isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { type Outcome, runCommand } from '../common/command.ts';
import { oneLine } from '../common/line.ts';
import { PlatformError } from '../common/platform.ts';

/** A command that asks a cloud takes some seconds; one that waits for a person is ended (milliseconds). */
const answerTimeoutMs = 30_000;

/** The longest answer, in bytes: a token and two PEMs. */
const maxAnswerBytes = 1024 * 1024;

/** Asked again this long before its answer runs out, so that no request carries it too late (milliseconds). */
const earlyMs = 10_000;

const maxNameLength = 80;

/** The command as the kubeconfig names it. */
export const execSchema = z.looseObject({
  apiVersion: z.enum(
    ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'],
    'exec: apiVersion: expected client.authentication.k8s.io/v1 or its v1beta1',
  ),
  command: z.string('exec: command: expected a text').min(1, 'exec: command: expected a text'),
  args: z.array(z.string()).nullish(),
  env: z.array(z.looseObject({ name: z.string(), value: z.string() })).nullish(),
  installHint: z.string().nullish(),
  provideClusterInfo: z.boolean().nullish(),
  interactiveMode: z.string().nullish(),
});

export type ExecCommand = z.infer<typeof execSchema>;

const answerSchema = z.looseObject({
  kind: z.literal('ExecCredential'),
  apiVersion: z.string(),
  status: z.looseObject({
    expirationTimestamp: z.iso.datetime({ offset: true }).nullish(),
    token: z.string().min(1).nullish(),
    clientCertificateData: z.string().min(1).nullish(),
    clientKeyData: z.string().min(1).nullish(),
  }),
});

/** What a command has answered. Secret. */
export interface ExecCredential {
  token?: string;
  /** PEM of the client's certificate and key. */
  client?: { cert: string; key: string };
}

export interface ExecPluginOptions {
  /** From here counts a command with a / in it. */
  folder: string;
  /** The cluster in the words of KUBERNETES_EXEC_INFO, for a command that wants it. */
  cluster: Record<string, unknown>;
  /** Default {@link answerTimeoutMs}; shorter in tests. */
  timeoutMs?: number;
  now?: () => number;
}

export class ExecPlugin {
  readonly #command: ExecCommand;
  readonly #options: ExecPluginOptions;
  readonly #stop = new AbortController();
  #kept: { credential: ExecCredential; untilMs: number } | undefined;
  #running: Promise<ExecCredential> | undefined;

  constructor(command: ExecCommand, options: ExecPluginOptions) {
    this.#command = command;
    this.#options = options;
  }

  /**
   * The last answer until it runs out or {@link forget}; else runs the command, once for all who ask meanwhile.
   * @throws PlatformError that names the command, not its arguments or output; transient unless it is not there.
   */
  async credential(): Promise<ExecCredential> {
    const now = this.#options.now ?? Date.now;
    if (this.#kept !== undefined && now() < this.#kept.untilMs) return this.#kept.credential;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** The server has refused the answer. */
  forget(): void {
    this.#kept = undefined;
  }

  /** Ends a command that is running. */
  close(): void {
    this.#stop.abort();
  }

  async #run(): Promise<ExecCredential> {
    const text = await this.#execute();
    const answer = answerSchema.safeParse(jsonOf(text));
    if (!answer.success) throw this.#failure('printed no ExecCredential', false);
    const { apiVersion, status } = answer.data;
    if (apiVersion !== this.#command.apiVersion) {
      const found = oneLine(apiVersion, maxNameLength);
      throw this.#failure(`printed ${found} instead of ${this.#command.apiVersion}`, false);
    }
    const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = status;
    const credential: ExecCredential = {
      ...(token ? { token } : {}),
      ...(cert && key ? { client: { cert, key } } : {}),
    };
    if (Object.keys(credential).length === 0) {
      throw this.#failure('printed neither a token nor a certificate and its key', false);
    }
    const untilMs = expirationTimestamp
      ? Date.parse(expirationTimestamp) - earlyMs
      : Number.POSITIVE_INFINITY;
    this.#kept = { credential, untilMs };
    return credential;
  }

  async #execute(): Promise<string> {
    const { args, env, apiVersion, provideClusterInfo } = this.#command;
    const cluster = provideClusterInfo ? { cluster: this.#options.cluster } : {};
    const info = { apiVersion, kind: 'ExecCredential', spec: { interactive: false, ...cluster } };
    const timeoutMs = this.#options.timeoutMs ?? answerTimeoutMs;
    const outcome = await runCommand(this.#path(), args ?? [], {
      timeoutMs,
      maxBytes: maxAnswerBytes,
      signal: this.#stop.signal,
      env: {
        ...process.env,
        KUBERNETES_EXEC_INFO: JSON.stringify(info),
        ...Object.fromEntries((env ?? []).map(({ name, value }) => [name, value])),
      },
    });
    if (outcome.kind === 'answered') return outcome.text;
    throw this.#explain(outcome, timeoutMs);
  }

  /** A command without a / is looked for in PATH, any other counts from the kubeconfig's folder: as in kubectl. */
  #path(): string {
    const { command } = this.#command;
    return command.includes('/') && !isAbsolute(command) ? join(this.#options.folder, command) : command;
  }

  /** In our own words: Node's message repeats the arguments, and the command's own may show a secret. */
  #explain(outcome: Exclude<Outcome, { kind: 'answered' }>, timeoutMs: number): PlatformError {
    switch (outcome.kind) {
      case 'ended':
        return this.#failure('was ended', true);
      case 'tooMuch':
        return this.#failure('prints too much', true);
      case 'late':
        return this.#failure(`has not answered within ${timeoutMs / 1000} s`, true);
      case 'failed': {
        const { code } = outcome;
        if (code !== 'ENOENT' && code !== 'EACCES') {
          return this.#failure(`failed (${code}): run it by hand to see why`, true);
        }
        const hint = oneLine(this.#command.installHint ?? '', 160);
        return this.#failure(`cannot be run (${code})${hint === '' ? '' : `: ${hint}`}`, false);
      }
    }
  }

  #failure(why: string, transient: boolean): PlatformError {
    const name = oneLine(this.#command.command, maxNameLength);
    return new PlatformError(`login: the kubeconfig's command ${name} ${why}`, { transient, code: 'login' });
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
