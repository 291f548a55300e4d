/** IPv4 addresses as the laboratory's network service hands them out: one after another from one range. */
import { randomInt } from 'node:crypto';
import ipaddr from 'ipaddr.js';

/** A block of IPv4 addresses. `first` and `last` are its network and broadcast address as numbers. */
export interface Cidr {
  text: string;
  prefix: number;
  first: number;
  last: number;
}

/** Reads `a.b.c.d/n` strictly (four parts, host bits may be set); undefined for anything else. */
export function parseCidr(text: string): Cidr | undefined {
  const [address, prefixText, ...rest] = text.split('/');
  if (address === undefined || prefixText === undefined || rest.length > 0) return undefined;
  if (!ipaddr.IPv4.isValidFourPartDecimal(address) || !/^(\d|[12]\d|3[0-2])$/.test(prefixText))
    return undefined;
  const prefix = Number(prefixText);
  const size = 2 ** (32 - prefix);
  const first = Math.floor(toNumber(address) / size) * size;
  return { text: `${toAddress(first)}/${prefix}`, prefix, first, last: first + size - 1 };
}

/** True when two blocks share an address. */
export function overlap(a: Cidr, b: Cidr): boolean {
  return a.first <= b.last && b.first <= a.last;
}

function toNumber(address: string): number {
  return ipaddr.IPv4.parse(address)
    .toByteArray()
    .reduce((sum, byte) => sum * 256 + byte, 0);
}

function toAddress(value: number): string {
  return [24, 16, 8, 0].map(shift => Math.floor(value / 2 ** shift) % 256).join('.');
}

/** A VMware MAC address (00:50:56 is the vendor's own block), as the virtual machines' cards have. */
export function macAddress(): string {
  const tail = [randomInt(64), randomInt(256), randomInt(256)];
  return ['00', '50', '56', ...tail.map(byte => byte.toString(16).padStart(2, '0'))].join(':');
}

/**
 * A pool of single addresses. Network, gateway (the first host) and broadcast address are never handed out.
 *
 * It walks through the whole block before it uses a freed address again, so that somebody who still talks to a
 * deleted cluster's address does not meet a new cluster there.
 */
export class AddressPool {
  readonly cidr: Cidr;
  readonly gateway: string;
  readonly #used = new Set<number>();
  #next: number;

  /**
   * @param cidr at most /30, so that there is one address to give
   * @param skip how many addresses after the network address to begin with; the block's start follows its end
   */
  constructor(cidr: Cidr, skip: number) {
    this.cidr = cidr;
    this.gateway = toAddress(cidr.first + 1);
    this.#next = cidr.first + skip;
  }

  get total(): number {
    return this.cidr.last - this.cidr.first - 2;
  }

  get free(): number {
    return this.total - this.#used.size;
  }

  /** All of `count` addresses, or undefined (and nothing taken) when fewer are free. */
  take(count: number): string[] | undefined {
    if (count > this.free) return undefined;
    return Array.from({ length: count }, () => toAddress(this.#takeOne()));
  }

  giveBack(addresses: readonly string[]): void {
    for (const address of addresses) this.#used.delete(toNumber(address));
  }

  // Ends always: take() has made sure that one is free.
  #takeOne(): number {
    for (;;) {
      const { first, last } = this.cidr;
      if (this.#next < first + 2 || this.#next >= last) this.#next = first + 2;
      const candidate = this.#next++;
      if (!this.#used.has(candidate)) {
        this.#used.add(candidate);
        return candidate;
      }
    }
  }
}
