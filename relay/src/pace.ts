/** How fast a client may speak: messages and subscriptions, by its role. */
import { Buckets } from './buckets.ts';
import type { Limits } from './limits.ts';
import type { User } from './users.ts';

/**
 * What to do with one more message of this user: 0 take it now, a number of milliseconds to take it that much later,
 * undefined to disconnect.
 *
 * Later is the rule, because aedes reads no further from a client until what it has read is done: whoever speaks too
 * fast is slowed by its own socket, loses nothing, and costs us one read of 64 KiB. A provisioner that comes back and
 * repeats a thousand statuses would otherwise be thrown out, come back, and repeat them for ever. Who has packed more
 * into one read than would be taken in `messageDelayMs` is no program of ours.
 */
export type Pace = (user: User) => number | undefined;

/** By name, not by connection: who reconnects goes on where it was. */
export function makePace(limits: Limits): Pace {
  const buckets = (burst: number, perS: number) =>
    new Buckets({ burst, refillMs: (burst / perS) * 1000, maxKeys: limits.rememberedKeys });
  const byRole = {
    button: buckets(limits.buttonMessageBurst, limits.buttonMessagesPerS),
    provisioner: buckets(limits.provisionerMessageBurst, limits.provisionerMessagesPerS),
  };
  return user => {
    const bucket = byRole[user.role];
    const owedMs = bucket.owe(user.name);
    if (owedMs <= limits.messageDelayMs) return Math.ceil(owedMs);
    bucket.giveBack(user.name);
    return undefined;
  };
}
