/** All the way to the relay: dialled, and logged in. */
import { Connection } from './connection.ts';
import { dial } from './dial.ts';
import type { LinkOptions } from './link-options.ts';

/**
 * @param onMessage called for every message; must not throw. @param signal ends it at once, wherever it is.
 * @throws HopError, or Error when it was stopped.
 */
export async function openConnection(
  { relay, will, name, keepAliveS }: Pick<LinkOptions, 'relay' | 'will' | 'name'> & { keepAliveS: number },
  onMessage: (topic: string, payload: Buffer) => void,
  signal: AbortSignal,
): Promise<Connection> {
  const stream = await dial(relay, relay.proxy, signal);
  const abandon = () => stream.destroy();
  signal.addEventListener('abort', abandon, { once: true });
  try {
    if (signal.aborted) throw new Error('stopped');
    const { user, password } = relay;
    return await Connection.open({
      ...{ stream, relayName: name, way: relay, user, password, will: will(), keepAliveS },
      onMessage,
    });
  } catch (error) {
    stream.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', abandon);
  }
}
