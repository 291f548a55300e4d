/** The rate limit of each client, by its role: how fast it may speak, in packets of every kind, and in a subscription each filter. */
import type { Limits, Role } from './limits.ts';
import { Buckets } from './token-buckets.ts';

/**
 * What to do with one more packet of this user: 0 take it now, a number of milliseconds to take it that much later,
 * undefined to disconnect.
 *
 * Later is the rule: whoever speaks too fast is slowed by its own socket, from which nothing is read meanwhile, and loses
 * nothing. A provisioner that comes back and repeats a thousand statuses would otherwise be thrown out, come back, and
 * repeat them for ever. Who has sent more in one go than would be taken in `messageDelayMs` is no program of ours.
 * @param weight 1, or how many filters a subscription has
 * @param behind what waits behind it, by weight; asked only when it has to wait
 */
export type MessageRate = (
  user: { name: string; role: Role },
  weight?: number,
  behind?: () => number,
) => number | undefined;

/**
 * By name, not by connection: who reconnects goes on where it was.
 * @param buttonsServedBy how many buttons a provisioner has
 */
export function makeMessageRate(
  limits: Limits,
  buttonsServedBy: (name: string) => number = () => 0,
): MessageRate {
  const perSecond: Record<Role, number> = {
    button: limits.buttonMessagesPerS,
    provisioner: limits.provisionerMessagesPerS,
  };
  const buckets = (role: Role, burst: number, extraOf = (_name: string) => 0) =>
    new Buckets({
      ...{ burst, extraOf },
      refillMs: (burst / perSecond[role]) * 1000,
      maxKeys: limits.rememberedKeys,
    });
  const byRole = {
    button: buckets('button', limits.buttonMessageBurst),
    provisioner: buckets(
      'provisioner',
      limits.provisionerMessageBurst,
      name => limits.provisionerMessageBurstPerButton * buttonsServedBy(name),
    ),
  };
  return ({ name, role }, weight = 1, behind = () => 0) => {
    const bucket = byRole[role];
    const owedMs = bucket.owe(name, weight);
    if (owedMs === 0) return 0;
    if (owedMs + (behind() * 1000) / perSecond[role] <= limits.messageDelayMs) return Math.ceil(owedMs);
    bucket.giveBack(name, weight);
    return undefined;
  };
}
