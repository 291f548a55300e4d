/**
 * One boot of a simulated board: asleep until it wakes, then the program, until it sleeps again. Then its page ends this worker and makes
 * another: nothing outlives a deep sleep but the files, and what is no part of the chip (wires, glass).
 */
import { BareBoard } from '../../../simulator/board/bare-board.ts';
import { type Clock, realClock } from '../../../simulator/board/clock.ts';
import { browserHost } from './browser-host.ts';
import type { Beginning, FromWorker, ToWorker } from './messages.ts';

// Taken before the program's world is cut down: see browser-host.ts.
const post = self.postMessage.bind(self) as (message: FromWorker) => void;
const { timeOrigin } = performance;
const now = performance.now.bind(performance);

/** Milliseconds since 1970, the same in every worker: what was frozen in one goes on in the next. */
const clock: Clock = { ...realClock, nowMs: () => timeOrigin + now() };

/**
 * From down to up, and from up to down: no finger is faster. A tool that presses for somebody may be, and so may messages that have
 * waited for a busy worker: the program would not feel what is shorter than its debounce.
 */
const leastMs = 90;

let board: BareBoard | undefined;
/** Its one boot has begun. */
let hasRun = false;
/** What the finger does next, in order. */
const moves: boolean[] = [];
let movedAtMs = Number.NEGATIVE_INFINITY;
/** The press that the finger is at is left out. */
let isTooMuch = false;
/** How often a finger has come down on this board. */
let downs = 0;

function finger(down: boolean): void {
  // One press waits at most: a tool that hammers is one finger, not a crowd of them that comes later. With a press its end is left out.
  if (down) isTooMuch = moves.length >= 2;
  if (isTooMuch) {
    if (down) downs += 1;
    return;
  }
  moves.push(down);
  if (moves.length === 1) move();
}

function move(): void {
  const waitMs = movedAtMs + leastMs - clock.nowMs();
  if (waitMs > 0) {
    clock.later(waitMs, move);
    return;
  }
  const down = moves.shift();
  if (down === undefined) return;
  movedAtMs = clock.nowMs();
  if (down) {
    downs += 1;
    board?.down();
  } else board?.up();
  if (moves.length > 0) move();
}

function begin({ frozen, finger: isDown, reset, options, ...world }: Beginning): void {
  const { networks, troubles, batteryMv, files, programUrl, programBytes } = world;
  const host = browserHost({
    ...{ programUrl, files },
    wrote: (name, content) => post({ say: 'wrote', name, ...(content === undefined ? {} : { content }) }),
  });
  const mine = new BareBoard(
    {
      ...options,
      // The host runs the file itself; how long it is says how full the flash is.
      bundle: ' '.repeat(programBytes),
      storageDir: '',
      ...{ networks, troubles, batteryMv, clock },
      onTrace: (entry, startMs) => post({ say: 'trace', entry, startMs }),
    },
    host,
    frozen,
  );
  board = mine;
  mine.on('frame', frame => post({ say: 'frame', frame }));
  mine.on('wake', cause => post({ say: 'wake', cause }));
  mine.on('print', text => post({ say: 'print', text }));
  mine.on('fault', fault => post({ say: 'fault', fault }));
  mine.on('wake', () => {
    hasRun = true;
  });
  mine.on('sleep', sleep => {
    // Out of its drawer, its first boot is still to come, and has room here.
    if (hasRun) post({ say: 'asleep', sleep, downs, frozen: mine.freeze() });
  });
  if (frozen !== undefined && reset === undefined) {
    // Whoever was on it when it fell asleep may have let go since.
    mine.up();
    mine.thaw(frozen);
  } else if (reset) mine.powerOn();
  else mine.shelve();
  if (isDown) finger(true);
}

self.addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  if (data.do === 'begin') {
    begin(data.with);
    return;
  }
  // Asleep again: the next worker is told of the finger at its beginning, and wakes.
  if (board === undefined || (hasRun && board.state !== 'awake')) return;
  if (data.do === 'finger') {
    finger(data.down);
  } else {
    board.networks = data.to.networks;
    board.batteryMv = data.to.batteryMv;
    for (const name of Object.keys(board.troubles)) Reflect.deleteProperty(board.troubles, name);
    Object.assign(board.troubles, data.to.troubles);
  }
});
