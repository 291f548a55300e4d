/** Packets of MQTT 3.1.1 by their bytes, so that they can be wrong in ways that no library writes. */
import fc from 'fast-check';

/** Packet types (table 2.1) with the flags that section 2.2.2 wants, as a first byte. */
export const first = {
  connect: 0x10,
  connack: 0x20,
  publish: 0x30,
  puback: 0x40,
  pubrec: 0x50,
  pubrel: 0x62,
  pubcomp: 0x70,
  subscribe: 0x82,
  suback: 0x90,
  unsubscribe: 0xa2,
  unsuback: 0xb0,
  pingreq: 0xc0,
  pingresp: 0xd0,
  disconnect: 0xe0,
} as const;

/** A fixed header and what follows it; the Remaining Length is right. */
export function packetOf(firstByte: number, ...parts: Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.of(firstByte), remainingLength(body.length), body]);
}

/** Section 2.2.3. */
export function remainingLength(length: number): Buffer {
  const bytes: number[] = [];
  let rest = length;
  do {
    bytes.push((rest % 128) | (rest >= 128 ? 0x80 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Buffer.from(bytes);
}

export function number16(value: number): Buffer {
  return Buffer.of(value >> 8, value & 255);
}

/** A string or bytes with the length in front (section 1.5.3). */
export function field(content: string | Uint8Array): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([number16(bytes.length), bytes]);
}

export interface ConnectForm {
  protocol?: string;
  level?: number;
  flags?: number;
  clientId: string | Uint8Array;
  will?: { topic: string | Uint8Array; payload: string };
  username?: string | Uint8Array;
  password?: string;
}

/** Flags of CONNECT (figure 3.4). */
export const connectFlags = { username: 0x80, password: 0x40, will: 0x04, clean: 0x02 };

/** A CONNECT with any flags, whether they fit its fields or not. Unless told otherwise: those that fit. */
export function connectBytes(form: ConnectForm): Buffer {
  const { protocol = 'MQTT', level = 4, clientId, will, username, password } = form;
  const fitting =
    connectFlags.clean |
    (will ? connectFlags.will : 0) |
    (username === undefined ? 0 : connectFlags.username) |
    (password === undefined ? 0 : connectFlags.password);
  const willFields = will ? [field(will.topic), field(will.payload)] : [];
  const login = [username, password].flatMap(text => (text === undefined ? [] : [field(text)]));
  return packetOf(
    first.connect,
    field(protocol),
    Buffer.of(level, form.flags ?? fitting),
    number16(60),
    field(clientId),
    ...willFields,
    ...login,
  );
}

/** @param flags DUP, QoS and RETAIN, the low four bits of the first byte */
export function publishBytes(topic: string | Uint8Array, payload: string, flags = 0, id = 7): Buffer {
  const ids = (flags & 6) === 0 ? [] : [number16(id)];
  return packetOf(first.publish | flags, field(topic), ...ids, Buffer.from(payload));
}

export function subscribeBytes(...topics: (string | Uint8Array)[]): Buffer {
  return packetOf(first.subscribe, number16(9), ...topics.flatMap(topic => [field(topic), Buffer.of(1)]));
}

export function unsubscribeBytes(...topics: (string | Uint8Array)[]): Buffer {
  return packetOf(first.unsubscribe, number16(9), ...topics.map(topic => field(topic)));
}

/** Every type of packet, right in form, made of these topics and CONNECTs. */
export function goodPackets(topic: fc.Arbitrary<string>, connects: Buffer[]): fc.Arbitrary<Buffer> {
  const id = fc.nat(65_535);
  const text = fc.string({ maxLength: 60 });
  const topics = fc.array(topic, { minLength: 1, maxLength: 3 });
  const acknowledgement = fc.constantFrom(
    first.puback,
    first.pubrec,
    first.pubrel,
    first.pubcomp,
    first.unsuback,
  );
  return fc.oneof(
    fc.constantFrom(...connects),
    fc.tuple(topic, text, fc.nat(15), id).map(parts => publishBytes(...parts)),
    topics.map(list => subscribeBytes(...list)),
    topics.map(list => unsubscribeBytes(...list)),
    fc.tuple(acknowledgement, id).map(([type, number]) => packetOf(type, number16(number))),
    fc.constantFrom(packetOf(first.pingreq), packetOf(first.pingresp), packetOf(first.disconnect)),
    fc.constantFrom(packetOf(first.connack, number16(0)), packetOf(first.suback, number16(9), Buffer.of(1))),
  );
}

/** What happens to a packet: a few bytes changed, cut short, made longer, or nothing at all. */
const damage = fc.oneof(
  { weight: 5, arbitrary: fc.array(fc.tuple(fc.nat(4_000), fc.nat(255)), { minLength: 1, maxLength: 3 }) },
  { weight: 1, arbitrary: fc.nat(60) },
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 12 }) },
  { weight: 2, arbitrary: fc.constant(undefined) },
);

function damaged(bytes: Buffer, how: [number, number][] | number | Uint8Array | undefined): Buffer {
  if (how === undefined) return bytes;
  if (typeof how === 'number') return bytes.subarray(0, how % bytes.length);
  if (how instanceof Uint8Array) return Buffer.concat([bytes, how]);
  const copy = Buffer.from(bytes);
  for (const [at, value] of how) copy[at % copy.length] = value;
  return copy;
}

/** Nearly right packets, and now and then pure noise. */
export function badPackets(good: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> {
  return fc.oneof(
    { weight: 9, arbitrary: fc.tuple(good, damage).map(([bytes, how]) => damaged(bytes, how)) },
    {
      weight: 1,
      arbitrary: fc.uint8Array({ minLength: 1, maxLength: 40 }).map(bytes => Buffer.from(bytes)),
    },
  );
}
