/** Ends connections at an engine of others, over its own HTTP interface: it asks for a login once, and never again. */
import type { Logger } from '../../../config/src/log.ts';
import { messageOf } from '../../../config/src/setup-error.ts';

/** Where an engine's interface is, and how it is asked. Holds a secret. */
export interface EngineApi {
  kind: 'rmqtt' | 'emqx';
  /** `http://127.0.0.1:6060` (RMQTT), `http://127.0.0.1:18083` (EMQX). */
  url: string;
  /** RMQTT: its bearer token; EMQX: `<API key>:<secret key>`. */
  secret?: string;
}

const answerLimitMs = 5_000;

/** Between two tries, in milliseconds; after the last one it is only said. */
const againMs = [500, 2_000, 10_000, 60_000];

/**
 * Throws `name` out: EMQX wherever in the cluster it is, RMQTT 0.24 at that node only (kick_client in its rmqtt-http-api).
 * Resolves with false when the engine could not be asked.
 */
export async function throwOut(
  api: EngineApi,
  name: string,
  log: Logger,
  signal: AbortSignal,
): Promise<boolean> {
  for (const waitMs of [0, ...againMs]) {
    await new Promise(resolve => setTimeout(resolve, waitMs).unref());
    if (signal.aborted) return false;
    try {
      const { status } = await fetch(urlOf(api, name), {
        method: 'DELETE',
        headers: headersOf(api),
        signal: AbortSignal.timeout(answerLimitMs),
      });
      // 404: it was not connected.
      if (status < 300 || status === 404) return true;
      log.warn({ user: name, status }, 'the engine does not end a connection: asked again');
    } catch (error) {
      log.warn({ user: name, reason: messageOf(error) }, 'the engine cannot be asked: asked again');
    }
  }
  log.error({ user: name }, 'revoked, but perhaps still connected: end its connection in the engine by hand');
  return false;
}

function urlOf({ kind, url }: EngineApi, name: string): string {
  const path = kind === 'rmqtt' ? '/api/v1/clients/' : '/api/v5/clients/';
  return new URL(`${path}${encodeURIComponent(name)}`, url).href;
}

function headersOf({ kind, secret }: EngineApi): Record<string, string> {
  if (secret === undefined) return {};
  return {
    authorization: kind === 'rmqtt' ? `Bearer ${secret}` : `Basic ${Buffer.from(secret).toString('base64')}`,
  };
}
