/** The limit and rate limit of connections of an address: the first question, before a byte is read or a handshake begun. */
import { addressKey } from './address.ts';
import type { Limits } from './limits.ts';
import { Buckets } from './token-buckets.ts';

export type ConnectionRefusal = 'too-many-connections-of-address' | 'connecting-too-often';

export interface ConnectionLimits {
  /** Asks for one more connection from this address. The caller who gets in calls `leave` when it is closed. */
  enter(from: string): { leave: () => void } | { refused: ConnectionRefusal };
}

const minuteMs = 60_000;

export function makeConnectionLimits(limits: Limits): ConnectionLimits {
  // As many keys as there are connections: needs no limit of its own.
  const open = new Map<string, number>();
  const arrivals = new Buckets({
    burst: limits.newConnectionsPerAddressPerMinute,
    refillMs: minuteMs,
    maxKeys: limits.rememberedKeys,
  });
  return {
    enter(from) {
      const key = addressKey(from);
      const here = open.get(key) ?? 0;
      if (here >= limits.connectionsPerAddress) return { refused: 'too-many-connections-of-address' };
      if (!arrivals.take(key)) return { refused: 'connecting-too-often' };
      open.set(key, here + 1);
      const leave = () => {
        const left = (open.get(key) ?? 1) - 1;
        if (left > 0) open.set(key, left);
        else open.delete(key);
      };
      return { leave };
    },
  };
}
