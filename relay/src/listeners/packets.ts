/** The bounds of MQTT packets in bytes that the broker sends. */

/** A Remaining Length has at most four bytes (MQTT 3.1.1 section 2.2.3). */
const maxLengthBytes = 4;

/** Cuts `bytes` into its packets, copying nothing. An incomplete rest stays one piece. */
export function* packetsIn(bytes: Buffer): Generator<Buffer> {
  for (let start = 0; start < bytes.length; ) {
    const end = endOfPacket(bytes, start);
    yield bytes.subarray(start, end);
    start = end;
  }
}

/** Where the packet that begins at `start` ends, at most the end of `bytes`. */
function endOfPacket(bytes: Buffer, start: number): number {
  let length = 0;
  for (let i = 0; i < maxLengthBytes; i++) {
    const byte = bytes[start + 1 + i];
    if (byte === undefined) break;
    length += (byte & 127) * 128 ** i;
    if (byte < 128) return Math.min(start + 2 + i + length, bytes.length);
  }
  return bytes.length;
}
