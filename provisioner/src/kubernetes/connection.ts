/** Connections to an API server: checked TLS, direct or through a proxy, every wait and every body limited. */

import { createHash } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { Socket } from 'node:net';
import { Agent, buildConnector, request } from 'undici';
import { messageOf } from '../../../config/src/setup-error.ts';
import { PlatformError } from '../common/platform.ts';
import { readLimited } from '../common/read-limited.ts';
import type { ProxyAddress } from '../uplink/addresses.ts';
import { dial } from '../uplink/dial.ts';
import { proxyFor } from '../uplink/proxy-env.ts';
import { noProxy, proxyAddress, proxyOfEnvironment, proxyUrlProblem } from '../uplink/proxy-url.ts';
import { hostOf } from '../uplink/relay-url.ts';
import type { TlsParts } from './credentials.ts';
import { portOf } from './endpoint.ts';

/** TCP, proxy and TLS, in milliseconds. */
const connectTimeoutMs = 10_000;

/** More calls than this at once take turns: a management cluster is asked politely. */
const maxConnections = 16;

/** There is one watch at a time; a second connection while the first is being given up. */
const maxWatchConnections = 2;

/** The longest answer that is read whole, in bytes: a page of 200 objects with 50 kB each has 10 MB. */
const maxBodyBytes = 16 * 1024 * 1024;

export interface Call {
  method: 'GET' | 'PATCH' | 'DELETE';
  url: string;
  headers: Record<string, string>;
  body?: string;
}

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** The pools for one set of certificates; another set (a certificate was renewed) gets its own. */
interface Pools {
  key: string;
  calls: Agent;
  watches: Agent;
}

export class Connection {
  readonly #proxy: ProxyAddress | undefined;
  /** Ends all calls, also those on pools that have been replaced. */
  readonly #stop = new AbortController();
  #pools: Pools | undefined;

