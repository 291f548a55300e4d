/**
 * Messages between the nodes, over Redis' publish and subscribe, through mqemitter-redis. What it lacks for us:
 * - A prefix: channels know no databases, so two relays on one Redis would hear each other.
 * - Closing: its own `close` waits for ever, or ends the program, when Redis is not there.
 * - Errors: it passes those of its connections on to a listener that it does not have, which ends the program.
 * - aedes' gossip ($SYS: born, heartbeat, who came, who left, who subscribed) stays at home: that would be three
 *   messages through Redis for each connection. Nodes know each other through members.ts and seats.ts.
 */
import type { EventEmitter } from 'node:events';
import type { Redis } from 'ioredis';
import mqemitterRedis from 'mqemitter-redis';

export interface Message {
  topic: string;
  payload: Buffer;
}

type Listener = (message: Message, done: () => void) => void;
type Done = (error?: Error) => void;

/** What aedes wants of its `mq`. */
export interface Messages {
  on(topic: string, listener: Listener, done?: () => void): void;
  removeListener(topic: string, listener: Listener, done?: () => void): void;
  emit(message: Message, done?: Done): void;
  close(done: () => void): void;
}

const isGossip = (topic: string) => topic.startsWith('$SYS/');

/** @param onFailed told when Redis refuses a message */
export function makeMessages(
  publisher: Redis,
  subscriber: Redis,
  prefix: string,
  onFailed: (error: Error) => void,
): Messages {
  const emitter = mqemitterRedis({ pubConn: publisher, subConn: subscriber });
  // Not in its types. Whoever made the connections listens to them.
  (emitter as unknown as { state: EventEmitter }).state.on('error', () => {});
  const wrapped = new WeakMap<Listener, Map<string, Listener>>();

  return {
    on(topic, listener, done = () => {}) {
      if (isGossip(topic)) return void setImmediate(done);
      const inner: Listener = (message, next) => listener({ ...message, topic }, next);
      const byTopic = wrapped.get(listener) ?? new Map<string, Listener>();
      wrapped.set(listener, byTopic.set(topic, inner));
      emitter.on(prefix + topic, inner as never, done);
    },
    removeListener(topic, listener, done = () => {}) {
      const inner = wrapped.get(listener)?.get(topic);
      if (!inner) return void setImmediate(done);
      wrapped.get(listener)?.delete(topic);
      emitter.removeListener(prefix + topic, inner as never, done);
    },
    emit(message, done = () => {}) {
      if (isGossip(message.topic)) return void setImmediate(done);
      emitter.emit({ ...message, topic: prefix + message.topic }, error => {
        if (error) onFailed(error);
        done(error);
      });
    },
    // The connections are not ours to end, and the listeners go with the clients.
    close: done => void setImmediate(done),
  };
}
