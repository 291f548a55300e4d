/** The way to the lab and the naps between two looks at it. Chip's dialect. */
import type { Code } from '../../../protocol/src/messages.ts';
import {
  againS,
  askTries,
  darkNapS,
  dialLimitMs,
  joinLimitMs,
  sliceS,
  stayOnlineS,
  warningLooks,
  warningNapS,
  warningSkips,
} from '../limits.ts';
import type { Look } from '../memory.ts';
import {
  after,
  type Effect,
  giveUp,
  isActive,
  isReady,
  type Outcome,
  patch,
  type State,
  to,
} from './state.ts';

export function connecting(state: State, hop: 'hotspot' | 'relay' | 'lab', detail: string): Effect[] {
  return state.wish === 'look' ? [] : [['show', { kind: 'connecting', button: state.button, hop, detail }]];
}

export function join(state: State, network: number): Outcome {
  const next = to(state, { step: 'joining', network }, [
    ['join', network],
    ['limit', joinLimitMs],
  ]);
  return after(connecting(state, 'hotspot', state.ssids[network] as string), next);
}

export function dial(state: State): Outcome {
  const memory = patch(state.memory, { ssid: state.ssids[state.network] as string });
  const next = to(state, { step: 'dialing', memory }, [['dial'], ['limit', dialLimitMs]]);
  return after(connecting(state, 'relay', ''), next);
}

/** The picture of a build, the bar moved on by the estimate but never past what the lab has said. */
export function building(look: Look, now: number, phase: string): Effect[] {
  const status = look.status;
  if (!status) {
    return [];
  }
  const elapsedS = Math.max(0, now - look.heard);
  const share = status.leftS > 0 ? Math.min(1, elapsedS / status.leftS) : 0;
  const percent = Math.round(status.percent + (100 - status.percent) * share);
  return [
    [
      'show',
      {
        kind: 'building',
        cluster: status.cluster,
        phase: phase || status.phase,
        percent: Math.max(status.percent, Math.min(percent, status.upTo || 0)),
        leftS: Math.max(0, Math.round(status.leftS - elapsedS)),
      },
    ],
  ];
}

/** Radio off until the next look is due; or, when it is due, the look. */
export function nap(state: State, now: number): Outcome {
  const look = state.look;
  const warns = isReady(look.status);
  if (look.status && !isActive(look.status) && !look.due) {
    return toSleep(state, now); // it was the address that stood on the display
  }
  const restS = look.due - now;
  const watched = !warns && now - look.touched < state.watchS;
  if (restS < 1) {
    return join(patch(state, { wish: look.status ? 'look' : state.wish, beaconTime: 0 }), 0);
  }
  const napS = Math.min(restS, watched ? sliceS : warns ? warningNapS : darkNapS);
  const effects: Effect[] = watched ? building(look, now, '') : [];
  effects.push(['nap', napS * 1000, watched]);
  // A press is a new one after such a nap, and a look waits for news.
  return to(state, { step: 'napping', status: undefined }, effects);
}

/** Looks again in so many seconds. What must survive a deep sleep goes to flash. */
export function lookAgain(state: State, now: number, seconds: number, fails: number): Outcome {
  const look = patch(state.look, { due: now + seconds, fails });
  const effects: Effect[] = [['radioOff'], ['limit', 0]];
  let memory = state.memory;
  if (seconds >= stayOnlineS) {
    memory = patch(memory, { look });
    effects.push(['remember', memory]);
  }
  return after(effects, nap(patch(state, { look, memory }), now));
}

/** A connection was lost or not to be had. Once a press is out, that is no reason to give up at once. */
export function lost(state: State, now: number, code: Code, line: string): Outcome {
  const fails = state.look.fails;
  if (isReady(state.look.status)) {
    // Nobody asked for the warning: nothing is said of it.
    return fails + 1 < warningLooks
      ? lookAgain(state, now, againS[fails + warningSkips] as number, fails + 1)
      : sleep(state);
  }
  const most = state.wish === 'look' ? againS.length : state.asked ? askTries : 0;
  return fails < most ? lookAgain(state, now, againS[fails] as number, fails + 1) : fail(state, code, line);
}

/** Gives up what is followed, and says so. A press that fails takes no warning of an older cluster with it. */
export function fail(state: State, code: Code, line: string): Outcome {
  const outcome = giveUp(state, code, line);
  return state.wish === 'look' ? forget(outcome) : outcome;
}

/** Nothing is followed any more. */
export function forget(outcome: Outcome): Outcome {
  const memory = outcome.state.memory;
  if (!memory.look) {
    return outcome;
  }
  const without = patch(memory, { look: undefined });
  return after([['remember', without]], to(outcome.state, { memory: without }, outcome.effects));
}

export function nextNetwork(state: State, now: number): Outcome {
  if (state.network + 1 < state.ssids.length) {
    return join(state, state.network + 1);
  }
  const line = state.ssids.length === 1 ? `${state.ssids[0]} not joined` : 'No known network';
  return lost(state, now, 'HOTSPOT', line);
}

function sleep(state: State): Outcome {
  return forget(to(state, { step: 'asleep' }, [['radioOff'], ['sleep']]));
}

/** Until the next press; or in naps until the lab warns that the cluster is given back. */
export function toSleep(state: State, now: number): Outcome {
  const look = state.memory.look;
  return look && isReady(look.status)
    ? after([['radioOff']], nap(patch(state, { look }), now))
    : sleep(state);
}
