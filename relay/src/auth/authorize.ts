/** What clients may do: aedes' three questions, answered by the one access function, logged and counted. */
import type { AedesPublishPacket, Client, PublishPacket, Subscription } from 'aedes';
import type { Limits } from '../limits/limits.ts';
import type { ClientLog } from '../metrics/client-log.ts';
import { type Counters, countRefusal } from '../metrics/counters.ts';
import { type Refusal, refusal, type Wish } from './access.ts';
import type { Users } from './users.ts';

/** Longest piece of a topic that goes into a log line, in characters. Our own topics are shorter. */
const maxLoggedTopicLength = 80;

export interface Authorization {
  authorizePublish(client: Client | null, packet: PublishPacket, done: (error?: Error | null) => void): void;
  authorizeSubscribe(
    client: Client,
    subscription: Subscription,
    done: (error: Error | null, subscription?: Subscription | null) => void,
  ): void;
  authorizeForward(client: Client, packet: AedesPublishPacket): AedesPublishPacket | null;
}

/** The answers. `users` is asked anew each time, so that a user who is gone may do nothing from then on. */
export function makeAuthorization(
  users: () => Users,
  limits: Limits,
  counters: Counters,
  log: ClientLog,
): Authorization {
  function check(client: Client | null, wish: Wish): Refusal | undefined {
    // Login made sure that the client id is the user's name.
    const reason = refusal(users().get(client?.id ?? ''), wish, users(), limits.payloadBytes);
    if (!reason) return undefined;
    countRefusal(counters, reason);
    const topic = wish.topic.slice(0, maxLoggedTopicLength);
    log.note('warn', client?.id ?? '', { user: client?.id, topic, reason }, `${wish.kind} refused`);
    return reason;
  }

  const publish: Authorization['authorizePublish'] = (client, packet, done) => {
    const { topic, qos, retain, payload } = packet;
    const reason = check(client, { kind: 'publish', topic, qos, retain, payloadBytes: payload.length });
    // MQTT 3.1.1 has no "no" to a PUBLISH: close the connection, or lie with a PUBACK [MQTT-3.3.5-2].
    // With an error aedes closes, before any PUBACK.
    if (reason) return done(new Error(`publish refused: ${reason}`));
    counters.published++;
    done(null);
  };
  const subscribe: Authorization['authorizeSubscribe'] = (client, subscription, done) => {
    const reason = check(client, { kind: 'subscribe', topic: subscription.topic });
    // No subscription and no error: aedes answers 0x80, failure, in SUBACK [MQTT-3.9.3-2].
    done(null, reason ? null : subscription);
  };

  return {
    authorizePublish: publish,
    authorizeSubscribe: subscribe,
    // A second line of defence: whatever a subscription has become since it was granted, nothing is delivered
    // that could not be subscribed to now.
    authorizeForward: (client, packet) =>
      check(client, { kind: 'receive', topic: packet.topic }) ? null : packet,
  };
}
