/** Answers the logins of an engine of others over HTTP, from our users file. No password leaves it. */

import type { Logger } from '../../../config/src/log.ts';
import { isLoopback } from '../../../config/src/monitor.ts';
import { messageOf, SetupError } from '../../../config/src/setup-error.ts';
import { close, json, listen, makeServer } from '../../../config/src/small-server.ts';
import { usersOf } from '../auth/users-watch.ts';
import { defaultLimits } from '../limits/limits.ts';
import { countRefusal, makeCounters } from '../metrics/counters.ts';
import { answer, denied, questionIn } from './answers.ts';
import { type EngineApi, throwOut } from './engine.ts';

/** After a restart of the engine everybody logs in at once, each login on a connection of its own. */
const maxConnections = 2_048;

/** Longer than an engine keeps a connection to us in its pool, so that it is never the server that hangs up (ms). */
const keepAliveMs = 120_000;

/** Refusals are told so often, with how many there were: whoever guesses does not choose the size of the log (ms). */
const sayEveryMs = 60_000;

/** Longest piece of what a stranger sent that goes into a log line, in characters. */
const maxLoggedLength = 40;

export interface LoginServiceOptions {
  host: string;
  port: number;
  /** The users file. */
  users: string;
  /** End connections of those who are revoked: each node that answers only for itself. Without any they stay until they end by themselves. */
  engines?: readonly EngineApi[];
  log: Logger;
}

export interface LoginService {
  port: number;
  /** Looks at the users file at once. */
  reload(): boolean;
  stop(): Promise<void>;
}

/** @throws SetupError when the users file is broken or it cannot listen there. */
export async function startLoginService({
  host,
  port,
  users: path,
  engines = [],
  log,
}: LoginServiceOptions): Promise<LoginService> {
  const counters = makeCounters();
  const stopping = new AbortController();
  const users = usersOf(path, {
    ...{ limits: defaultLimits, counters, log },
    onChange: async ({ before, changed }) => {
      // Who is new has no connection yet.
      for (const name of [...changed].filter(one => before.has(one)))
        for (const engine of engines) void throwOut(engine, name, log, stopping.signal);
    },
  });
  const refusals = new Refusals(log);

  async function login(body: string) {
    const question = questionIn(body);
    if (question === undefined) {
      refusals.say('no-login', '');
      return json(denied);
    }
    try {
      const { answer: said, reason } = await answer(question, users.current());
      if (reason !== undefined) {
        countRefusal(counters, reason);
        refusals.say(reason, question.username);
      } else counters.logins++;
      return json(said);
    } catch (error) {
      // Any other status would count as "ask the next one", and the next one may let everybody in.
      log.error({ reason: messageOf(error) }, 'a login could not be decided: denied');
      return json(denied);
    }
  }

  const server = makeServer({
    'POST /login': login,
    'GET /healthz': () => json({ alive: true }),
  });
  server.maxConnections = maxConnections;
  server.keepAliveTimeout = keepAliveMs;
  await listen(server, { host, port }).catch(error => {
    throw new SetupError(`${host}:${port}: ${messageOf(error)}`);
  });
  const address = server.address();
  const taken = typeof address === 'object' && address !== null ? address.port : port;
  users.watch();
  log.info({ url: `http://${host}:${taken}/login`, users: users.current().size }, 'logins can be asked for');
  if (engines.length === 0) log.warn('no engine is named: a revoked button stays connected until it leaves');
  if (!isLoopback(host)) {
    log.warn('passwords come in readable: let nobody but the engine reach this port, or put TLS in front');
  }
  return {
    port: taken,
    reload: () => users.reload(),
    async stop() {
      stopping.abort();
      users.stop();
      refusals.stop();
      await close(server);
    },
  };
}

/** One line a minute for each reason, with how many there were. */
class Refusals {
  readonly #log: Logger;
  readonly #counts = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;

  constructor(log: Logger) {
    this.#log = log;
    this.#timer = setInterval(() => this.#sum(), sayEveryMs).unref();
  }

  say(reason: string, name: string): void {
    const count = this.#counts.get(reason);
    if (count === undefined)
      this.#log.warn({ reason, user: name.slice(0, maxLoggedLength) }, 'login refused');
    this.#counts.set(reason, (count ?? -1) + 1);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #sum(): void {
    for (const [reason, more] of this.#counts)
      if (more > 0) this.#log.warn({ reason, more }, 'logins refused');
    this.#counts.clear();
  }
}
