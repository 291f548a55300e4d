/**
 * A lab by script: it logs in to the relay as the provisioner does, keeps its beacon fresh, and answers a press
 * with a build that lasts exactly so long. Its estimates are the provisioner's own arithmetic on a profile that
 * has seen such builds before. Lives on a virtual clock.
 */
import { connectAsync, type MqttClient } from 'mqtt';
import { beaconEveryS, freshForS, type State, type Status } from '../../protocol/src/messages.ts';
import { decode, encode } from '../../protocol/src/node/envelope.ts';
import { pressSchema } from '../../protocol/src/node/schemas.ts';
import { beaconTopic, pressTopic, statusTopic } from '../../protocol/src/topics.ts';
import {
  leftS,
  lookAgainS,
  percentCreating,
  percentOf,
  percentReserved,
  percentVerifying,
  upToOf,
} from '../../provisioner/src/buttons/progress.ts';
import type { Relay } from '../../relay/src/relay.ts';
import type { Clock } from '../../simulator/board/clock.ts';
import { button, keys, passwords, site } from './button-and-relay.ts';

/** One control-plane node and two workers, the 2019 project's cluster. */
const nodes = 3;
/** When each node is up, as a part of the build. Inferred: a third each, and a moment for the API server. */
const nodeUpAt = [0.33, 0.65, 0.94];
const verifyingAt = 0.97;
/** The provisioner's steps before the platform shows anything (ms). Assumption. */
const reservedAfterMs = 300;
const creatingAfterMs = 1000;
/** From a press to its answer: the journal's sync (ms). Assumption. */
const answerMs = 50;
/** The provisioner looks at the platform 40 times per build, at least every 5 s (its own limits). */
const looksPerBuild = 40;
const maxLookMs = 5000;
/** It tells the time left again when that has moved by a tenth of the usual build. */
const leftStep = 1 / 10;
/** The line changes a moment before the button looks (ms). Assumption. */
const warnBeforeMs = 1000;
/** The virtual clock's zero: the first of January 2026. */
const epochS = 1_767_225_600;

export interface ScriptedLab {
  /** When the cluster was ready, on the clock; undefined before. */
  readyAtMs: number | undefined;
  /** Presses that were refused as stale: there should be none. */
  stale: number;
  close(): Promise<void>;
}

type Told = Pick<Status, 'state' | 'phase' | 'percent' | 'upTo'> & { address?: string };

/** @param warnInS the ready cluster's line changes after so long, and the button is to look then; 0: never. */
export async function startScriptedLab(
  relay: Relay,
  clock: Clock,
  buildS: number,
  warnInS = 0,
): Promise<ScriptedLab> {
  const client = await connectAsync(relay.url, {
    clientId: site,
    username: site,
    password: passwords[site] ?? '',
    reconnectPeriod: 0,
  });
  const { say, said } = makeVoice(client, clock);
  const nowS = () => epochS + Math.floor(clock.nowMs() / 1000);
  const lab: ScriptedLab = {
    readyAtMs: undefined,
    stale: 0,
    async close() {
      await said();
      await client.endAsync(true);
    },
  };
  function beacon(): void {
    say(beaconTopic(site), encode(keys.site, beaconTopic(site), { state: 'online', time: nowS() }));
    clock.later(beaconEveryS * 1000, beacon);
  }
  let press = 0;
  client.on('message', (topic, payload) => {
    const read = decode(keys.button, topic, payload, pressSchema);
    if (!read.ok) throw new Error(`The lab got a bad press: ${read.reason}, ${read.detail}`);
    if (nowS() - read.message.time > freshForS) lab.stale++;
    else if (read.message.press > press) {
      press = read.message.press;
      clock.later(answerMs, () => build(clock, buildS, press, lab, status => tell(status)));
    }
  });
  const sayStatus = (status: Status) =>
    say(statusTopic(button), encode(keys.button, statusTopic(button), status));
  function tell(status: Status): void {
    const warns = status.state === 'ready' && warnInS > 0;
    sayStatus(warns ? { ...status, lookAgainS: warnInS } : status);
    if (warns) {
      const warning = { ...status, seq: status.seq + 1, phase: 'given back in 25 min' };
      clock.later(warnInS * 1000 - warnBeforeMs, () => sayStatus(warning));
    }
  }
  await client.subscribeAsync(pressTopic(button), { qos: 1 });
  sayStatus({ ...{ press: 0, seq: 0, state: 'idle', cluster: '', phase: '' }, ...nothingLeft });
  beacon();
  await said();
  return lab;
}

