/** A simulated display in the terminal: each new frame as it comes, redrawn in place where that is possible. */
import type { Frame } from '../simulator/board/frame.ts';
import { toHalfBlocks } from '../simulator/board/frame.ts';

/** Narrower terminals would break the lines of a 128-pixel display. */
export const frameColumns = 130;

export interface FramePrinter {
  /** Draws a frame with a title above and a note below; replaces the frame before it on a real terminal. */
  frame(title: string, frame: Frame, note?: string): void;
  /** Prints a line that stays. */
  line(text: string): void;
}

/** Prints to `out`; in place when it is a terminal, one frame after the other when it is a file or a pipe. */
export function framePrinter(out: NodeJS.WriteStream): FramePrinter {
  let drawnLines = 0;
  return {
    frame(title, frame, note = '') {
      const tooNarrow = out.isTTY && out.columns < frameColumns;
      const picture = tooNarrow
        ? `(make this terminal ${frameColumns} columns wide to see the display; it has ${out.columns})`
        : toHalfBlocks(frame);
      const lines = `${title}\n${picture}\n${note}`.trimEnd().split('\n');
      if (out.isTTY && drawnLines > 0) out.write(`\x1b[${drawnLines}A\x1b[J`);
      out.write(`${lines.join('\n')}\n`);
      drawnLines = lines.length;
    },
    line(text) {
      out.write(`${text}\n`);
      drawnLines = 0;
    },
  };
}
