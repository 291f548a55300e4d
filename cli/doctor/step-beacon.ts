/**
 * Step 6: the relay takes the site's beacon. Said is "offline", which is true: this step comes here only when no
 * provisioner runs on the journal.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../config/src/setup-error.ts';
import { pressTopic } from '../../protocol/src/topics.ts';
import { Broken, type Finding, type Problem } from './result.ts';
import { offline } from './step-credentials.ts';
import type { Visit } from './visit.ts';
import { eachWay, type Way } from './ways.ts';

/** A retained message comes with the subscription (milliseconds). */
const readBackLimitMs = 2_000;

/** How often is looked for it (milliseconds). */
const lookEveryMs = 20;

/** @throws Broken. Ends the connections. */
export function beacon(visit: Visit): Promise<Finding> {
  return eachWay(visit.ways, way => beaconAt(way, visit));
}

async function beaconAt(way: Way, visit: Visit): Promise<Finding> {
  const { connection } = way;
  if (connection === undefined) return withoutConnection(visit);
  const { topic, payload } = offline(visit);
  void connection.publish(topic, payload, true);
  // The relay takes packets in their order: one that refuses the beacon has closed the connection before it answers.
  // Asked twice: what comes with the second subscription is what was kept, not what is just being passed on.
  const subscribe = (topics: readonly string[]) =>
    connection.subscribe(topics).catch(error => {
      throw new Broken(notTaken(topic, messageOf(error)));
    });
  await subscribe(Object.keys(visit.config.buttons).slice(0, 1).map(pressTopic));
  const refused = await subscribe([topic]);
  const mayRead = refused.length === 0;
  const readBack = mayRead && (await comesBack(topic, payload, way));
  await connection.goodbye(topic, payload);
  way.connection = undefined;
  if (readBack) return { found: `the relay keeps ${topic}: "offline" was read back` };
  if (mayRead) throw new Broken(notTaken(topic, 'it was acknowledged, but cannot be read back'));
  return {
    found: `the relay took "offline" on ${topic}, which is so while no provisioner runs; it does not let us read it back, so the provisioner cannot check what it keeps`,
  };
}

function notTaken(topic: string, why: string): Problem {
  return {
    setting: 'site',
    found: `the relay does not take ${topic}: ${why}`,
    expected: 'a relay that keeps retained messages, and lets its user publish the beacon of this site',
    advice: "compare site and the relay's user with the relay's users file, or with another broker's rules",
  };
}

async function comesBack(topic: string, payload: Buffer, { heard }: Way): Promise<boolean> {
  for (
    const endMs = performance.now() + readBackLimitMs;
    performance.now() < endMs;
    await sleep(lookEveryMs)
  ) {
    if (heard.some(it => it.topic === topic && it.payload.equals(payload))) return true;
  }
  return false;
}

async function withoutConnection(visit: Visit): Promise<Finding> {
  const presence = await visit.presence();
  return presence.kind === 'running'
    ? { found: 'the provisioner that runs says it every minute' }
    : { skipped: true, found: 'nobody logged in' };
}
