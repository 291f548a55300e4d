/**
 * aedes' memory in Redis. Retained messages are kept by aedes-persistence-redis. The rest of it stays unused:
 * - Sessions: the relay forces clean ones (login.ts), so there are no subscriptions to restore and no queues.
 * - Wills: its commands for them are not waited for, and one that fails ends the program; and what it keeps for a dead
 *   node would be published even when the client is long back on another. members.ts does it with store.ts.
 */
import { Readable } from 'node:stream';
import type { AedesPublishPacket } from 'aedes';
import AsyncRedisPersistence from 'aedes-persistence-redis/asyncPersistence.js';
import type { Redis } from 'ioredis';
import { cleanSessions } from '../clean-sessions.ts';
import type { Store, Will } from './store.ts';

type Failed = (error: Error) => void;

/** What aedes asks of a persistence when all sessions are clean. */
export function makePersistence(redis: Redis, store: Store, nodeId: string, onFailed: Failed) {
  const kept = new AsyncRedisPersistence({ conn: redis });

  /** An error in this stream would end the program: aedes does not listen for it. */
  async function* retained(topics: string[]): AsyncGenerator<AedesPublishPacket> {
    try {
      yield* kept.createRetainedStreamCombi(topics);
    } catch (error) {
      // The client is not left with half an answer: the node drops everybody, and they subscribe again.
      onFailed(error as Error);
    }
  }

  return {
    ...cleanSessions,
    async storeRetained(packet: AedesPublishPacket): Promise<void> {
      await kept.storeRetained(packet).catch((error: Error) => {
        onFailed(error);
        throw error;
      });
    },
    createRetainedStreamCombi: (topics: string[]) => Readable.from(retained(topics)),

    // Sent, not waited for: commands keep their order, and a client that closes while aedes waits here
    // would stay on its list for ever.
    async putWill(client: { id: string }, { topic, payload, qos, retain }: Will): Promise<void> {
      store.putWill(nodeId, client.id, { topic, payload, qos, retain }).catch(onFailed);
    },
    async delWill(client: { id: string }): Promise<void> {
      store.deleteWill(nodeId, client.id).catch(onFailed);
    },
    // Of dead nodes: members.ts sees to them.
    streamWill: () => Readable.from([]),
  };
}
