/** How long the nodes of a relay wait for Redis and for each other, in milliseconds. */
export interface Timing {
  /** Between two signs of life of a node, and between two looks for nodes that have died. */
  heartbeatMs: number;
  /** A node without a sign of life for this long is dead: its clients' wills are published by another. */
  leaseMs: number;
  /** Redis must answer a connect or a sign of life within this: else the node counts it as away. */
  answerMs: number;
  /** First and longest wait before Redis is tried again. Short: nobody is served in between. */
  retryMs: number;
  longestRetryMs: number;
  /** How long closing waits for what is still on its way. */
  closeMs: number;
}

export const defaultTiming: Readonly<Timing> = {
  heartbeatMs: 1_000,
  // Three missed signs of life and a bit: one long garbage collection is not a death.
  leaseMs: 4_000,
  // Less than the lease: a node that cannot reach Redis has let its clients go before others speak for them.
  answerMs: 2_500,
  retryMs: 100,
  longestRetryMs: 2_000,
  closeMs: 1_000,
};
