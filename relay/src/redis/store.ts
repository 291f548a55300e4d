/**
 * What the nodes keep together in Redis, next to the retained messages. All keys have the relay's prefix:
 *   nodes          set of the ids of all nodes that are there, or died and are not yet buried
 *   node:<id>      exists as long as the node gives signs of life
 *   seats          hash: user name → `<node id> <number>` of the newest connection under this name
 *   wills:<id>     hash: user name → the will of the connection this node holds
 */
import type { Redis } from 'ioredis';

export interface Will {
  topic: string;
  payload: Buffer;
  qos: 0 | 1;
  retain: boolean;
}

const takeScript = `
local before = redis.call('HGET', KEYS[1], ARGV[1])
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return before`;

const releaseScript = `
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then return redis.call('HDEL', KEYS[1], ARGV[1]) end
return 0`;

/** Only if the seat is still held by a connection of that node: whoever has come back elsewhere has taken it. */
const inheritScript = `
local before = redis.call('HGET', KEYS[1], ARGV[1])
if not before or string.sub(before, 1, #ARGV[2] + 1) ~= ARGV[2] .. ' ' then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1`;

export type Store = ReturnType<typeof makeStore>;

/** The commands, each one round trip. All reject when Redis is away. */
export function makeStore(redis: Redis) {
  return {
    /** Makes `seat` the newest connection of this name, and says which one was. */
    take: async (name: string, seat: string) =>
      (await redis.eval(takeScript, 1, 'seats', name, seat)) as string | null,
    /** Gives the seat back, unless a newer connection has taken it. */
    release: (name: string, seat: string) => redis.eval(releaseScript, 1, 'seats', name, seat),
    /** Takes the seat of a dead node's connection. False: it is not its seat any more. */
    inherit: async (name: string, deadNode: string, seat: string) =>
      (await redis.eval(inheritScript, 1, 'seats', name, deadNode, seat)) === 1,

    join: (node: string, leaseMs: number) =>
      redis.multi().set(`node:${node}`, '1', 'PX', leaseMs).sadd('nodes', node).exec(),
    /** A sign of life. False when the node counts as dead already. */
    renew: async (node: string, leaseMs: number) =>
      (await redis.set(`node:${node}`, '1', 'PX', leaseMs, 'XX')) === 'OK',
    isAlive: async (node: string) => (await redis.exists(`node:${node}`)) === 1,
    /** Nodes that died, and have not been buried. */
    async deadNodes(): Promise<string[]> {
      const nodes = await redis.smembers('nodes');
      if (nodes.length === 0) return [];
      const signs = await redis.mget(nodes.map(node => `node:${node}`));
      return nodes.filter((_, index) => signs[index] === null);
    },
    bury: (node: string) => redis.multi().del(`wills:${node}`, `node:${node}`).srem('nodes', node).exec(),

    putWill: (node: string, name: string, will: Will) =>
      redis.hset(
        `wills:${node}`,
        name,
        JSON.stringify({ ...will, payload: will.payload.toString('base64') }),
      ),
    deleteWill: (node: string, name: string) => redis.hdel(`wills:${node}`, name),
    async willsOf(node: string): Promise<[name: string, will: Will][]> {
      const wills = Object.entries(await redis.hgetall(`wills:${node}`));
      return wills.map(([name, text]) => {
        const will = JSON.parse(text) as Omit<Will, 'payload'> & { payload: string };
        return [name, { ...will, payload: Buffer.from(will.payload, 'base64') }];
      });
    },

    /**
     * Resolves when Redis has answered all that was sent on this connection so far, and what follows from the answers
     * (a retained message is first stored, then sent to subscribers) is sent too.
     */
    async settled(): Promise<void> {
      await redis.ping();
      await new Promise(resolve => setImmediate(resolve));
    },
  };
}
