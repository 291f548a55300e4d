/**
 * What a user may do, as the list that other engines take with a login's answer. RMQTT 0.24 and EMQX 5.8 have the same
 * form: the first rule that fits counts, and a topic may be a filter.
 */
import { beaconTopic, pressTopic, statusTopic } from '../../../protocol/src/topics.ts';
import { refusal } from '../auth/access.ts';
import type { User, Users } from '../auth/users.ts';

/** One rule, as it goes over the wire. */
export interface Rule {
  permission: 'allow' | 'deny';
  action: 'publish' | 'subscribe' | 'all';
  topic: string;
  qos?: readonly number[];
  /** Of a publish: false forbids a retained one. */
  retain?: boolean;
}

/** QoS 2 is nobody's here. */
const qos = [0, 1];

const nothingElse: Rule = { permission: 'deny', action: 'all', topic: '#' };

/**
 * All that relay/src/auth/access.ts grants this user, and a last rule that forbids the rest. A provisioner that is the
 * only one of the file gets two filters instead of three rules for each button, because an engine walks the list for
 * each message: they cover buttons that there are not, which is harmless.
 */
export function rulesOf(user: User, users: Users): Rule[] {
  const sites = new Set([...users.values()].map(({ site }) => site));
  const topics = user.role === 'button' ? ownTopics(user) : siteTopics(user, users, sites.size === 1);
  return [...topics.flatMap(topic => rulesFor(user, topic, users)), nothingElse];
}

function ownTopics({ name, site }: User): string[] {
  return [pressTopic(name), statusTopic(name), beaconTopic(site)];
}

function siteTopics({ site }: User, users: Users, isOnly: boolean): string[] {
  const names = [...users.values()].filter(it => it.role === 'button' && it.site === site);
  const buttons = isOnly ? ['+'] : names.map(({ name }) => name);
  return [beaconTopic(site), ...buttons.flatMap(name => [pressTopic(name), statusTopic(name)])];
}

function rulesFor(user: User, topic: string, users: Users): Rule[] {
  // A filter over all buttons grants what each of them would.
  const [some] = [...users.values()].filter(({ role }) => role === 'button');
  const one = topic.includes('+') ? topic.replace('+', some?.name ?? '') : topic;
  const publish = { kind: 'publish', topic: one, qos: 1, payloadBytes: 0 } as const;
  const may = (retain: boolean) => refusal(user, { ...publish, retain }, users, 0) === undefined;
  const hears = refusal(user, { kind: 'subscribe', topic: one }, users, 0) === undefined;
  return [
    ...(may(false)
      ? [{ permission: 'allow', action: 'publish', topic, qos, ...retainOf(may(true)) } as const]
      : []),
    ...(hears ? [{ permission: 'allow', action: 'subscribe', topic, qos } as const] : []),
  ];
}

/** Left out where both are allowed: the engines have different words for that. */
function retainOf(mayRetain: boolean): { retain?: boolean } {
  return mayRetain ? {} : { retain: false };
}
