/**
 * Measures packets as they come in. Neither aedes nor mqtt-packet has a limit: a stranger who announces 256 MB in
 * five bytes would have them kept until they are complete. This reads only the fixed headers and skips the rest.
 */

const maxLengthBytes = 4;

/**
 * One gauge per connection. Feed it every chunk; it says false as soon as a header announces a Remaining Length of
 * more than `maxBytes`, or one that never ends (MQTT 3.1.1 section 2.2.3: at most four bytes).
 */
export function packetGauge(maxBytes: number): (chunk: Uint8Array) => boolean {
  let skip = 0;
  let lengthBytes = -1; // -1: the next byte is a packet's first, its type
  let length = 0;
  return chunk => {
    for (let at = 0; at < chunk.length; ) {
      if (skip > 0) {
        const step = Math.min(skip, chunk.length - at);
        skip -= step;
        at += step;
        continue;
      }
      const byte = chunk[at++] ?? 0;
      if (lengthBytes < 0) {
        lengthBytes = 0;
        length = 0;
        continue;
      }
      length += (byte & 127) * 128 ** lengthBytes++;
      if (length > maxBytes) return false;
      if (byte < 128) {
        skip = length;
        lengthBytes = -1;
      } else if (lengthBytes === maxLengthBytes) return false;
    }
    return true;
  };
}
