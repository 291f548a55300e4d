/**
 * A SUBACK has one return code for each filter of its SUBSCRIBE, also when a filter stands there twice ([MQTT-3.8.4-5]).
 * aedes throws all but the last of equal ones away, and compares them as strings. Two objects are never equal: so a filter
 * that is doubled becomes an object here, between aedes' parser and aedes, and a plain text again when it is decided.
 */
import type { Client, Subscription } from 'aedes';
import type { Packet } from 'mqtt-packet';

interface Inside {
  _parser: { prependListener(event: 'packet', listener: (packet: Packet) => void): void };
}

export function keepDoubledFilters(client: Client): void {
  (client as Client & Inside)._parser.prependListener('packet', markDoubled);
}

function markDoubled(packet: Packet): void {
  if (packet.cmd !== 'subscribe' || packet.subscriptions.length === 1) return;
  const seen = new Set<string>();
  for (const subscription of packet.subscriptions) {
    const { topic } = subscription;
    if (seen.size === seen.add(topic).size) subscription.topic = Object(topic) as string;
  }
}

export function plainFilter(subscription: Subscription): Subscription {
  return typeof subscription.topic === 'string'
    ? subscription
    : { ...subscription, topic: String(subscription.topic) };
}
