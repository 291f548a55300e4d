/** What a page and the worker with its board say to each other. */
import type { Frozen } from '../../../simulator/board/asleep.ts';
import type { Sleep } from '../../../simulator/board/bare-board.ts';
import type { BoardOptions, Fault, Network, Troubles } from '../../../simulator/board/options.ts';
import type { Frame } from '../../../simulator/board/ssd1306.ts';
import type { TraceEntry } from '../../../simulator/board/trace.ts';

/** The world around the board, as it is now. */
export interface Surroundings {
  networks: Network[];
  troubles: Troubles;
  batteryMv: number;
}

export interface Beginning extends Surroundings {
  programUrl: string;
  /** Length of the program, in bytes. */
  programBytes: number;
  files: Record<string, string>;
  /** Left out: a board out of the drawer, asleep until its button goes down. */
  frozen?: Frozen;
  /** A finger is on the button. */
  finger: boolean;
  /** The battery was taken out and put back. */
  reset?: true;
  options: Partial<BoardOptions>;
}

export type ToWorker =
  | { do: 'begin'; with: Beginning }
  | { do: 'finger'; down: boolean }
  | { do: 'change'; to: Surroundings };

export type FromWorker =
  | { say: 'frame'; frame: Frame }
  | { say: 'wake'; cause: number }
  | { say: 'print'; text: string }
  | { say: 'fault'; fault: Fault }
  | { say: 'trace'; entry: TraceEntry; startMs: number }
  | { say: 'wrote'; name: string; content?: string }
  /** The last of this worker: whoever gets it makes the next one. `downs`: how often it has felt a finger come down. */
  | { say: 'asleep'; sleep: Sleep; downs: number; frozen: Frozen };
