/**
 * The way of a press as a pure function: state, event and time in, state and effects out. It reads no clock, no
 * pin and no socket, so every path is a row in a table test. Chip's dialect.
 */
import type { Action } from '../../../protocol/src/messages.ts';
import { refusal, refusalCode } from '../explain.ts';
import {
  minBatteryMv,
  offerMs,
  pressTries,
  readLimitMs,
  showIdleMs,
  showQrMs,
  showStillS,
  watchS,
} from '../limits.ts';
import { dial, failHere, forget, join, lost, nap, nextNetwork, notJoined, toSleep } from './connect.ts';
import { giveUp, showFirstMs, showReady, showShown, standStill } from './last.ts';
import { ask, decide, takeBeacon, takeStatus } from './on-message.ts';
import {
  type Event,
  initialState,
  isBeingBuilt,
  isReady,
  noPoll,
  type Outcome,
  patch,
  type State,
  type Step,
  say,
  stay,
  to,
} from './state.ts';

export {
  type Effect,
  type Event,
  initialState,
  type JoinProblem,
  type Outcome,
  type State,
} from './state.ts';

/** Naps end late by some seconds: the boot, and a slow clock that is off by a few percent. */
const lateS = 10;

/** No cluster is given back; a build that was followed is followed on. */
function keep(state: State, now: number, title: string): Outcome {
  const poll = state.saved.poll;
  if (poll && !isReady(poll.status)) {
    return nap(patch(state, { request: 'poll', poll: patch(poll, { touched: now }) }), now);
  }
  // A press that comes too late to confirm is no request for another cluster: its end is swallowed. So no boot comes between.
  return to(state, { step: 'showing', buttonDown: true }, [
    { do: 'show', screen: say(state, title, '') },
    { do: 'radioOff' },
    { do: 'limit', ms: showIdleMs },
  ]);
}

/** Holding the button: offers to give the newest cluster back, or to call off the build under way. */
function offer(state: State, now: number): Outcome {
  const poll = state.saved.poll;
  const status = state.status || poll?.status;
  const built = isBeingBuilt(status);
  const cluster = built || isReady(status) ? status.cluster : state.saved.cluster;
  const next = patch(state, { step: 'offering', buttonDown: false });
  if (cluster === '') {
    return keep(next, now, 'NOTHING');
  }
  return to(next, {}, [
    {
      do: 'show',
      screen: built
        ? say(state, 'CALL OFF?', `press to stop ${cluster}`)
        : say(state, 'RELEASE?', `press to give ${cluster} back`),
    },
    { do: 'radioOff' },
    { do: 'limit', ms: offerMs },
  ]);
}

/** A request begins: nothing is kept of what an earlier one has seen. The first frame, then the radio. */
function start(state: State, now: number, request: Action, buttonDown: boolean): Outcome {
  const saved = patch(state.saved, { shown: undefined });
  const fresh = initialState(state.button, state.ssids, saved, state.batteryMv, state.watchS);
  const next = patch(fresh, {
    request,
    buttonDown,
    poll: patch(noPoll, { touched: now }),
    radio: state.radio,
    relays: state.relays,
  });
  if (state.batteryMv > 0 && state.batteryMv < minBatteryMv) {
    return giveUp(next, now, 'BATTERY', `${(state.batteryMv / 1000).toFixed(2)} V is too low to finish`);
  }
  return join(next, now);
}

function wake(state: State, now: number, cause: 'power' | 'button' | 'timer' | 'held'): Outcome {
  const poll = state.saved.poll;
  const shown = state.saved.shown;
  const held = cause === 'held';
  if (shown && (held || cause === 'timer')) {
    // None from before the clock began anew.
    const ageS = now - shown.at;
    const isNew = ageS >= 0 && ageS < lateS;
    // A finger at the end of an address that stood on the display could not be felt before.
    const stoodS = showFirstMs(state) / 1000 + showStillS;
    if (isNew || (held && isReady(shown.status) && ageS >= stoodS && ageS < stoodS + lateS)) {
      // A finger from before has not seen it.
      return showShown(state, shown, held && isNew);
    }
  }
  if (cause === 'button' || (held && poll)) {
    return start(state, now, 'create', true);
  }
  if (cause !== 'power') {
    const saved = patch(state.saved, { shown: undefined });
    if (!poll) {
      return to(state, {}, [{ do: 'sleep' }]);
    }
    // A press that was not answered before the nap is still asked for.
    const asked = poll.status === undefined && saved.pending !== '';
    return nap(patch(state, { request: asked ? (saved.pending as Action) : 'poll', asked, saved }), now);
  }
  // A battery change or a brown-out is no press: nothing is ordered, the radio stays off.
  // The chip's clock began anew, so nothing is followed by it either.
  return forget(
    to(state, { step: 'showing', poll: noPoll }, [
      { do: 'show', screen: { kind: 'idle', button: state.button, detail: 'press to build' } },
      { do: 'limit', ms: showIdleMs },
    ]),
  );
}

