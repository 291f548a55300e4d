/** A lab that answers each wish with the statuses it was told to, whatever happens: for paths that must repeat exactly. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'mqtt';
import type { Action, Press, Status } from '../../protocol/src/messages.ts';
import { encode, keyFromBytes } from '../../protocol/src/node/envelope.ts';
import { beaconTopic, pressTopic, statusTopic } from '../../protocol/src/topics.ts';
import { keyOf, type Lab, passwordOf } from '../e2e/lab.ts';
import { button } from './journey.ts';

/** What is said of a press; press and seq are given out in order. */
export type Said = Partial<Status> & Pick<Status, 'state'>;

const silent: Omit<Status, 'press' | 'seq' | 'state'> = {
  ...{ cluster: '', phase: '', percent: 0, upTo: 0, leftS: 0, lookAgainS: 0 },
};

/** While something is under way: the button stays online. */
const soonS = 2;
const underWay = new Set<Said['state']>(['accepted', 'provisioning', 'verifying', 'releasing']);

export interface Answering {
  /** The presses that were heard, as they come. */
  presses: Press[];
  /** Says something later, of the newest press. */
  tell(said: Said): Promise<unknown>;
}

/** Goes online at the lab's relay in the place of its provisioner. */
export async function answerWith(lab: Lab, answers: Partial<Record<Action, Said[]>>): Promise<Answering> {
  const site = lab.site.site;
  const client = connect(lab.relay.url, {
    clientId: site,
    username: site,
    password: passwordOf(lab.site, site),
  });
  lab.finally(() => client.endAsync(true));
  const say = (topic: string, key: ReturnType<typeof keyFromBytes>, message: object) =>
    client.publishAsync(topic, encode(key, topic, message), { qos: 1, retain: true });
  const status = (press: number, seq: number, said: Said) =>
    say(statusTopic(button), keyOf(lab.site, button), {
      ...{ press, seq, ...silent, lookAgainS: underWay.has(said.state) ? soonS : 0 },
      ...said,
    });
  const presses: Press[] = [];
  let lastSeq = 0;
  client.on('message', (_topic, payload) => {
    const text = payload.toString('latin1');
    const press: Press = JSON.parse(text.slice(text.indexOf('{')));
    presses.push(press);
    lastSeq = (answers[press.action] ?? []).length;
    for (const [seq, said] of (answers[press.action] ?? []).entries()) {
      void status(press.press, seq, said).catch(() => {}); // the test is over
    }
  });
  await client.subscribeAsync(pressTopic(button), { qos: 1 });
  const siteKey = keyFromBytes(Buffer.from(readFileSync(join(lab.site.dir, 'site.key'), 'utf8'), 'base64'));
  await status(0, 0, { state: 'idle' });
  await say(beaconTopic(site), siteKey, { state: 'online', time: Math.floor(Date.now() / 1000) });
  return { presses, tell: said => status(presses.at(-1)?.press ?? 0, ++lastSeq, said) };
}
