/**
 * Room for so many connections, whatever listener they come through. When it is full, the oldest one that has not logged
 * in makes way: half-open handshakes by the thousand keep nobody out, and nobody who is in is thrown out for them.
 */
export interface Room {
  /** False when all who are here are logged in. */
  enter(connection: Visitor): boolean;
  /** From now on it stays. */
  loggedIn(connection: Visitor): void;
  size(): number;
}

interface Visitor {
  destroy(): unknown;
  once(event: 'close', listener: () => void): unknown;
}

/** @param onEvicted told for each one that made way */
export function makeRoom(connections: number, onEvicted: () => void): Room {
  const here = new Set<Visitor>();
  /** In the order in which they came. */
  const strangers = new Set<Visitor>();

  function leave(connection: Visitor): void {
    here.delete(connection);
    strangers.delete(connection);
  }

  return {
    enter(connection) {
      if (here.size >= connections) {
        const [oldest] = strangers;
        if (oldest === undefined) return false;
        leave(oldest);
        oldest.destroy();
        onEvicted();
      }
      here.add(connection);
      strangers.add(connection);
      connection.once('close', () => leave(connection));
      return true;
    },
    loggedIn: connection => void strangers.delete(connection),
    size: () => here.size,
  };
}