  constructor(proxy: ProxyAddress | undefined) {
    this.#proxy = proxy;
    // Hundreds of orders at once: no leak, each takes its listener away.
    setMaxListeners(0, this.#stop.signal);
  }

  /**
   * One call with its whole answer. Any status is an answer; redirects are not followed: the login goes nowhere else.
   * @throws what broke it; `signal` or `timeoutMs` for connect and answer together.
   */
  async call(call: Call, tls: TlsParts, timeoutMs: number, signal: AbortSignal): Promise<Answer> {
    const work = async (limit: AbortSignal) => {
      const { statusCode, headers, body } = await this.#request(call, this.#poolsFor(tls).calls, limit);
      return { status: statusCode, headers, body: (await readLimited(body, maxBodyBytes)).toString('utf8') };
    };
    return limited(work, timeoutMs, [signal, this.#stop.signal]);
  }

  /**
   * The same as a stream, which `use` reads to its end.
   * @param timeoutMs for everything together, so also for a connection of which the other end has vanished
   */
  async stream(
    call: Call,
    tls: TlsParts,
    timeoutMs: number,
    use: (status: number, body: AsyncIterable<Buffer>) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    const work = async (limit: AbortSignal) => {
      const { statusCode, body } = await this.#request(call, this.#poolsFor(tls).watches, limit);
      try {
        await use(statusCode, body);
      } finally {
        body.on('error', () => {}).destroy(); // what is not read is not wanted
      }
    };
    return limited(work, timeoutMs, [signal, this.#stop.signal]);
  }

  /** Calls under way reject. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all([this.#pools?.calls.destroy(), this.#pools?.watches.destroy()]);
  }

  #request({ url, ...call }: Call, dispatcher: Agent, signal: AbortSignal) {
    if (this.#stop.signal.aborted) throw new Error('the connection was closed');
    // No limits of undici's own: ours are for everything together.
    return request(url, { ...call, dispatcher, signal, headersTimeout: 0, bodyTimeout: 0 });
  }

  #poolsFor(tls: TlsParts): Pools {
    const key = createHash('sha256').update(JSON.stringify(tls)).digest('hex');
    if (this.#pools?.key === key) return this.#pools;
    // The old ones end when their last call has: nobody waits for that.
    for (const old of [this.#pools?.calls, this.#pools?.watches]) old?.close().catch(() => {});
    const connect = connectorFor(tls, this.#proxy, this.#stop.signal);
    this.#pools = {
      key,
      calls: new Agent({ connect, connections: maxConnections }),
      watches: new Agent({ connect, connections: maxWatchConnections }),
    };
    return this.#pools;
  }
}

/** Runs `work` with a signal of its own, which ends with the first of `signals` or after `timeoutMs`. */
async function limited<T>(
  work: (limit: AbortSignal) => Promise<T>,
  timeoutMs: number,
  signals: readonly AbortSignal[],
): Promise<T> {
  // By hand, not with AbortSignal.any: that keeps a trace of each call for as long as a signal lives.
  const limit = new AbortController();
  const giveUp = () => limit.abort(new Error('the call was given up'));
  const late = () => limit.abort(new Error(`not complete within ${timeoutMs / 1000} s`));
  const timer = setTimeout(late, timeoutMs);
  for (const signal of signals) signal.addEventListener('abort', giveUp, { once: true });
  if (signals.some(({ aborted }) => aborted)) giveUp();
  try {
    return await work(limit.signal);
  } finally {
    clearTimeout(timer);
    for (const signal of signals) signal.removeEventListener('abort', giveUp);
  }
}

/** TLS with the server, over TCP or over a tunnel; undici switches Nagle's algorithm off either way. */
function connectorFor(
  tls: TlsParts,
  proxy: ProxyAddress | undefined,
  signal: AbortSignal,
): buildConnector.connector {
  const { ca, cert, key, serverName } = tls;
  const secure = buildConnector({
    timeout: connectTimeoutMs,
    // Said, because NODE_TLS_REJECT_UNAUTHORIZED would otherwise decide.
    rejectUnauthorized: true,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  });
  if (proxy === undefined) return secure;
  return (options, callback) => {
    const target = {
      host: options.hostname.replace(/^\[|\]$/g, ''),
      port: Number(options.port) || 443,
      tls: false,
    };
    dial(target, proxy, signal)
      .then(tunnel => {
        if (tunnel instanceof Socket) return secure({ ...options, httpSocket: tunnel }, callback);
        tunnel.destroy();
        throw new Error('the tunnel is no socket');
      })
      // Also what `secure` throws at once. In the way's words the far end is always the relay.
      .catch(error =>
        callback(
          new Error(
            messageOf(error)
              .replace(/^(RELAY |PROXY (?=proxy ))/, '')
              .replace(/^PROXY /, 'proxy '),
          ),
          null,
        ),
      );
  };
}

/**
 * The proxy on the way to `server`: what the settings say, else the kubeconfig.
 * @throws PlatformError or SetupError when one is named that is none; a password is not in it.
 */
export function proxyOf(
  setting: string | undefined,
  proxyUrl: string | undefined,
  server: string,
): ProxyAddress | undefined {
  if (setting === noProxy) return undefined;
  if (setting === proxyOfEnvironment) {
    const url = new URL(server);
    // A path: as for everything that begins as HTTPS.
    return proxyFor({ host: hostOf(url), port: portOf(url), tls: true, path: '/' }, process.env);
  }
  if (setting !== undefined) return known(setting, 'the setting proxy');
  return proxyUrl ? known(proxyUrl, 'proxy-url in the kubeconfig') : undefined;
}

function known(text: string, from: string): ProxyAddress {
  const proxy = proxyAddress(text);
  if (proxy !== undefined) return { ...proxy, from };
  const expected = 'names no proxy: expected http://, https:// or socks5:// with host:port';
  throw new PlatformError(`${from} ${proxyUrlProblem(text, expected)}`, { transient: false });
}
