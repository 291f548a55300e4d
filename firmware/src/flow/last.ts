/** The last screen of a way: an address, an error, a cluster that is gone. Chip's dialect. */
import type { Code, Status } from '../../../protocol/src/messages.ts';
import { explain } from '../explain.ts';
import { showAwakeMs, showErrorMs, showQrMs, showStillS, watchS } from '../limits.ts';
import type { Result, Shown } from '../memory.ts';
import type { Screen } from '../view.ts';
import { isReady, noPoll, type Outcome, patch, type State, say, to } from './state.ts';

/** Built into the chip and into Node alike: base64 to a binary string. */
declare function atob(base64: string): string;

function showLast(state: State, screen: Screen, ms: number): Outcome {
  return to(state, { step: 'showing' }, [{ do: 'show', screen }, { do: 'radioOff' }, { do: 'limit', ms }]);
}

/** A ready cluster: its address, or at every other short press the QR code of its API. */
export function showReady(state: State, status: Status, ms: number): Outcome {
  const at = (status.qr || '').indexOf(':');
  const screen: Screen =
    state.qr && status.qr && at > 0
      ? {
          kind: 'qr',
          side: +status.qr.substring(0, at),
          bitmap: atob(status.qr.substring(at + 1)),
          text: status.cluster,
        }
      : { kind: 'ready', cluster: status.cluster, address: status.address || '', note: status.phase };
  return showLast(state, screen, ms);
}

/** How long an address that is new is shown awake. */
export function showFirstMs(state: State): number {
  return state.watchS === watchS ? showAwakeMs : showQrMs;
}

function showResult(state: State, result: Result): Outcome {
  const status = result.status;
  if (isReady(status)) {
    return showReady(state, status, showFirstMs(state));
  }
  const screen = status
    ? say(state, 'RELEASED', `${status.cluster} is gone`)
    : explain(result.code as Code, result.line as string);
  return showLast(state, screen, showErrorMs);
}

/**
 * What a way has come to, on the display for a while, then sleep. A radio that was started would draw its current all
 * that time: then a fresh boot shows it and feels the finger, its variables free of what the way has left.
 */
export function conclude(state: State, now: number, result: Result): Outcome {
  if (!state.radio) {
    return showResult(state, result);
  }
  const saved = patch(state.saved, { shown: Object.assign({ at: now }, result) });
  return to(state, { step: 'showing', saved }, [{ do: 'radioOff' }, { do: 'rest', saved }]);
}

/** The error screen. When something came that was not signed with our keys, that explains a silent lab best. */
export function giveUp(state: State, now: number, code: Code, line: string): Outcome {
  // A relay that was reached had more to say than one that was not.
  const told = code === 'RELAY' && state.trouble ? state.trouble : { code, line };
  const isKey = told.code === 'LAB' && state.forged;
  return conclude(state, now, isKey ? { code: 'KEY', line: 'The keys do not match' } : told);
}

/** In the boot that {@link conclude} ends with. `buttonDown`: the finger that is on the button has not seen it, and means something else. */
export function showShown(state: State, shown: Shown, buttonDown: boolean): Outcome {
  const status = shown.status;
  const poll = state.saved.poll || patch(noPoll, { status });
  return showResult(patch(state, { buttonDown, status, poll }), shown);
}

/** The address stays on the display for a while, the chip asleep. */
export function standStill(state: State): Outcome {
  return to(state, { step: 'napping' }, [{ do: 'nap', ms: showStillS * 1000, watched: true }]);
}
