/** What a simulated board shows, in words: the firmware prints each view on its console. */
import type { View } from '../firmware/src/view.ts';
import type { Board } from '../simulator/board/board.ts';

const mark = 'view ';

/** Calls back with each view that the board's firmware puts on its display. */
export function onView(board: Board, show: (view: View) => void): void {
  board.on('print', line => {
    if (line.startsWith(mark)) show(JSON.parse(line.slice(mark.length)));
  });
}

/** One line for a log. */
export function viewLine(view: View): string {
  switch (view.kind) {
    case 'idle':
      return view.detail;
    case 'connecting':
      return `${view.hop} ${view.detail}`.trim();
    case 'building':
      return `${view.cluster}: ${view.phase} ${view.percent} %`;
    case 'ready':
      return `${view.cluster} ready at ${view.address}, ${view.note}`;
    case 'qr':
      return view.text;
    case 'error':
      return `${view.code}: ${view.line}. ${view.advice}`;
  }
}
