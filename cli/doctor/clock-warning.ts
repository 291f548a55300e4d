/** Whether a platform's clock and ours fit each other. */
import { request } from 'node:http';
import type { Socket } from 'node:net';
import type { Visit } from './visit.ts';

/** An answer to HEAD, only for its date (milliseconds). */
const dateLimitMs = 5_000;

/**
 * More than this and people wonder: logs of lab and platform do not fit each other, and tokens and certificates may
 * be worthless before their time (milliseconds).
 */
const maxClockOffMs = 60_000;

/** @param host for the header. Says nothing when the platform tells no date. */
export async function clockWarning(
  name: string,
  host: string,
  socket: Socket,
  visit: Visit,
): Promise<string[]> {
  const dateMs = await dateOver(socket, host);
  if (dateMs === undefined) return [];
  // A date has whole seconds, cut off.
  const offMs = visit.options.now() - (dateMs + 500);
  if (Math.abs(offMs) <= maxClockOffMs) return [];
  const off = `${Math.round(Math.abs(offMs) / 1000)} s ${offMs > 0 ? 'ahead of' : 'behind'}`;
  return [
    `this machine's clock is ${off} that of platform ${name}: set it (NTP); press times and certificates depend on it`,
  ];
}

/** What HEAD / over this TLS socket says of the time, in milliseconds since 1970. No login is sent. */
function dateOver(socket: Socket, host: string): Promise<number | undefined> {
  return new Promise(resolve => {
    const asked = request(
      { method: 'HEAD', path: '/', headers: { host }, createConnection: () => socket, timeout: dateLimitMs },
      response => {
        response.resume();
        const date = Date.parse(response.headers.date ?? '');
        void resolve(Number.isNaN(date) ? undefined : date);
      },
    );
    asked.once('timeout', () => asked.destroy(new Error('no answer')));
    asked.once('error', () => resolve(undefined));
    asked.end();
  });
}
