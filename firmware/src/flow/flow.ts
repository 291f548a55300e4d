/**
 * The way of a press as a pure function: state, event and time in, state and effects out. It reads no clock, no
 * pin and no socket, so every path is a row in a table test. Chip's dialect.
 */
import type { Action } from '../../../protocol/src/messages.ts';
import { refusal } from '../explain.ts';
import { minBatteryMv, offerMs, pressTries, readLimitMs, showIdleMs, watchS } from '../limits.ts';
import { ask, decide, showReady, standStill, takeBeacon, takeStatus } from './answer.ts';
import {
  type Event,
  giveUp,
  initialState,
  isReady,
  noLook,
  type Outcome,
  patch,
  type State,
  type Step,
  say,
  showLast,
  stay,
  to,
} from './state.ts';
import { dial, fail, forget, join, lost, nap, nextNetwork, toSleep } from './way.ts';

export { type Effect, type Event, initialState, type Outcome, type State, type Step } from './state.ts';

/** No cluster is given back; a build that was followed is followed on. */
function keep(state: State, now: number, title: string): Outcome {
  const look = state.memory.look;
  if (look && !isReady(look.status)) {
    return nap(patch(state, { wish: 'look', look: patch(look, { touched: now }) }), now);
  }
  // A press that comes too late to confirm is no wish for another cluster: its end is swallowed.
  const deaf = patch(state, { finger: true });
  return showLast(deaf, say(state, title, ''), showIdleMs);
}

/** Holding the button: offers to give the newest cluster back. */
function offer(state: State, now: number): Outcome {
  const status = state.status;
  const cluster = isReady(status) ? status.cluster : state.memory.cluster;
  const next = patch(state, { step: 'offering', finger: false });
  if (cluster === '') {
    return keep(next, now, 'NOTHING');
  }
  return to(next, {}, [
    ['show', say(state, 'RELEASE?', `press to give ${cluster} back`)],
    ['radioOff'],
    ['limit', offerMs],
  ]);
}

/** A wish begins: nothing is kept of what an earlier one has seen. The first frame, then the radio. */
function start(state: State, now: number, wish: Action, finger: boolean): Outcome {
  const fresh = initialState(state.button, state.ssids, state.memory, state.batteryMv, state.watchS);
  const next = patch(fresh, { wish, finger, look: patch(noLook, { touched: now }) });
  if (state.batteryMv > 0 && state.batteryMv < minBatteryMv) {
    return giveUp(next, 'BATTERY', `${(state.batteryMv / 1000).toFixed(2)} V is too low to finish`);
  }
  return join(next, 0);
}

function wake(state: State, now: number, cause: 'power' | 'button' | 'timer' | 'held'): Outcome {
  const look = state.memory.look;
  if (cause === 'button' || (cause === 'held' && look)) {
    return start(state, now, 'create', true);
  }
  if (cause !== 'power') {
    return look ? nap(patch(state, { wish: 'look' }), now) : to(state, {}, [['sleep']]);
  }
  // A battery change or a brown-out is no press: nothing is ordered, the radio stays off.
  // The chip's clock began anew, so nothing is followed by it either.
  return forget(
    to(state, { step: 'showing', look: noLook }, [
      ['show', { kind: 'idle', button: state.button, detail: 'press to build' }],
      ['limit', showIdleMs],
    ]),
  );
}

function takeUp(state: State, now: number): Outcome {
  if (state.finger) {
    const next = patch(state, { finger: false });
    return state.step === 'holding' ? decide(next, now) : stay(next);
  }
  switch (state.step) {
    case 'offering':
      return start(state, now, 'release', false);
    case 'napping':
    case 'showing':
      if (isReady(state.status)) {
        return showReady(patch(state, { qr: !state.qr }), state.status, false);
      }
      return state.step === 'showing' || isReady(state.look.status)
        ? start(state, now, 'create', false)
        : nap(patch(state, { look: patch(state.look, { due: now, touched: now }) }), now);
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
      return state.beaconTime > 0 && state.wish !== 'look'
        ? decide(state, now)
        : lost(state, now, 'LAB', 'No sign of the lab');
    case 'asking':
      return state.tries < pressTries && state.memory.pending !== ''
        ? ask(state, state.memory.press, state.memory.pending)
        : giveUp(state, 'LAB', `The lab did not answer press ${state.memory.press}`);
    case 'following':
      return lost(state, now, 'LAB', 'The lab fell silent');
    case 'holding':
      return offer(state, now);
    case 'offering':
      return keep(state, now, 'KEPT');
    case 'showing':
      return isReady(state.look.status) && state.watchS === watchS ? standStill(state) : toSleep(state, now);
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
      return nextNetwork(state, now);
    case 'connected':
      return to(state, { step: 'reading' }, [['limit', readLimitMs]]);
    case 'refused':
      return fail(state, 'RELAY', refusal(event.returnCode));
    case 'closed':
      return lost(state, now, 'RELAY', event.why);
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
      return state.step === 'asleep'
        ? stay(state)
        : state.step === 'offering'
          ? keep(state, now, 'KEPT')
          : offer(state, now);
  }
}
