/** The way to the lab and the naps between two polls. Chip's dialect. */
import type { Code } from '../../../protocol/src/messages.ts';
import {
  againS,
  askTries,
  darkNapS,
  dialLimitMs,
  joinAgainS,
  joinLimitMs,
  sliceS,
  stayOnlineS,
  warningNapS,
  warningPolls,
  warningSkips,
  watchS,
} from '../limits.ts';
import type { Poll } from '../memory.ts';
import { plain } from '../plain.ts';
import { giveUp } from './last.ts';
import {
  after,
  type Effect,
  isActive,
  isReady,
  type JoinProblem,
  type Outcome,
  patch,
  type State,
  to,
} from './state.ts';

const problems: Record<JoinProblem, string> = {
  '': 'not joined',
  absent: 'not in reach',
  key: 'has another password',
  refused: 'refuses',
};

export function connecting(state: State, hop: 'hotspot' | 'relay' | 'lab', detail: string): Effect[] {
  return state.request === 'poll'
    ? []
    : [{ do: 'show', screen: { kind: 'connecting', button: state.button, hop, detail } }];
}

function joinNext(state: State, now: number, network: number): Outcome {
  const next = to(state, { step: 'joining', network, joinAt: now, radio: true }, [
    { do: 'join', network },
    { do: 'limit', ms: joinLimitMs },
  ]);
  return after(connecting(state, 'hotspot', plain(state.ssids[network] as string)), next);
}

/** Joins the first network that can be had. */
export function join(state: State, now: number): Outcome {
  return joinNext(patch(state, { joinsAt: now, problem: '', unjoined: '' }), now, 0);
}

/** The chip has tried once and tells why that came to nothing. */
export function notJoined(state: State, now: number, problem: JoinProblem): Outcome {
  // A wrong key says more than a network that refuses, and that more than one that is not there.
  const worth: JoinProblem[] = ['', 'absent', 'refused', 'key'];
  const next =
    worth.indexOf(problem) > worth.indexOf(state.problem)
      ? patch(state, { problem, unjoined: state.ssids[state.network] as string })
      : state;
  return problem !== 'absent' && now - state.joinAt < joinAgainS
    ? to(next, {}, [{ do: 'join', network: state.network }])
    : nextNetwork(next, now);
}

export function dial(state: State): Outcome {
  const saved = patch(state.saved, { ssid: state.ssids[state.network] as string });
  const first = (saved.relay || 0) % state.relays;
  return dialRelay(patch(state, { saved, relaysLeft: state.relays - 1, trouble: undefined }), first);
}

function dialRelay(state: State, relay: number): Outcome {
  // Its limit comes first: dialling blocks, and that counts.
  const next = to(state, { step: 'dialing', relay }, [
    { do: 'limit', ms: dialLimitMs },
    { do: 'dial', relay },
  ]);
  return after(connecting(state, 'relay', ''), next);
}

/** This relay has not helped: dials one that was not tried yet. Undefined when none is left. */
export function nextRelay(state: State, code: Code, line: string): Outcome | undefined {
  if (state.relaysLeft < 1 || state.step === 'joining') {
    return undefined;
  }
  // What was heard there is not known here.
  const next = patch(state, {
    relaysLeft: state.relaysLeft - 1,
    trouble: code === 'RELAY' ? state.trouble : { code, line },
    beaconTime: 0,
    status: undefined,
  });
  return dialRelay(next, (state.relay + 1) % state.relays);
}

/** Another relay, or what is to be said of this one. */
export function failHere(state: State, code: Code, line: string, now: number): Outcome {
  return nextRelay(state, code, line) || fail(state, code, line, now);
}

/** The picture of a build, the bar moved on by the estimate but never past what the lab has said. */
export function building(poll: Poll, now: number, phase: string): Effect[] {
  const status = poll.status;
  if (!status) {
    return [];
  }
  const elapsedS = Math.max(0, now - poll.heard);
  const share = status.leftS > 0 ? Math.min(1, elapsedS / status.leftS) : 0;
  const percent = Math.round(status.percent + (100 - status.percent) * share);
  return [
    {
      do: 'show',
      screen: {
        kind: 'building',
        cluster: status.cluster,
        phase: phase || status.phase,
        percent: Math.max(status.percent, Math.min(percent, status.upTo || 0)),
        leftS: Math.max(0, Math.round(status.leftS - elapsedS)),
      },
    },
  ];
}

