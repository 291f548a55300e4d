/** What the provisioner counts, for tests, the demo and (later) metrics. */

export interface Counters {
  /** Payloads that came, whatever they were. */
  received: number;
  tooLong: number;
  badSignature: number;
  badBody: number;
  /** Dropped because too much waited for the button already. */
  dropped: number;
  accepted: number;
  /** Presses that were heard before and answered again. */
  repeated: number;
  /** Old numbers that were never heard: recordings, or a button that lost its memory. */
  replayed: number;
  joined: number;
  /** Presses that were answered with a cluster that stands already. */
  shown: number;
  /** Orders to give a cluster back. */
  releases: number;
  stale: number;
  rejected: number;
}

export function newCounters(): Counters {
  return {
    received: 0,
    tooLong: 0,
    badSignature: 0,
    badBody: 0,
    dropped: 0,
    accepted: 0,
    repeated: 0,
    replayed: 0,
    joined: 0,
    shown: 0,
    releases: 0,
    stale: 0,
    rejected: 0,
  };
}
