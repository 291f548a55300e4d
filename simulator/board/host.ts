/**
 * What a simulated board takes from where it runs, and cannot make itself: a JavaScript world for the program, files, sockets,
 * a hash. `node-host.ts` has it on Node.js, `page/src/worker/browser-host.ts` in a worker of a browser. Everything else of a
 * board is the same code in both.
 */

/** The program's world in one boot, with its own constructors, so that `instanceof` in it works on what the chip hands over. */
export interface Realm {
  /** Where the program looks for its globals. */
  globals: Record<string, unknown>;
  error(message: string, kind: 'Error' | 'InternalError'): Error;
  arrayBuffer(bytes: Uint8Array | number): ArrayBuffer;
  /** Parses as the program's own JSON.parse: arrays and objects are the program's. */
  parse(json: string): unknown;
}

/** The program, ready to run. */
export interface Program<R extends Realm = Realm> {
  /**
   * Its first run, from top to bottom. What it throws is thrown here.
   * @param limitMs of computing, where the host can stop a program.
   */
  run(realm: R, limitMs: number): void;
}

/** The flash, as files whose names are harmless: letters, digits, `_`, `-`, `.` and `%`. Contents are bytes, one a character. */
export interface Files {
  /** Undefined when there is no such file. */
  read(name: string): string | undefined;
  /** The whole file or none of it, whatever happens meanwhile. */
  write(name: string, content: string): void;
  /** A missing one is no error. */
  remove(name: string): void;
  /** All that there are, in the order of the names. */
  list(): { name: string; bytes: number }[];
}

/** One connection. */
export interface HostSocket {
  /** @param sent when the bytes, and all before them, have left. */
  write(bytes: Uint8Array, sent?: () => void): void;
  /** Ends the connection when all that was written has left. */
  hangUp(): void;
  /** Ends it now. */
  destroy(): void;
  /** It has ended, or is about to. */
  readonly destroyed: boolean;
  /** Bytes that were written and have not left. */
  readonly unsentBytes: number;
}

/** What is told of a connection; nothing before `connect` has come back. */
export interface SocketEvents {
  /** The other side has taken the connection; a TLS handshake is still to come. */
  opened(): void;
  /** The TLS handshake is over. */
  secured(): void;
  received(bytes: Uint8Array): void;
  /** Why it ends. `name`: nobody knows the host; `open`: it was never open; `later`: anything after that. */
  failed(at: 'name' | 'open' | 'later'): void;
  /** The last that is told. */
  closed(): void;
}

export interface Host<R extends Realm = Realm> {
  /**
   * A fresh world, cut down to what Espruino 2v29 has as far as the host can.
   * @param later the interpreter is newer.
   */
  makeRealm(later?: { utcDates?: boolean }): R;
  /** @throws SyntaxError when it is not JavaScript, where the host can tell before it runs. */
  load(bundle: string): Program<R>;
  /** The folder is made when it is missing. */
  files(folder: string): Files;
  /** @param ciphers of TLS 1.2, in OpenSSL's words. The certificate is not checked, as the chip does not. */
  connect(
    to: { host: string; port: number; tls: boolean; ciphers: string },
    events: SocketEvents,
  ): HostSocket;
  sha256(bytes: Uint8Array): Uint8Array;
  /** When what runs now, and what it has left in the queue of promises, is done. Returns how to cancel. */
  soon(work: () => void): () => void;
}
