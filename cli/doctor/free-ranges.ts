/** How many ranges of a pool are free. Pure. */
import { maxRangesPerPool, parseBlock } from '../../provisioner/src/common/cidr.ts';

/**
 * @param pool a CIDR that the settings have checked; @param prefix of each range; @param used CIDRs, of any length and
 * place. @returns free and all ranges.
 */
export function countFree(
  pool: string,
  prefix: number,
  used: readonly string[],
): { free: number; all: number } {
  const whole = parseBlock(pool);
  if (whole === undefined) return { free: 0, all: 0 };
  const size = 2 ** (32 - prefix);
  const all = Math.min(maxRangesPerPool, Math.floor((whole.last - whole.first + 1) / size));
  const taken = new Uint8Array(all);
  for (const cidr of used) {
    const block = parseBlock(cidr);
    if (block === undefined || block.last < whole.first || block.first > whole.last) continue;
    const from = Math.floor((Math.max(block.first, whole.first) - whole.first) / size);
    const to = Math.floor((Math.min(block.last, whole.last) - whole.first) / size);
    taken.fill(1, from, to + 1);
  }
  return { free: taken.filter(it => it === 0).length, all };
}
