/** How much is measured. SIZE=small is a trial of a minute, whose figures mean little. */

export interface Sizes {
  /** Turns that each broker gets at each measurement of messages and of logins. What counts is the median. */
  rounds: number;
  /** The same for idle memory, each turn with a new process. */
  idleRounds: number;
  /** How long a turn sends messages (ms). */
  turnMs: number;
  /** Numbers of pairs (a button and its provisioner) at which latency is measured. */
  latencyPairs: readonly number[];
  /** The number of pairs for latency over TLS. */
  tlsPairs: number;
  /** Messages per second, over all pairs, while latency is measured: far below what any of the brokers can. */
  latencyRate: number;
  /** Pairs that send as fast as they can. */
  floodPairs: number;
  /** Buttons that send as fast as they can to one provisioner. */
  crowd: number;
  /** Idle connections. */
  idle: number;
  /** Logins of a turn. */
  logins: number;
  tlsLogins: number;
  /** How long presses are looked at during an attack (ms). */
  attackMs: number;
  /** How often each attack is measured at each broker. */
  attackRounds: number;
  /** Connections that begin a handshake and say no more. */
  halfOpen: number;
}

const full: Sizes = {
  rounds: 7,
  idleRounds: 3,
  turnMs: 1_500,
  latencyPairs: [1, 100, 1_000],
  tlsPairs: 100,
  latencyRate: 1_000,
  floodPairs: 10,
  crowd: 100,
  idle: 5_000,
  logins: 2_000,
  tlsLogins: 400,
  attackMs: 3_000,
  attackRounds: 5,
  halfOpen: 10_000,
};

const small: Sizes = {
  ...full,
  rounds: 3,
  idleRounds: 1,
  turnMs: 300,
  latencyPairs: [1, 20, 100],
  tlsPairs: 20,
  latencyRate: 500,
  idle: 400,
  logins: 200,
  tlsLogins: 50,
  attackMs: 1_500,
  attackRounds: 3,
  halfOpen: 500,
};

/** File descriptors that a process needs beside its connections: its own files, listeners, a little air. */
const spareFiles = 200;

/**
 * The sizes that `name` stands for (`small` or `full`, the default), made smaller when a process may not open that
 * many files. `note` says so.
 */
export function sizesFor(name: string | undefined, maxFiles: number): { sizes: Sizes; note?: string } {
  const sizes = name === 'small' ? small : full;
  const room = maxFiles - spareFiles;
  // The load process has both ends' share: a socket for each client, of all three brokers at a time.
  const maxPairs = Math.floor(room / 6);
  if (room >= sizes.idle && maxPairs >= Math.max(...sizes.latencyPairs)) return { sizes };
  const note = `REDUCED: a process may open only ${maxFiles} files (ulimit -n), the full size needs ${full.latencyPairs.at(-1) ?? 0} pairs x 6 + ${spareFiles}`;
  const latencyPairs = sizes.latencyPairs.map(pairs => Math.min(pairs, maxPairs));
  const few = (count: number) => Math.min(count, room);
  return {
    sizes: {
      ...sizes,
      latencyPairs,
      halfOpen: few(sizes.halfOpen),
      idle: few(sizes.idle),
      logins: few(sizes.logins),
    },
    note,
  };
}
