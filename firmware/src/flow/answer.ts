/** What the lab says, and what a press asks of it. Chip's dialect. */
import type { Action, Beacon, Status } from '../../../protocol/src/messages.ts';
import {
  answerLimitMs,
  followLimitMs,
  heldMs,
  noNewsParts,
  noNewsS,
  showAwakeMs,
  showErrorMs,
  showQrMs,
  showStillS,
  stayOnlineS,
  warningLooks,
  watchS,
} from '../limits.ts';
import type { Screen } from '../view.ts';
import {
  after,
  type Effect,
  giveUp,
  isActive,
  isReady,
  type Outcome,
  patch,
  type State,
  say,
  showLast,
  stay,
  to,
} from './state.ts';
import { building, connecting, fail, lookAgain, lost } from './way.ts';

/** Built into the chip and into Node alike: base64 to a binary string. */
declare function atob(base64: string): string;

/** A ready cluster: its address, or at every other short press the QR code of its API. */
export function showReady(state: State, status: Status, first: boolean): Outcome {
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
  return showLast(state, screen, first && state.watchS === watchS ? showAwakeMs : showQrMs);
}

/** The address stays on the display for a while, the chip asleep. */
export function standStill(state: State): Outcome {
  return to(state, { step: 'napping' }, [['nap', showStillS * 1000, true]]);
}

/** What became of our press: shows it, and goes on looking as long as something can still change. */
function follow(state: State, status: Status, now: number): Outcome {
  const active = isActive(status);
  const before = state.look;
  const last = before.status;
  // What was known before is no news: a lab that says nothing more is given up in the end.
  const news = !last || last.press !== status.press || last.seq !== status.seq;
  const warned = isReady(last);
  if (warned && !news) {
    return lost(state, now, 'LAB', '');
  }
  const heard = news ? now : before.heard;
  const silentS = now - heard;
  const fails = warned ? before.fails + 1 : news ? 0 : before.fails;
  const warns = isReady(status) && status.lookAgainS > 0 && fails < warningLooks;
  const due = warns ? now + status.lookAgainS : 0;
  const look = patch(before, { status, heard, due, fails });
  const memory = patch(state.memory, {
    press: status.press,
    // A wish whose end nobody has seen stays: the next press tells of it before it orders another cluster.
    pending: active ? (status.state === 'releasing' ? 'release' : 'create') : '',
    cluster: isReady(status) ? status.cluster : status.state === 'released' ? '' : state.memory.cluster,
    look: active ? state.memory.look : warns ? look : undefined,
  });
  const next = patch(state, { status, wish: 'look', memory, look });
  if (active && status.lookAgainS > stayOnlineS) {
    // Its own measure is time, so `fails` goes on counting the connections only.
    return silentS < noNewsS
      ? lookAgain(next, now, Math.max(status.lookAgainS, silentS / noNewsParts), 0)
      : fail(next, 'LAB', 'No news for 3 h');
  }
  // Flash wears out: it is written only when something changed that matters after a sleep.
  const changed = JSON.stringify(memory) !== JSON.stringify(state.memory);
  const effects: Effect[] = changed ? [['remember', memory]] : [];
  if (active) {
    effects.push(['limit', followLimitMs]);
    return to(next, { step: 'following' }, building(look, now, '').concat(effects));
  }
  if (isReady(status)) {
    return after(effects, showReady(next, status, true));
  }
  if (status.state === 'released') {
    const screen = say(state, 'RELEASED', `${status.cluster} is gone`);
    return after(effects, showLast(next, screen, showErrorMs));
  }
  return after(effects, giveUp(next, status.code || 'PLATFORM', status.line || status.state));
}

/** Publishes our press, or publishes it again with the same number. */
export function ask(state: State, press: number, wish: Action): Outcome {
  const repeated = state.step === 'asking';
  const memory = patch(state.memory, { press, pending: wish });
  const effects: Effect[] = repeated
    ? []
    : ([['remember', memory]] as Effect[]).concat(connecting(state, 'lab', `press ${press}`));
  effects.push(['press', press, wish, state.beaconTime, repeated], ['limit', answerLimitMs]);
  return to(
    state,
    { step: 'asking', asked: true, memory, status: undefined, tries: repeated ? state.tries + 1 : 1 },
    effects,
  );
}

/** Beacon and status are read: follow what is under way, or press. */
export function decide(state: State, now: number): Outcome {
  const status = state.status;
  const memory = state.memory;
  const wish = state.wish;
  const told = status ? status.press : 0;
  const ours = told > 0 && told >= memory.press;
  const answered = ours && told === memory.press;
  if (status && ours) {
    // A wish that came true unseen is this wish; one that failed is not.
    const granted = memory.pending === wish && status.state === (wish === 'create' ? 'ready' : 'released');
    if (isActive(status) || (answered && (state.asked || granted))) {
      return follow(state, status, now);
    }
  }
  if (wish === 'look') {
    return stay(state);
  }
  if (state.finger) {
    return to(state, { step: 'holding' }, [['limit', heldMs]]);
  }
  if (memory.pending === wish && !answered) {
    return ask(state, memory.press, wish);
  }
  return ask(state, Math.max(memory.press, told) + 1, wish);
}

export function takeBeacon(state: State, beacon: Beacon, now: number): Outcome {
  const online = beacon.state === 'online';
  if (state.step === 'following' && !online) {
    // The build goes on in the platform; the picture says why it stands still.
    return to(state, {}, building(state.look, now, 'lab is offline, waiting'));
  }
  if (state.step === 'reading' && state.wish !== 'look' && !online) {
    return giveUp(state, 'LAB', 'The lab is offline');
  }
  const next = patch(state, online ? { beaconTime: beacon.time } : {});
  return state.step === 'reading' && online && next.status ? decide(next, now) : stay(next);
}

export function takeStatus(state: State, status: Status, now: number): Outcome {
  const last = state.look.status;
  const old = last && last.press === status.press && status.seq < last.seq;
  const answer = status.press === state.memory.press && !old;
  if (state.step === 'reading') {
    if (state.wish === 'look') {
      return answer ? follow(state, status, now) : stay(state);
    }
    const next = patch(state, { status });
    return next.beaconTime > 0 ? decide(next, now) : stay(next);
  }
  // Another press's status is somebody's replay; an older one of ours as well.
  return (state.step === 'asking' || state.step === 'following') && answer
    ? follow(state, status, now)
    : stay(state);
}
