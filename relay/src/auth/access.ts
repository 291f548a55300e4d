/** Who may say and hear what: all rules of the relay, in one pure function. */
import { pressedButton, shownButton } from '../../../protocol/src/node/names-in-topics.ts';
import { beaconTopic, pressTopic, statusTopic } from '../../../protocol/src/topics.ts';
import type { Sites } from './sites.ts';
import type { User, Users } from './users.ts';

/** What a client wants. A will is a publish that comes later. */
export type Wish =
  | { kind: 'publish'; topic: string; qos: number; retain: boolean; payloadBytes: number }
  | { kind: 'subscribe' | 'receive'; topic: string };

/** Why not. Counted and logged under these names. */
export type Refusal =
  | 'unknown-user'
  | 'wildcard'
  | 'reserved-topic'
  | 'foreign-topic'
  | 'retained-press'
  | 'qos-2'
  | 'payload-too-long';

/** Undefined when `user` may, else the reason why not. Every message passes here: cheap, and without effects. */
export function refusal(
  user: User | undefined,
  wish: Wish,
  users: Users,
  maxPayloadBytes: number,
): Refusal | undefined {
  if (!user) return 'unknown-user';
  // [MQTT-3.3.2-2] forbids wildcards in a publish. In a subscription they would be legal: here topics are exact.
  if (/[+#]/.test(wish.topic)) return 'wildcard';
  // [MQTT-4.7.2-1] and its note: topics that begin with $ are the server's own.
  if (wish.topic.startsWith('$')) return 'reserved-topic';
  const mine =
    wish.kind === 'publish' ? mayPublish(user, wish.topic, users) : mayHear(user, wish.topic, users);
  if (!mine) return 'foreign-topic';
  return wish.kind === 'publish' ? formRefusal(user, wish, maxPayloadBytes) : undefined;
}

function mayPublish(user: User, topic: string, users: Users): boolean {
  if (user.role === 'button') return topic === pressTopic(user.name);
  return topic === beaconTopic(user.site) || isButtonOf(user.site, shownButton(topic), users);
}

function mayHear(user: User, topic: string, users: Users): boolean {
  if (user.role === 'button') return topic === statusTopic(user.name) || topic === beaconTopic(user.site);
  // Its own words too: so it sees what is retained of them.
  if (topic === beaconTopic(user.site)) return true;
  return isButtonOf(user.site, pressedButton(topic) ?? shownButton(topic), users);
}

/** Rules about the message itself, once its topic is right. */
function formRefusal(
  user: User,
  wish: Wish & { kind: 'publish' },
  maxPayloadBytes: number,
): Refusal | undefined {
  // A retained press would be delivered to the provisioner again with every reconnect, for ever.
  if (user.role === 'button' && wish.retain) return 'retained-press';
  // Nothing here needs QoS 2, and its half-open handshakes are memory that a client could fill.
  if (wish.qos > 1) return 'qos-2';
  return wish.payloadBytes > maxPayloadBytes ? 'payload-too-long' : undefined;
}

/** The topics whose retained messages mean nothing any more when this user is gone, or has another key or site. */
export function topicsOf({ name, role, site }: User, sites: Sites): string[] {
  if (role === 'button') return [pressTopic(name), statusTopic(name)];
  return [beaconTopic(site), ...[...sites.buttonsOf(site)].map(statusTopic)];
}

function isButtonOf(site: string, name: string | undefined, users: Users): boolean {
  const button = name === undefined ? undefined : users.get(name);
  return button?.role === 'button' && button.site === site;
}
