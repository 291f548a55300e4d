/** Address ranges that cannot work, said before any press: problems of one profile's pool. Pure. */
import { type Block, isPool, maxRangesPerPool, parseBlock } from '../common/cidr.ts';

/** Addresses that no machine of a network can have (RFC 6890 and what it names). */
const never: readonly (readonly [string, string])[] = [
  ['0.0.0.0/8', 'means "this network" and is no address'],
  ['127.0.0.0/8', 'is loopback: each machine is that itself'],
  ['169.254.0.0/16', 'is link-local: no router passes it on'],
  ['224.0.0.0/4', 'is multicast: groups, no machines'],
  ['240.0.0.0/4', 'is reserved: systems refuse it'],
];

/** What a profile says of its pool, unchecked, and what its ranges must not meet. */
export interface PoolSettings {
  rangePool: unknown;
  rangePrefix: unknown;
  exclude: unknown;
  /** The platform's own networks, as CIDRs, and where each stands in the settings. */
  others: readonly (readonly [string, string])[];
}

type Say = (message: string, ...path: string[]) => void;

/** True when prefix and pool fit each other. */
export function checkPool({ rangePool, rangePrefix, exclude, others }: PoolSettings, say: Say): boolean {
  // What is impossible by itself has been told of already.
  if (typeof rangePrefix !== 'number' || rangePrefix > 32) return false;
  if (typeof rangePool !== 'string' || !isPool(rangePool)) return false;
  const poolPrefix = Number(rangePool.split('/')[1]);
  if (rangePrefix < poolPrefix) {
    say(`expected at least ${poolPrefix}, the prefix of rangePool`, 'rangePrefix');
    return false;
  }
  if (2 ** (rangePrefix - poolPrefix) > maxRangesPerPool) {
    say(`makes more than ${maxRangesPerPool} ranges: choose a smaller rangePool`, 'rangePrefix');
    return false;
  }
  const out = checkExclude(rangePool, exclude, say);
  if (out === undefined) return true;
  for (const [network, why] of never) {
    if (meets(rangePool, network, out)) say(`overlaps ${network}, which ${why}: ${advice}`, 'rangePool');
  }
  for (const [network, whose] of others) {
    if (meets(rangePool, network, out)) say(`overlaps ${network}, ${whose}: ${advice}`, 'rangePool');
  }
  return true;
}

const advice = 'choose another pool, or take that out with exclude';

/** The blocks that are taken out; undefined when these cannot be read. */
function checkExclude(pool: string, exclude: unknown, say: Say): Block[] | undefined {
  if (exclude === undefined) return [];
  if (!Array.isArray(exclude) || !exclude.every(each => typeof each === 'string' && isPool(each)))
    return undefined;
  const blocks = exclude.map(parseBlock).filter(block => block !== undefined);
  exclude.forEach((each: string, i) => {
    const block = parseBlock(each);
    const whole = parseBlock(pool);
    if (block === undefined || whole === undefined) return;
    if (block.last < whole.first || block.first > whole.last)
      say(`is not within rangePool ${pool}: correct it or leave it out`, 'exclude', String(i));
  });
  if (!meets(pool, pool, blocks))
    say(`takes all of rangePool ${pool} out: no cluster could get a range`, 'exclude');
  return blocks;
}

/** True when a pool and a network have an address in common that is not taken out with `exclude`. */
export function poolMeets(pool: string, network: string, exclude: readonly string[]): boolean {
  return meets(
    pool,
    network,
    exclude.map(parseBlock).filter(block => block !== undefined),
  );
}

function meets(pool: string, network: string, out: readonly Block[]): boolean {
  const [one, other] = [parseBlock(pool), parseBlock(network)];
  if (one === undefined || other === undefined) return false;
  let first = Math.max(one.first, other.first);
  const last = Math.min(one.last, other.last);
  for (const block of out.toSorted((a, b) => a.first - b.first)) {
    if (block.first > first) break;
    first = Math.max(first, block.last + 1);
  }
  return first <= last;
}
