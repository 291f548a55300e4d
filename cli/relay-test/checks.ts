/** What the dash button asks of a broker, one question each. */
import { setTimeout as sleep } from 'node:timers/promises';
import { maxMessageBytes } from '../../protocol/src/messages.ts';
import { beaconTopic, pressTopic, statusTopic } from '../../protocol/src/topics.ts';
import { type Login, Peer, Refused } from './peer.ts';

/** A button, its neighbour of the same site, and the provisioner of both; of a site that nobody uses. */
export interface Participants {
  site: string;
  button: Login;
  neighbour: Login;
  provisioner: Login;
  /** At another node of the same broker. */
  otherUrl: string | undefined;
  /** A button that was revoked, still with its old password. */
  revoked: Login | undefined;
}

/** `kept`; `lacks`: a press may fail, or somebody may do harm; `harmless`: signatures and numbers make up for it. */
export type Verdict = 'kept' | 'lacks' | 'harmless' | 'not looked at';
export interface Answer {
  verdict: Verdict;
  found: string;
}
export type Check = readonly [name: string, ask: (participants: Participants) => Promise<Answer>];

const kept = (found: string): Answer => ({ verdict: 'kept', found });
const lacks = (found: string): Answer => ({ verdict: 'lacks', found });
const harmless = (found: string): Answer => ({ verdict: 'harmless', found });

/** A SUBACK later than this and a button has waited visibly (milliseconds). */
const subackLimitMs = 1_000;
/** For what must not come (milliseconds). */
const quietMs = 1_000;
const guesses = 20;
/** So often is a press said. */
const presses = 5;

/** Opens what a check needs, and lets go of it whatever becomes of it. */
async function withPeers<T>(logins: Login[], work: (...peers: Peer[]) => Promise<T>): Promise<T> {
  const peers: Peer[] = [];
  try {
    for (const login of logins) peers.push(await Peer.open(login));
    return await work(...peers);
  } finally {
    for (const peer of peers) await peer.leave();
  }
}

async function refusedWith(login: Login): Promise<string | undefined> {
  try {
    await (await Peer.open(login)).leave();
    return undefined;
  } catch (error) {
    if (error instanceof Refused) return error.message;
    throw error;
  }
}

const ms = (time: number) => `${Math.round(time)} ms`;