const nothingLeft = { percent: 0, upTo: 0, leftS: 0, lookAgainS: 0 };

/** Retained messages, one after another; the clock stands still until the relay has them. */
function makeVoice(client: MqttClient, clock: Clock) {
  let last: Promise<unknown> = Promise.resolve();
  return {
    say(topic: string, payload: Buffer): void {
      const release = clock.hold(`the relay takes ${topic}`);
      last = last
        .then(() => client.publishAsync(topic, payload, { qos: 1, retain: true }))
        .finally(() => release());
    },
    said: () => last,
  };
}

/** Follows the build to its end and tells what the provisioner would tell. */
function build(clock: Clock, buildS: number, press: number, lab: ScriptedLab, tell: (s: Status) => void) {
  const acceptedAtMs = clock.nowMs();
  const cluster = `${button}-${press}`;
  let last: Status | undefined;
  function look(): void {
    const passedMs = clock.nowMs() - acceptedAtMs;
    const now = toldAfter(passedMs, buildS * 1000);
    const ended = now.state === 'ready';
    const left = ended ? 0 : leftS(buildS, now.percent, passedMs / 1000);
    if (last === undefined || isNews(last, now, left, buildS)) {
      const again = ended ? 0 : lookAgainS(left, now.state);
      last = { press, seq: (last?.seq ?? 0) + 1, cluster, ...now, leftS: left, lookAgainS: again };
      tell(last);
    }
    if (ended) {
      lab.readyAtMs = clock.nowMs();
      return;
    }
    const lookMs = Math.min(maxLookMs, (buildS * 1000) / looksPerBuild);
    // At least 1 ms: what is left of a step by rounding must not be waited for again and again.
    clock.later(Math.max(1, Math.min(nextStepMs(passedMs), lookMs, buildS * 1000 - passedMs)), look);
  }
  look();
}

/** The first steps are told as they happen, not at the next look. */
function nextStepMs(passedMs: number): number {
  const step = [reservedAfterMs, creatingAfterMs].find(ms => ms > passedMs);
  return step === undefined ? Number.POSITIVE_INFINITY : step - passedMs;
}

function isNews(last: Status, now: Told, left: number, usualS: number): boolean {
  const same = last.state === now.state && last.phase === now.phase && last.percent === now.percent;
  return !same || Math.abs(last.leftS - left) >= Math.max(1, usualS * leftStep);
}

function toldAfter(passedMs: number, buildMs: number): Told {
  const steps = { done: nodeUpAt.filter(part => passedMs >= part * buildMs).length, total: nodes };
  const told = (state: State, phase: string, percent: number, upTo = upToOf(steps)): Told => ({
    ...{ state, phase, percent },
    upTo: Math.max(percent, upTo),
  });
  if (passedMs >= buildMs) return { ...told('ready', 'ready', 100, 100), address: '10.10.20.31' };
  if (passedMs < reservedAfterMs) return told('accepted', 'accepted', 0);
  if (passedMs < creatingAfterMs) return told('accepted', 'range reserved', percentReserved);
  if (passedMs >= verifyingAt * buildMs) {
    return told('verifying', 'calling the API server', percentVerifying, percentVerifying);
  }
  return told('provisioning', `${steps.done} of ${nodes} nodes ready`, percentOf(steps, percentCreating));
}
