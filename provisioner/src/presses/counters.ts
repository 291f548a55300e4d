/** What the provisioner counts, for metrics and for tests. */

export interface Counters {
  /** Payloads that came, whatever they were. */
  received: number;
  tooLong: number;
  badSignature: number;
  badBody: number;
  /** Dropped because too much waited for the button already. */
  dropped: number;
  /** Not accepted because the journal could not be written. */
  unwritten: number;
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
  /** Against a rule of the lab: too many clusters, too soon, not allowed to give back. */
  quota: number;
  rejected: number;
}

export function newCounters(): Counters {
  return {
    received: 0,
    tooLong: 0,
    badSignature: 0,
    badBody: 0,
    dropped: 0,
    unwritten: 0,
    accepted: 0,
    repeated: 0,
    replayed: 0,
    joined: 0,
    shown: 0,
    releases: 0,
    stale: 0,
    quota: 0,
    rejected: 0,
  };
}
