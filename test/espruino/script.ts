/** What a finger does at which picture: the same script for the interpreter and for the simulated board. */
import type { View } from '../../firmware/src/view.ts';

/** What is done when the picture is on the glass. `none`: it has to come; `stop`: the battery is pulled. */
export type Deed = 'press' | 'hold' | 'none' | 'stop';

/** Pictures by their names, in the order in which they have to come; others may come between them. */
export type Script = [picture: string, deed: Deed][];

/** A short press, and one that is long enough for the offer to give a cluster back. */
export const fingerMs = { press: 100, hold: 6500 };

/** Between two touches, and more than a chip needs from its reset to the program's first line. */
const restMs = 300;
const startMs = 2500;

/**
 * One finger: a touch begins when the one before has ended.
 * @param wokenMs how long it stays after it has woken the board, which starts now.
 */
export function oneFinger(touch: (ms: number) => void, wokenMs = 0): (deed: keyof typeof fingerMs) => void {
  let freeAt = performance.now() + (wokenMs > 0 ? startMs + wokenMs : 0);
  return deed => {
    const now = performance.now();
    const waitMs = Math.max(0, freeAt - now);
    freeAt = now + waitMs + fingerMs[deed] + restMs;
    setTimeout(() => touch(fingerMs[deed]), waitMs);
  };
}

/** The name of a picture: an error's code, the large word of an idle one, else its kind. */
export function nameOf(view: View): string {
  return view.kind === 'error' ? view.code : view.kind === 'idle' ? (view.title ?? view.kind) : view.kind;
}

/** The view in a line of the firmware's console: it tells each one that is on the glass. */
export function viewIn(line: string): View | undefined {
  return line.startsWith('view ') ? JSON.parse(line.slice('view '.length)) : undefined;
}

/** Takes the views as they come and says what is to be done. `isOver`: all of the script was done. */
export function follower(script: Script): { take(view: View): Deed | undefined; isOver(): boolean } {
  const rest = [...script];
  return {
    take: view => (rest[0]?.[0] === nameOf(view) ? rest.shift()?.[1] : undefined),
    isOver: () => rest.length === 0,
  };
}
