/** The bounds of MQTT packets in bytes that are to be sent. */

/** A Remaining Length has at most four bytes (MQTT 3.1.1 section 2.2.3). */
const maxLengthBytes = 4;

/** Cuts `bytes` into its packets, copying nothing. An incomplete rest, which MQTT.js never writes, stays one piece. */
export function packetsIn(bytes: Buffer): Buffer[] {
  const packets: Buffer[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = Math.min(endOf(bytes, start), bytes.length);
    packets.push(bytes.subarray(start, end));
    start = end;
  }
  return packets;
}

/** Where the packet that begins at `start` ends; Infinity when its length cannot be read. */
function endOf(bytes: Buffer, start: number): number {
  let length = 0;
  for (let i = 0; i < maxLengthBytes; i++) {
    const byte = bytes[start + 1 + i];
    if (byte === undefined) break;
    length += (byte & 0x7f) * 128 ** i;
    if (byte < 0x80) return start + 2 + i + length;
  }
  return Number.POSITIVE_INFINITY;
}
