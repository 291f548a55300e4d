/** Address ranges of clusters: the next free one of a profile's pool. Pure arithmetic on IPv4 CIDRs. */
import ipaddr from 'ipaddr.js';

/** A block of IPv4 addresses as numbers, first and last included. */
export interface Block {
  first: number;
  last: number;
}

/** Most ranges in one pool: bounds the search, and is more clusters than any lab has. */
export const maxRangesPerPool = 65_536;

/** Reads a CIDR; host bits are cut off. Undefined for anything that is not IPv4 (it cannot overlap our pools). */
export function parseBlock(cidr: string): Block | undefined {
  if (!ipaddr.IPv4.isValidCIDRFourPartDecimal(cidr)) return undefined;
  const [address, prefix] = ipaddr.IPv4.parseCIDR(cidr);
  const size = 2 ** (32 - prefix);
  const first = Math.floor(numberOf(address) / size) * size;
  return { first, last: first + size - 1 };
}

/** What {@link isPool} takes. */
export const networkHint = 'expected an IPv4 network like 172.16.0.0/12, no bits set behind the prefix';

/** True for a network as a pool must be written: no bits set behind the prefix, which are a mistake in either half. */
export function isPool(text: string): boolean {
  const block = parseBlock(text);
  if (block === undefined) return false;
  const [address = ''] = text.split('/');
  return parseBlock(`${address}/32`)?.first === block.first;
}

/** True when both have an address in common. What is not IPv4 overlaps nothing. */
export function overlap(a: string, b: string): boolean {
  const [one, other] = [parseBlock(a), parseBlock(b)];
  return one !== undefined && other !== undefined && one.first <= other.last && other.first <= one.last;
}

/**
 * The first block of length `prefix` in `pool` that overlaps none of `used`, as a CIDR; undefined when the pool
 * is full.
 * @param from where to begin to look, as a part of the pool, 0 to below 1; behind its end it goes on at the beginning.
 */
export function nextFree(
  pool: string,
  prefix: number,
  used: readonly string[],
  from = 0,
): string | undefined {
  const whole = parseBlock(pool);
  if (whole === undefined) return undefined;
  const size = 2 ** (32 - prefix);
  const blocks = Math.floor((whole.last - whole.first + 1) / size);
  const start = whole.first + Math.floor(blocks * from) * size;
  const taken = used.map(parseBlock).filter(block => block !== undefined);
  const free = firstFree({ ...whole, first: start }, size, taken) ?? firstFree(whole, size, taken);
  return free === undefined ? undefined : `${addressOf(free)}/${prefix}`;
}

function firstFree(whole: Block, size: number, used: readonly Block[]): number | undefined {
  const taken = used.toSorted((a, b) => a.first - b.first);
  let { first } = whole;
  // The blocks are sorted, so one pass is enough: each moves the candidate behind itself or leaves it alone.
  for (const block of taken) {
    if (block.first > first + size - 1) break;
    if (block.last >= first) first = alignUp(block.last + 1, size);
  }
  return first + size - 1 <= whole.last ? first : undefined;
}

function alignUp(value: number, size: number): number {
  return Math.ceil(value / size) * size;
}

function numberOf(address: ipaddr.IPv4): number {
  return address.toByteArray().reduce((sum, byte) => sum * 256 + byte, 0);
}

function addressOf(value: number): string {
  return [24, 16, 8, 0].map(shift => Math.floor(value / 2 ** shift) % 256).join('.');
}
