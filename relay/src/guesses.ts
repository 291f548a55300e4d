/**
 * Failed logins, and when guessing stops.
 *
 * A machine's key (256 random bits, see verifier.ts) cannot be guessed at any speed, and to check one costs no more
 * than to look up a limit. So it is always checked: whoever has the right key gets in, whatever others try under its
 * name or from its address, and nobody can lock a button out. Wrong keys are only counted.
 *
 * A person's password can be guessed, and a guess costs a quarter of a second. Three limits stand before it, each
 * with the reason in limits.ts: per name and address, per address, and per name. The last one is the only one that
 * strangers elsewhere can use up; then still whoever comes from where that name was last let in is heard. Who shares
 * an address with the guesser (one NAT) waits with them.
 *
 * Names that nobody has are counted like names that exist: what is refused, and how soon, says nothing about them.
 */
import { addressKey } from './address.ts';
import { Buckets } from './buckets.ts';
import type { Limits } from './limits.ts';
import { isFast, verify } from './verifier.ts';

/** `limited`: not looked at, or wrong once too often. `busy`: too many slow checks are waiting. */
export type Verdict = 'right' | 'wrong' | 'limited' | 'busy';

export interface Guesses {
  /** Whether `password` belongs to `verifier`, if this address may still ask. `name` is what was sent, known or not. */
  check(from: string, name: string, verifier: string, password: Buffer): Promise<Verdict>;
}

export function makeGuesses(limits: Limits): Guesses {
  const buckets = (burst: number) =>
    new Buckets({ burst, refillMs: limits.failedLoginsForgottenMs, maxKeys: limits.rememberedKeys });
  const ofAddress = buckets(limits.failedLoginsPerAddress);
  const ofPair = buckets(limits.failedLoginsPerNameAndAddress);
  const ofName = buckets(limits.failedLoginsPerName);
  const lastGoodAddress = new Map<string, string>();
  let slowChecks = 0;

  function remember(name: string, address: string): void {
    lastGoodAddress.delete(name);
    const [oldest] = lastGoodAddress.size >= limits.rememberedKeys ? lastGoodAddress.keys() : [];
    if (oldest !== undefined) lastGoodAddress.delete(oldest);
    lastGoodAddress.set(name, address);
  }

  async function checkFast(address: string, verifier: string, password: Buffer): Promise<Verdict> {
    if (await verify(verifier, password)) return 'right';
    return ofAddress.take(address) ? 'wrong' : 'limited';
  }

  async function checkSlow(
    address: string,
    name: string,
    verifier: string,
    password: Buffer,
  ): Promise<Verdict> {
    if (slowChecks >= limits.slowLogins) return 'busy';
    // Taken before the check and given back if it was right: a hundred at once get no more guesses than one by one.
    const wanted: [Buckets, string][] = [
      [ofAddress, address],
      [ofPair, `${address} ${name}`],
    ];
    if (lastGoodAddress.get(name) !== address) wanted.push([ofName, name]);
    const giveBack = (count: number) => {
      for (const [bucket, key] of wanted.slice(0, count)) bucket.giveBack(key);
    };
    // From the front: a stranger who has used up an address makes no more keys, and no more tries under this name.
    const missing = wanted.findIndex(([bucket, key]) => !bucket.take(key));
    if (missing >= 0) {
      giveBack(missing);
      return 'limited';
    }
    slowChecks++;
    const right = await verify(verifier, password).finally(() => slowChecks--);
    if (!right) return 'wrong';
    giveBack(wanted.length);
    remember(name, address);
    return 'right';
  }

  return {
    check(from, name, verifier, password) {
      const address = addressKey(from);
      if (isFast(verifier)) return checkFast(address, verifier, password);
      return checkSlow(address, name, verifier, password);
    },
  };
}
