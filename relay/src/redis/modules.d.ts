/** The part of aedes-persistence-redis that we use: it comes without types. */
declare module 'aedes-persistence-redis/asyncPersistence.js' {
  import type { AedesPublishPacket } from 'aedes';
  import type { Redis } from 'ioredis';

  export default class AsyncRedisPersistence {
    constructor(options: { conn: Redis });
    /** Keeps the message under its topic, or forgets the topic when the payload is empty. */
    storeRetained(packet: AedesPublishPacket): Promise<void>;
    /** One HGET after another for exact topics; a scan of everything for patterns (which nobody here may use). */
    createRetainedStreamCombi(topics: string[]): AsyncGenerator<AedesPublishPacket>;
  }
}