/** Radio off until the next poll is due; or, when it is due, the poll. */
export function nap(state: State, now: number): Outcome {
  const poll = state.poll;
  const warns = isReady(poll.status);
  if (poll.status && !isActive(poll.status) && !poll.due) {
    return toSleep(state, now); // it was the address that stood on the display
  }
  const restS = poll.due - now;
  const watched = !warns && now - poll.touched < state.watchS;
  if (restS < 1) {
    return join(patch(state, { request: poll.status ? 'poll' : state.request, beaconTime: 0 }), now);
  }
  let mostS = watched ? sliceS : warns ? warningNapS : darkNapS;
  if (watched && state.watchS < watchS) {
    // Where the picture costs idling, it is kept no longer than somebody watches.
    mostS = Math.max(1, poll.touched + state.watchS - now);
  }
  // Equal slices: a waking shortly before the poll would be one too many.
  const napS = Math.min(mostS, watched ? restS / Math.ceil(restS / mostS) : restS);
  const effects: Effect[] = watched ? building(poll, now, '') : [];
  effects.push({ do: 'nap', ms: napS * 1000, watched });
  // A press is a new one after such a nap, and a poll waits for news.
  return to(state, { step: 'napping', status: undefined }, effects);
}

/** Polls again in so many seconds. What must survive a deep sleep goes to flash. */
export function pollAgain(state: State, now: number, seconds: number, fails: number): Outcome {
  const poll = patch(state.poll, { due: now + seconds, fails });
  const effects: Effect[] = [{ do: 'radioOff' }, { do: 'limit', ms: 0 }];
  let saved = state.saved;
  if (seconds >= stayOnlineS) {
    saved = patch(saved, { poll });
    effects.push({ do: 'remember', saved });
  }
  return after(effects, nap(patch(state, { poll, saved }), now));
}

/** A connection was lost or not to be had. Once a press is out, that is no reason to give up at once. */
export function lost(state: State, now: number, code: Code, line: string): Outcome {
  // A network that wants a sign-in wants it for every relay.
  const next = code === 'HOTSPOT' ? undefined : nextRelay(state, code, line);
  if (next) {
    return next;
  }
  const fails = state.poll.fails;
  if (isReady(state.poll.status)) {
    // Nobody asked for the warning: nothing is said of it.
    return fails + 1 < warningPolls
      ? pollAgain(state, now, againS[fails + warningSkips] as number, fails + 1)
      : sleep(state);
  }
  const most = state.request === 'poll' ? againS.length : state.asked ? askTries : 0;
  return fails < most
    ? pollAgain(state, now, againS[fails] as number, fails + 1)
    : fail(state, code, line, now);
}

/** Gives up what is followed, and says so. A press that fails takes no warning of an older cluster with it. */
export function fail(state: State, code: Code, line: string, now: number): Outcome {
  const saved = patch(state.saved, { poll: undefined });
  return giveUp(state.request === 'poll' ? patch(state, { saved }) : state, now, code, line);
}

/** Nothing is followed any more, and nothing shown again. */
export function forget(outcome: Outcome): Outcome {
  const saved = outcome.state.saved;
  if (!saved.poll) {
    return outcome;
  }
  const without = patch(saved, { poll: undefined, shown: undefined });
  return after([{ do: 'remember', saved: without }], to(outcome.state, { saved: without }, outcome.effects));
}

export function nextNetwork(state: State, now: number): Outcome {
  if (state.network + 1 < state.ssids.length) {
    return joinNext(state, now, state.network + 1);
  }
  if (state.problem === 'absent' && (now - state.joinsAt) * 1000 < joinLimitMs) {
    // None is there yet: a hotspot's page may be opened this very moment.
    return joinNext(state, now, 0);
  }
  const one = state.problem === 'key' || state.problem === 'refused' || state.ssids.length === 1;
  const name = plain(state.unjoined || (state.ssids[0] as string));
  return lost(state, now, 'HOTSPOT', one ? `${name} ${problems[state.problem]}` : 'No known network');
}

function sleep(state: State): Outcome {
  return forget(to(state, { step: 'asleep' }, [{ do: 'radioOff' }, { do: 'sleep' }]));
}

/** Until the next press; or in naps until the lab warns that the cluster is given back. */
export function toSleep(state: State, now: number): Outcome {
  const poll = state.saved.poll;
  return poll && isReady(poll.status)
    ? after([{ do: 'radioOff' }], nap(patch(state, { poll }), now))
    : sleep(state);
}
