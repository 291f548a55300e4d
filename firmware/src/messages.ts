/** Signed messages as the button reads and writes them. Chip's dialect. */
import { type Beacon, maxPressNumber, type Press, type Status } from '../../protocol/src/messages.ts';
import { open, type Sha256, type SigningKey, seal, signingKey } from '../../protocol/src/sign.ts';
import { beaconTopic, pressTopic, statusTopic } from '../../protocol/src/topics.ts';
import type { Device } from './device.ts';
import type { Event } from './flow/flow.ts';
import { chip } from './hal.ts';

/** The chip's SHA-256 as the protocol wants it: binary string in, binary string out. */
const sha256: Sha256 = bytes =>
  // 32 arguments; the interpreter takes 256.
  String.fromCharCode.apply(
    null,
    new Uint8Array(chip.require('crypto').SHA256(bytes)) as unknown as number[],
  );

/** Made ready at each message, and not kept: its two blocks take six times the room of the key. */
function ready(key: string): SigningKey {
  return signingKey(sha256, key);
}

function isText(x: unknown): boolean {
  return typeof x === 'string';
}

function isCount(n: unknown): boolean {
  return typeof n === 'number' && n >= 0 && n <= maxPressNumber;
}

/**
 * What an arriving message means: a beacon or a status that was signed with our keys, `forged` when it was not,
 * undefined when it is none of our business or its body makes no sense.
 */
export function read(device: Device, topic: string, payload: string): Event | undefined {
  const isStatus = topic === statusTopic(device.button);
  if (!isStatus && topic !== beaconTopic(device.site)) {
    return undefined;
  }
  const json = open(ready(isStatus ? device.key : device.siteKey), topic, payload);
  if (json === undefined) {
    return { on: 'forged' };
  }
  try {
    const body: unknown = JSON.parse(json);
    if (isStatus) {
      const s = body as Status;
      const whole =
        [s.press, s.seq, s.percent, s.leftS].every(isCount) && [s.state, s.cluster, s.phase].every(isText);
      return whole ? { on: 'status', status: s } : undefined;
    }
    const beacon = body as Beacon;
    return isText(beacon.state) && isCount(beacon.time) ? { on: 'beacon', beacon } : undefined;
  } catch {
    return undefined; // no JSON, or null
  }
}

/** A press, signed, ready for the wire. */
export function write(device: Device, press: Press): string {
  return seal(ready(device.key), pressTopic(device.button), JSON.stringify(press));
}
