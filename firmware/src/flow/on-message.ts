/** What the lab says, and what a press asks of it. Chip's dialect. */
import type { Action, Beacon, Status } from '../../../protocol/src/messages.ts';
import {
  answerLimitMs,
  followLimitMs,
  heldMs,
  lastStretchS,
  noNewsParts,
  noNewsS,
  stayOnlineS,
  warningPolls,
} from '../limits.ts';
import { building, connecting, fail, lost, nextRelay, pollAgain } from './connect.ts';
import { conclude, giveUp } from './last.ts';
import {
  type Effect,
  isActive,
  isBeingBuilt,
  isReady,
  type Outcome,
  patch,
  type State,
  stay,
  to,
} from './state.ts';

/** What became of our press: shows it, and goes on looking as long as something can still change. */
function follow(state: State, status: Status, now: number): Outcome {
  const active = isActive(status);
  const before = state.poll;
  const last = before.status;
  // What was known before is no news: a lab that says nothing more is given up in the end.
  const news = !last || last.press !== status.press || last.seq !== status.seq;
  const warned = isReady(last);
  if (warned && !news) {
    // That is so on every relay.
    return lost(patch(state, { relaysLeft: 0 }), now, 'LAB', '');
  }
  const heard = news ? now : before.heard;
  const silentS = now - heard;
  const fails = warned ? before.fails + 1 : news ? 0 : before.fails;
  const warns = isReady(status) && status.lookAgainS > 0 && fails < warningPolls;
  const due = warns ? now + status.lookAgainS : 0;
  const poll = patch(before, { status, heard, due, fails });
  const saved = patch(state.saved, {
    press: status.press,
    // A request whose end nobody has seen stays: the next press tells of it before it orders another cluster.
    pending: active ? (status.state === 'releasing' ? 'release' : 'create') : '',
    cluster: isReady(status) ? status.cluster : status.state === 'released' ? '' : state.saved.cluster,
    poll: active ? state.saved.poll : warns ? poll : undefined,
  });
  const next = patch(state, { status, request: 'poll', saved, poll });
  if (active && status.lookAgainS > stayOnlineS) {
    // The last stretch in one piece: each poll more would cost a tenth of the whole press.
    const isLast = status.state === 'provisioning' && status.leftS <= lastStretchS;
    const againS = Math.max(status.lookAgainS, silentS / noNewsParts, isLast ? status.leftS + 1 : 0);
    // Its own measure is time, so `fails` goes on counting the connections only.
    return silentS < noNewsS ? pollAgain(next, now, againS, 0) : fail(next, 'LAB', 'No news for 3 h', now);
  }
  if (active) {
    // Flash wears out: it is written only when something changed that matters after a sleep.
    const changed = JSON.stringify(saved) !== JSON.stringify(state.saved);
    const effects: Effect[] = changed ? [{ do: 'remember', saved }] : [];
    effects.push({ do: 'limit', ms: followLimitMs });
    return to(next, { step: 'following' }, building(poll, now, '').concat(effects));
  }
  return isReady(status) || status.state === 'released'
    ? conclude(next, now, { status })
    : giveUp(next, now, status.code || 'PLATFORM', status.line || status.state);
}

/** Publishes our press, or publishes it again with the same number. */
export function ask(state: State, press: number, request: Action): Outcome {
  const repeated = state.step === 'asking';
  const saved = patch(state.saved, { press, pending: request });
  const effects: Effect[] = repeated
    ? []
    : ([{ do: 'remember', saved }] as Effect[]).concat(connecting(state, 'lab', `press ${press}`));
  effects.push(
    { do: 'press', press, action: request, beaconTime: state.beaconTime, repeated },
    { do: 'limit', ms: answerLimitMs },
  );
  return to(
    state,
    { step: 'asking', asked: true, saved, status: undefined, tries: repeated ? state.tries + 1 : 1 },
    effects,
  );
}

/** Beacon and status are read: follow what is under way, or press. */
export function decide(state: State, now: number): Outcome {
  const status = state.status;
  const saved = state.saved;
  const request = state.request;
  const told = status ? status.press : 0;
  const ours = told > 0 && told >= saved.press;
  const answered = ours && told === saved.press;
  const mayStop = ours && isBeingBuilt(status) && request !== 'poll';
  if (mayStop && state.buttonDown) {
    return to(state, { step: 'holding' }, [{ do: 'limit', ms: heldMs }]);
  }
  if (status && ours && !(mayStop && request === 'release')) {
    // A request that came true unseen is this one; one that failed is not.
    const granted =
      saved.pending === request && status.state === (request === 'create' ? 'ready' : 'released');
    if (isActive(status) || (answered && (state.asked || granted))) {
      return follow(state, status, now);
    }
  }
  if (request === 'poll') {
    return stay(state);
  }
  if (state.buttonDown) {
    return to(state, { step: 'holding' }, [{ do: 'limit', ms: heldMs }]);
  }
  if (saved.pending === request && !answered) {
    return ask(state, saved.press, request);
  }
  return ask(state, Math.max(saved.press, told) + 1, request);
}

const offline = 'The lab is offline';

export function takeBeacon(state: State, beacon: Beacon, now: number): Outcome {
  const online = beacon.state === 'online';
  if (state.step === 'following' && !online) {
    // The build goes on in the platform; the picture says why it stands still.
    return (
      nextRelay(state, 'LAB', offline) || to(state, {}, building(state.poll, now, 'lab is offline, waiting'))
    );
  }
  if (state.step === 'reading' && state.request !== 'poll' && !online) {
    return nextRelay(state, 'LAB', offline) || giveUp(state, now, 'LAB', offline);
  }
  const next = patch(
    state,
    // Its relay is dialled first from now on; flash is written with the next thing that matters.
    online ? { beaconTime: beacon.time, saved: patch(state.saved, { relay: state.relay }) } : {},
  );
  return state.step === 'reading' && online && next.status ? decide(next, now) : stay(next);
}

export function takeStatus(state: State, status: Status, now: number): Outcome {
  const last = state.poll.status;
  const old = last && last.press === status.press && status.seq < last.seq;
  const answer = status.press === state.saved.press && !old;
  if (state.step === 'reading') {
    if (state.request === 'poll') {
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
