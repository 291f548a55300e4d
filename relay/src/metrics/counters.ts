/** What the relay counts, for its operator. Numbers only: never names, topics or payloads. */

export interface Counters {
  /** Clients that are logged in now. */
  clients: number;
  logins: number;
  /** Messages taken from clients (and wills), after the access rules. */
  published: number;
  /** Messages and subscriptions that were taken later, because their client was too fast. */
  slowed: number;
  /** How often a changed users file was taken over, and how often one was broken and was not. */
  usersFilesTaken: number;
  usersFilesBroken: number;
  /** Everything that was refused, by reason. */
  refused: Record<string, number>;
}

/** What was counted, and what is there now. */
export interface RelayStats extends Readonly<Counters> {
  /** Open connections, logged in or not. */
  connections: number;
}

/** All zero. The names of reasons come from code, never from the wire. */
export function makeCounters(): Counters {
  return {
    clients: 0,
    logins: 0,
    published: 0,
    slowed: 0,
    usersFilesTaken: 0,
    usersFilesBroken: 0,
    refused: Object.create(null) as Record<string, number>,
  };
}

/** One more refusal for this reason. */
export function countRefusal(counters: Counters, reason: string): void {
  counters.refused[reason] = (counters.refused[reason] ?? 0) + 1;
}
