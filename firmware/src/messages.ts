/** Signed messages as the button reads and writes them. Chip's dialect. */
import { type Beacon, maxPressNumber, type Press, type Status } from '../../protocol/src/messages.ts';
import { open, seal } from '../../protocol/src/sign.ts';
import { beaconTopic, pressTopic, statusTopic } from '../../protocol/src/topics.ts';
import type { Device } from './device.ts';
import type { Event } from './flow.ts';

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function isCount(n: unknown): boolean {
  return typeof n === 'number' && n >= 0 && n <= maxPressNumber;
}

function isStatus(s: Status): boolean {
  return (
    typeof s === 'object' &&
    isCount(s.press) &&
    isCount(s.seq) &&
    isCount(s.percent) &&
    isCount(s.leftS) &&
    typeof s.state === 'string' &&
    typeof s.cluster === 'string' &&
    typeof s.phase === 'string'
  );
}

function isBeacon(b: Beacon): boolean {
  return typeof b === 'object' && (b.state === 'online' || b.state === 'offline') && isCount(b.time);
}

/**
 * What an arriving message means: a beacon or a status that was signed with our keys, `forged` when it was not,
 * undefined when it is none of our business or its body makes no sense.
 */
export function read(device: Device, topic: string, payload: string): Event | undefined {
  const isOurStatus = topic === statusTopic(device.button);
  if (!isOurStatus && topic !== beaconTopic(device.site)) {
    return undefined;
  }
  const json = open(isOurStatus ? device.key : device.siteKey, topic, payload);
  if (json === undefined) {
    return { on: 'forged' };
  }
  const body = parse(json);
  if (isOurStatus) {
    return isStatus(body as Status) ? { on: 'status', status: body as Status } : undefined;
  }
  return isBeacon(body as Beacon) ? { on: 'beacon', beacon: body as Beacon } : undefined;
}

/** A press, signed, ready for the wire. */
export function write(device: Device, press: Press): string {
  return seal(device.key, pressTopic(device.button), JSON.stringify(press));
}