/** The last screen is not on the display yet: the next boot brings it. */
function isLeaving(state: State): boolean {
  return state.step === 'showing' && state.radio && state.saved.shown !== undefined;
}

function takeUp(state: State, now: number): Outcome {
  if (isLeaving(state)) {
    return stay(state);
  }
  if (state.buttonDown) {
    const next = patch(state, { buttonDown: false });
    return state.step === 'holding' ? decide(next, now) : stay(next);
  }
  switch (state.step) {
    case 'offering':
      return start(state, now, 'release', false);
    case 'napping':
    case 'showing':
      if (isReady(state.status)) {
        return showReady(patch(state, { qr: !state.qr }), state.status, showQrMs);
      }
      return state.step === 'showing' || isReady(state.poll.status)
        ? start(state, now, 'create', false)
        : nap(patch(state, { poll: patch(state.poll, { due: now, touched: now }) }), now);
    default:
      return stay(state);
  }
}

function takeLate(state: State, now: number): Outcome {
  switch (state.step) {
    case 'joining':
      return nextNetwork(state, now);
    case 'dialing':
      return lost(state, now, 'RELAY', 'The relay is silent');
    case 'reading':
      return state.beaconTime > 0 && state.request !== 'poll'
        ? decide(state, now)
        : lost(state, now, 'LAB', 'No sign of the lab');
    case 'asking':
      return state.tries < pressTries && state.saved.pending !== ''
        ? ask(state, state.saved.press, state.saved.pending)
        : failHere(state, 'LAB', `The lab did not answer press ${state.saved.press}`, now);
    case 'following':
      return lost(state, now, 'LAB', 'The lab fell silent');
    case 'holding':
      return offer(state, now);
    case 'offering':
      return keep(state, now, 'KEPT');
    case 'showing':
      return isReady(state.status) && isReady(state.poll.status) && state.watchS === watchS
        ? standStill(state)
        : toSleep(state, now);
    default:
      return stay(state);
  }
}

/** The steps in which an event means something; those not named here mean something in every step. */
const expected: { [on: string]: Step[] } = {
  wake: ['asleep'],
  joined: ['joining'],
  notJoined: ['joining'],
  connected: ['dialing'],
  refused: ['dialing'],
  closed: ['dialing', 'reading', 'holding', 'asking', 'following'],
  napped: ['napping'],
};

/**
 * What happens next. Pure: the same state, event and time always give the same outcome.
 * @param now the chip's own time in seconds; only differences count.
 */
export function step(state: State, event: Event, now: number): Outcome {
  const steps = expected[event.on];
  if (steps && !steps.includes(state.step)) {
    return stay(state);
  }
  switch (event.on) {
    case 'wake':
      return wake(state, now, event.cause);
    case 'joined':
      return dial(state);
    case 'notJoined':
      return notJoined(state, now, event.problem);
    case 'connected':
      return to(state, { step: 'reading' }, [{ do: 'limit', ms: readLimitMs }]);
    case 'refused':
      return failHere(state, refusalCode(event.returnCode), refusal(event.returnCode), now);
    case 'closed':
      return lost(state, now, event.code, event.why);
    case 'beacon':
      return takeBeacon(state, event.beacon, now);
    case 'status':
      return takeStatus(state, event.status, now);
    case 'forged':
      return to(state, { forged: true }, []);
    case 'late':
      return takeLate(state, now);
    case 'napped':
      return nap(state, now);
    case 'up':
      return takeUp(state, now);
    case 'held':
      // On a last screen, a finger that has done its work already does not begin anew.
      return state.step === 'asleep' || isLeaving(state) || (state.step === 'showing' && state.buttonDown)
        ? stay(state)
        : state.step === 'offering'
          ? keep(state, now, 'KEPT')
          : offer(state, now);
  }
}
