/** Sends requests with a login: counted, a refused login renewed once, warnings logged. */
import { type Logger, silentLog } from '../../../config/src/log.ts';
import { orGivenUp } from '../common/given-up.ts';
import { oneLine } from '../common/line.ts';
import { type Answer, type Call, Connection } from './connection.ts';
import type { Credentials, Login, Way } from './credentials.ts';
import { type Asked, explainAnswer, noAnswer, type Verb } from './errors.ts';

/** Connect and the whole answer together, in milliseconds: also for who waits his turn behind hundreds. */
export const requestTimeoutMs = 30_000;

/** How we call ourselves, to the server and as the owner of fields. */
export const ourName = 'dashbutton';

/** Different warnings that are logged; a server that makes up a new one for each call must not fill memory. */
const maxWarnings = 100;

const maxWarningLength = 300;

export interface CallerOptions {
  /** Default {@link requestTimeoutMs}. */
  timeoutMs?: number;
  log?: Logger;
}

export interface Sent {
  method: Call['method'];
  query?: Record<string, string>;
  body?: string;
  contentType?: string;
}

export class Caller {
  readonly #login: Login;
  readonly #connection: Connection;
  readonly #timeoutMs: number;
  readonly #log: Logger;
  readonly #counts: Partial<Record<Verb, number>> = {};
  readonly #warned = new Set<string>();

  constructor({ login, proxy }: Way, options: CallerOptions) {
    this.#login = login;
    this.#connection = new Connection(proxy);
    this.#timeoutMs = options.timeoutMs ?? requestTimeoutMs;
    this.#log = options.log ?? silentLog;
  }

  get server(): string {
    return this.#login.server;
  }

  /** Requests sent, by verb. */
  get counts(): Record<string, number> {
    return { ...this.#counts };
  }

  asked(verb: Verb, path: string): Asked {
    const { advice, rights } = this.#login;
    return { verb, path, advice, rights };
  }

  /**
   * One call; any status is an answer.
   * @throws PlatformError, transient, when there was none.
   */
  async call(asked: Asked, sent: Sent, signal: AbortSignal): Promise<Answer> {
    const send = async (credentials: Credentials) => {
      const call = this.#counted(asked, sent, credentials);
      return this.#connection.call(call, credentials.tls, this.#timeoutMs, signal);
    };
    try {
      const credentials = await this.#credentials(signal);
      let answer = await send(credentials);
      // Nothing was done for a stranger, so it can be sent again: once, as another login may have replaced this one.
      if (answer.status === 401 && this.#login.renew(credentials)) {
        answer = await send(await this.#credentials(signal));
      }
      this.#logWarnings(answer, asked);
      return answer;
    } catch (error) {
      throw noAnswer(error, asked);
    }
  }

  /**
   * One GET whose answer never ends; `use` reads it.
   * @param timeoutMs for all of it
   * @throws PlatformError for any status but 200, and when it broke or was too long under way.
   */
  async stream(
    asked: Asked,
    query: Record<string, string>,
    timeoutMs: number,
    use: (body: AsyncIterable<Buffer>) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      const credentials = await this.#credentials(signal);
      const call = this.#counted(asked, { method: 'GET', query }, credentials);
      const read = async (status: number, body: AsyncIterable<Buffer>) => {
        if (status === 200) return use(body);
        // The next one comes with a new login.
        if (status === 401) this.#login.renew(credentials);
        throw explainAnswer(status, await firstOf(body), asked);
      };
      await this.#connection.stream(call, credentials.tls, timeoutMs, read, signal);
    } catch (error) {
      throw noAnswer(error, asked);
    }
  }

  async close(): Promise<void> {
    this.#login.close();
    await this.#connection.close();
  }

  /** A command may run for long: who gives up need not wait for it. */
  #credentials(signal: AbortSignal): Promise<Credentials> {
    return orGivenUp(this.#login.credentials(), signal);
  }

  #counted({ verb, path }: Asked, { query = {}, ...sent }: Sent, { headers }: Credentials): Call {
    this.#counts[verb] = (this.#counts[verb] ?? 0) + 1;
    const text = new URLSearchParams(query).toString();
    return {
      method: sent.method,
      url: `${this.#login.server}${path}${text === '' ? '' : `?${text}`}`,
      headers: {
        accept: 'application/json',
        'user-agent': ourName,
        ...headers,
        ...(sent.contentType === undefined ? {} : { 'content-type': sent.contentType }),
      },
      ...(sent.body === undefined ? {} : { body: sent.body }),
    };
  }

  /** `Warning: 299 - "unknown field …"` (RFC 7234): each said once. */
  #logWarnings({ headers }: Answer, { verb, path }: Asked): void {
    for (const warning of [headers.warning ?? []].flat()) {
      if (this.#warned.has(warning) || this.#warned.size >= maxWarnings) continue;
      this.#warned.add(warning);
      this.#log.warn({ verb, path, warning: oneLine(warning, maxWarningLength) }, 'the API server warns');
    }
  }
}

/** The beginning of an error's body. */
async function firstOf(body: AsyncIterable<Buffer>): Promise<string> {
  for await (const chunk of body) return chunk.toString('utf8');
  return '';
}