export const checks: readonly Check[] = [
  [
    'a login with the right password',
    ({ button }) => withPeers([button], async peer => kept(`CONNACK after ${ms(peer?.connackMs ?? 0)}`)),
  ],
  [
    'a wrong password is refused',
    async ({ button }) => {
      const why = await refusedWith({ ...button, password: 'wrong' });
      return why === undefined ? lacks('let in') : kept(why);
    },
  ],
  [
    'a client id is its own user name',
    ({ button, provisioner }) =>
      withPeers([provisioner], async there => {
        const why = await refusedWith({ ...button, clientId: provisioner.name });
        if (await there?.ends(quietMs)) return lacks('a button threw the provisioner out by its client id');
        return why === undefined ? harmless('let in, and nobody was thrown out') : kept(why);
      }),
  ],
  [
    'SUBACK within a second',
    ({ site, button }) =>
      withPeers([button], async peer => {
        const suback = await peer?.subscribe([statusTopic(button.name), beaconTopic(site)]);
        if (suback === undefined) return lacks('no SUBACK');
        const text = `${suback.codes.join(', ')} after ${ms(suback.ms)}`;
        return suback.codes.some(code => code > 2) || suback.ms > subackLimitMs ? lacks(text) : kept(text);
      }),
  ],
  [
    'a press arrives, a retained status comes with the subscription',
    ({ button, provisioner }) =>
      withPeers([provisioner, button], async (lab, peer) => {
        await lab?.subscribe([pressTopic(button.name)]);
        await lab?.publish(statusTopic(button.name), 'status', true);
        await peer?.publish(pressTopic(button.name), 'press');
        if (!(await lab?.hears(({ payload }) => payload === 'press')))
          return lacks('the press did not arrive');
        await peer?.subscribe([statusTopic(button.name)]);
        const status = await peer?.hears(({ payload, retained }) => payload === 'status' && retained);
        return status ? kept('both') : lacks('no retained status');
      }),
  ],
  [
    'the provisioner may read its own words',
    ({ site, button, provisioner }) =>
      withPeers([provisioner], async lab => {
        const suback = await lab?.subscribe([beaconTopic(site), statusTopic(button.name)]);
        const may = suback?.codes.every(code => code <= 2) === true && !lab?.closed;
        return may ? kept('what it retains can be checked') : harmless('what it retains cannot be checked');
      }),
  ],
  [
    'a retained press is refused',
    ({ button, provisioner }) =>
      withPeers([button], async peer => {
        const topic = pressTopic(button.name);
        const said = await peer?.publish(topic, 'retained', true);
        const handed = await withPeers([provisioner], async lab => {
          await lab?.subscribe([topic]);
          return lab?.hears(({ payload }) => payload === 'retained', quietMs);
        });
        if (handed === undefined)
          return kept(said === 'closed' ? 'the connection is closed' : 'dropped without a word');
        await withPeers([button], async cleaner => cleaner?.publish(topic, '', true));
        return harmless('accepted: it comes again with every reconnect, and its number counts once');
      }),
  ],
  [
    'a button may not say what is not its own',
    ({ site, button, neighbour, provisioner }) =>
      withPeers([provisioner, neighbour], async (lab, other) => {
        await lab?.subscribe([pressTopic(neighbour.name)]);
        await other?.subscribe([statusTopic(neighbour.name), beaconTopic(site)]);
        const topics = [pressTopic(neighbour.name), statusTopic(neighbour.name), beaconTopic(site)];
        const how = new Set<string>();
        for (const topic of topics) {
          await withPeers([button], async peer => {
            const said = await peer?.publish(topic, 'forged');
            how.add(
              said === 'closed' || (await peer?.ends(200))
                ? 'the connection is closed'
                : 'dropped without a word',
            );
          });
        }
        await sleep(quietMs);
        const heard = [...(lab?.heard ?? []), ...(other?.heard ?? [])].filter(
          ({ payload }) => payload === 'forged',
        );
        if (heard.length === 0) return kept([...how].join(', '));
        return lacks(`passed on: ${heard.map(({ topic }) => topic).join(', ')}`);
      }),
  ],
  [
    'a button may not hear what is not its own',
    ({ button, neighbour, provisioner }) =>
      withPeers([provisioner, button], async (lab, peer) => {
        const codes = (await peer?.subscribe([statusTopic(neighbour.name), pressTopic('+'), '#']))?.codes;
        await lab?.publish(statusTopic(neighbour.name), 'secret', true);
        const heard = await peer?.hears(({ payload }) => payload === 'secret', quietMs);
        await lab?.publish(statusTopic(neighbour.name), '', true);
        if (heard)
          return harmless(`it hears its neighbours (SUBACK ${codes?.join(', ')}): nothing there is secret`);
        return kept(
          codes === undefined ? 'the connection is closed' : `SUBACK ${codes.join(', ')}, nothing delivered`,
        );
      }),
  ],
  [
    "a lost provisioner's will comes",
    ({ site, button, provisioner }) =>
      withPeers([button], async peer => {
        await peer?.subscribe([beaconTopic(site)]);
        const will = { topic: beaconTopic(site), payload: Buffer.from('will') };
        (await Peer.open({ ...provisioner, will })).kill();
        const startMs = performance.now();
        const came = await peer?.hears(({ payload }) => payload === 'will');
        await withPeers([provisioner], async lab => lab?.publish(beaconTopic(site), '', true));
        return came
          ? kept(`after ${ms(performance.now() - startMs)}`)
          : lacks('not within 5 s: buttons wait for a dead lab');
      }),
  ],
  [
    'a message that is too long is refused',
    ({ button, provisioner }) =>
      withPeers([provisioner, button], async (lab, peer) => {
        await lab?.subscribe([pressTopic(button.name)]);
        const said = await peer?.publish(pressTopic(button.name), 'x'.repeat(maxMessageBytes * 20));
        const came = await lab?.hears(({ payload }) => payload.startsWith('xxx'), quietMs);
        if (came)
          return harmless(`${maxMessageBytes * 20} bytes were passed on; the provisioner ignores them`);
        return kept(said === 'acknowledged' ? 'dropped without a word' : 'the connection is closed');
      }),
  ],
  [
    'guessing is slowed down',
    async ({ button }) => {
      const startMs = performance.now();
      for (let i = 0; i < guesses; i++) await refusedWith({ ...button, password: `guess ${i}` });
      const text = `${guesses} guesses in ${ms(performance.now() - startMs)}`;
      const why = await refusedWith(button);
      if (why !== undefined) return lacks(`${text}, and then the right password is refused: ${why}`);
      return harmless(`${text}, then the right password is let in: keys of 256 bits need no limit`);
    },
  ],
  [
    'a second login puts the first one out',
    ({ button, otherUrl }) =>
      withPeers([button], async first => {
        const second = await Peer.open({ ...button, url: otherUrl ?? button.url });
        const gone = await first?.ends();
        await second.leave();
        return gone ? kept('over all nodes that were asked') : lacks('both stay');
      }),
  ],
  [
    'a revoked button is out',
    async ({ revoked }) => {
      if (revoked === undefined) return { verdict: 'not looked at', found: 'name one with --revoked' };
      const why = await refusedWith(revoked);
      return why === undefined ? lacks('let in') : kept(why);
    },
  ],
  [
    'what is retained is seen on the other node',
    async ({ button, provisioner, otherUrl }) => {
      if (otherUrl === undefined) return { verdict: 'not looked at', found: 'one URL was given' };
      return withPeers([provisioner, { ...button, url: otherUrl }], async (lab, peer) => {
        await lab?.publish(statusTopic(button.name), 'here', true);
        await sleep(quietMs);
        await peer?.subscribe([statusTopic(button.name)]);
        const startMs = performance.now();
        const seen = await peer?.hears(({ payload }) => payload === 'here');
        return seen ? kept(`${ms(performance.now() - startMs)} after the SUBACK`) : lacks('not there');
      });
    },
  ],
  [
    'a press crosses to the other node',
    async ({ button, provisioner, otherUrl }) => {
      if (otherUrl === undefined) return { verdict: 'not looked at', found: 'one URL was given' };
      return withPeers([provisioner, { ...button, url: otherUrl }], async (lab, peer) => {
        await lab?.subscribe([pressTopic(button.name)]);
        const startMs = performance.now();
        // As a button does: a node that has just been told of a subscription may not have told the others.
        for (let said = 0; said < presses; said++) {
          await peer?.publish(pressTopic(button.name), 'across');
          if (!(await lab?.hears(({ payload }) => payload === 'across', quietMs))) continue;
          const after = ms(performance.now() - startMs);
          if (said === 0) return kept(`after ${after}`);
          return harmless(
            `one that comes at once after the SUBACK is lost; repeated, as a button does: after ${after}`,
          );
        }
        return lacks('it did not');
      });
    },
  ],
];
