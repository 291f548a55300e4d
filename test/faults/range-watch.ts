/** Looks all the time whether two clusters on the platform share addresses. */
import { parseBlock } from '../../provisioner/src/builds/ranges.ts';
import type { CcpSimulator } from '../../simulator/ccp/simulator.ts';

/** A build takes a second at least: each is seen many times (milliseconds). */
const everyMs = 50;

export class RangeWatch {
  /** Pairs that shared addresses, in words. */
  readonly shared = new Set<string>();
  readonly #timer: NodeJS.Timeout;

  constructor(ccp: CcpSimulator) {
    this.#timer = setInterval(() => this.#look(ccp), everyMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Sorted by their first address, blocks that overlap stand beside each other. */
  #look(ccp: CcpSimulator): void {
    const blocks = ccp
      .clusters()
      .flatMap(({ name, cidr }) => {
        const block = parseBlock(cidr);
        return block === undefined ? [] : [{ name, cidr, ...block }];
      })
      .sort((a, b) => a.first - b.first);
    for (const [i, block] of blocks.entries()) {
      const next = blocks[i + 1];
      if (next !== undefined && next.first <= block.last)
        this.shared.add(`${block.name} ${block.cidr} and ${next.name} ${next.cidr}`);
    }
  }
}
