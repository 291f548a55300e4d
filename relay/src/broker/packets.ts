/** MQTT 3.1.1 packets as bytes: where one ends, what it weighs, and what the standard forbids that aedes lets pass. */

/** The type of a packet: the upper half of its first byte (table 2.1). */
export const packetType = {
  connect: 1,
  publish: 3,
  puback: 4,
  pubrel: 6,
  pubcomp: 7,
  subscribe: 8,
  unsubscribe: 10,
  disconnect: 14,
} as const;

export const typeOf = (packet: Buffer): number => (packet[0] ?? 0) >> 4;

/** PUBACK: the only answer to a message that the relay delivers, as nothing here is of QoS 2. */
export const isAnswer = (packet: Buffer): boolean => typeOf(packet) === packetType.puback;

/** A Remaining Length has at most four bytes (section 2.2.3). */
const maxLengthBytes = 4;

/**
 * How many bytes the packet has that begins at `at`, its fixed header included; undefined while that cannot be told.
 * `too-long`: its Remaining Length is above `maxBytes`, or never ends.
 */
export function packetBytesAt(bytes: Buffer, at: number, maxBytes: number): number | undefined | 'too-long' {
  let length = 0;
  for (let i = 0; i < maxLengthBytes; i++) {
    const byte = bytes[at + 1 + i];
    if (byte === undefined) return undefined;
    length += (byte & 127) * 128 ** i;
    if (length > maxBytes) return 'too-long';
    if (byte < 128) return 2 + i + length;
  }
  return 'too-long';
}

/** Where the variable header of a whole packet begins. */
function bodyAt(packet: Buffer): number {
  let at = 1;
  while ((packet[at] ?? 0) >= 128) at++;
  return at + 1;
}

/** What stands at the end of a text with its length in front, or Infinity when it ends after the packet. */
function textEnd(packet: Buffer, at: number): number {
  return at + 2 <= packet.length ? at + 2 + packet.readUInt16BE(at) : Infinity;
}

/** What a whole packet weighs in its sender's rate: each filter of a SUBSCRIBE or UNSUBSCRIBE, else one; the farewell nothing. */
export function weightOf(packet: Buffer): number {
  const type = typeOf(packet);
  if (type === packetType.disconnect) return 0;
  if (type !== packetType.subscribe && type !== packetType.unsubscribe) return 1;
  const qosBytes = type === packetType.subscribe ? 1 : 0;
  let filters = 0;
  for (let at = bodyAt(packet) + 2; at < packet.length; filters++) at = textEnd(packet, at) + qosBytes;
  return Math.max(filters, 1);
}

/** Whether a first byte can begin a packet: the flags that a type must have (table 2.2), and QoS 3 is none. */
export function canBegin(byte: number): boolean {
  const [type, flags] = [byte >> 4, byte & 15];
  if (type === packetType.publish) return (flags & 6) !== 6;
  const fixed =
    type === packetType.pubrel || type === packetType.subscribe || type === packetType.unsubscribe;
  return type > 0 && type < 15 && flags === (fixed ? 2 : 0);
}

/** Counted and logged under these names. */
export type PacketFault =
  | 'no-connect'
  | 'broken-header'
  | 'packet-too-long'
  | 'packet-identifier-0'
  | 'subscribe-without-topics'
  | 'unsubscribe-without-topics'
  | 'dup-without-qos';

/** What closes the connection by the standard, although aedes would handle it. */
export function faultOf(packet: Buffer): PacketFault | undefined {
  const type = typeOf(packet);
  const body = bodyAt(packet);
  if (type === packetType.publish) {
    const qos = ((packet[0] ?? 0) >> 1) & 3;
    if (qos > 0) return identifierFault(packet, textEnd(packet, body));
    return isDup(packet) ? 'dup-without-qos' : undefined; // [MQTT-3.3.1-2]
  }
  const hasIdentifier =
    (type >= packetType.puback && type <= packetType.subscribe) || type === packetType.unsubscribe;
  if (!hasIdentifier) return undefined;
  const isEmpty = packet.length <= body + 2;
  if (isEmpty && type === packetType.subscribe) return 'subscribe-without-topics'; // [MQTT-3.8.3-3]
  if (isEmpty && type === packetType.unsubscribe) return 'unsubscribe-without-topics'; // [MQTT-3.10.3-2]
  return identifierFault(packet, body);
}

/** [MQTT-2.3.1-1] */
function identifierFault(packet: Buffer, at: number): PacketFault | undefined {
  return at + 2 <= packet.length && packet.readUInt16BE(at) === 0 ? 'packet-identifier-0' : undefined;
}

const dupFlag = 0x08;
const isDup = (packet: Buffer): boolean => ((packet[0] ?? 0) & dupFlag) !== 0;

/** [MQTT-3.3.1-3]: DUP is between this client and us, and not for those who subscribed. Changes the bytes. */
export function clearDup(packet: Buffer): void {
  if (typeOf(packet) === packetType.publish) packet[0] = (packet[0] ?? 0) & ~dupFlag;
}

/**
 * True for a CONNECT of the right protocol in a level that we do not speak; it is answered by return code 1
 * ([MQTT-3.1.2-2]). Levels 3 (MQTT 3.1, by another name) and 4 are spoken.
 */
export function hasUnknownLevel(connect: Buffer): boolean {
  const name = bodyAt(connect);
  const end = textEnd(connect, name);
  const level = connect[end];
  if (typeOf(connect) !== packetType.connect || level === undefined) return false;
  const isMqtt = ['MQTT', 'MQIsdp'].includes(connect.toString('latin1', name + 2, end));
  return isMqtt && level !== 3 && level !== 4;
}

/** CONNACK with return code 1: unacceptable protocol level (table 3.1). */
export const unacceptableLevel: Buffer = Buffer.of(0x20, 2, 0, 1);
