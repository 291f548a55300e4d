/** The simulated board on Node.js. */
import { BareBoard } from './bare-board.ts';
import { nodeHost } from './node-host.ts';
import type { BoardOptions } from './options.ts';

export type { Sleep } from './bare-board.ts';
export type { BoardOptions, Troubles } from './options.ts';
export { flashed, newest } from './options.ts';
export type { TraceEntry } from './trace.ts';

export class Board extends BareBoard {
  /** As {@link BareBoard}'s. */
  constructor(options: BoardOptions, frozen?: ConstructorParameters<typeof BareBoard>[2]) {
    super(options, nodeHost, frozen);
  }
}
