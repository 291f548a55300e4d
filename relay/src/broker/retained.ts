/**
 * Retained messages in one Map. aedes' own memory looks through all of them for each subscription, also for an exact
 * topic: with 5,100 retained, 5,000 buttons took 65 s to come back after a restart; now 3.
 */
import { Readable } from 'node:stream';
import type { AedesPublishPacket } from 'aedes';
import { isPattern, patternOf } from './topic-pattern.ts';

export interface Retained {
  /** The part of aedes' persistence that keeps retained messages. */
  persistence: {
    storeRetained(packet: AedesPublishPacket): Promise<void>;
    createRetainedStreamCombi(filters: readonly string[]): Readable;
  };
  /** Whoever subscribes from now on gets nothing. False: nothing was retained there. */
  forget(topic: string): boolean;
}

export function makeRetained(): Retained {
  const kept = new Map<string, AedesPublishPacket>();
  const done = Promise.resolve();

  function fitting(filter: string): AedesPublishPacket[] {
    if (!isPattern(filter)) {
      const packet = kept.get(filter);
      return packet === undefined ? [] : [packet];
    }
    const fits = patternOf(filter);
    return [...kept.values()].filter(({ topic }) => fits(topic));
  }

  return {
    persistence: {
      storeRetained(packet) {
        // [MQTT-3.3.1-10]: an empty one takes the retained message away.
        if (packet.payload.length === 0) kept.delete(packet.topic);
        else kept.set(packet.topic, { ...packet, payload: copyOf(packet.payload) });
        return done;
      },
      // A doubled filter is an object, see doubled-filters.ts.
      createRetainedStreamCombi: filters => Readable.from(filters.map(String).flatMap(fitting)),
    },
    forget: topic => kept.delete(topic),
  };
}

/** A payload is a slice of what came from the socket, 64 KiB at worst, which it would keep in memory for ever. */
function copyOf(payload: string | Buffer): Buffer {
  const bytes = Buffer.isBuffer(payload) ? payload : Buffer.from(payload);
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}
