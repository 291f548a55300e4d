/**
 * What a simulated board takes from a worker of a browser. Such a worker is the world of one boot: board and program share it, so
 * everything that Espruino lacks is taken off the global object, but methods of what stays (`Array.prototype.flat`) remain, which the
 * board itself needs. A program that wants one of those fails on Node.js, where the tests are, and on the chip.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { dialect } from '../../../simulator/board/dialect.ts';
import type { Files, Host, HostSocket, Realm, SocketEvents } from '../../../simulator/board/host.ts';

export interface BrowserWorld {
  /** Where the very file is that is flashed. */
  programUrl: string;
  /** The flash, as it is at the start of this boot. */
  files: Record<string, string>;
  /** A file was written; without a content: removed. */
  wrote: (name: string, content?: string) => void;
}

/** MQTT over WebSocket: the name of its subprotocol, and the relay's path. */
const subprotocol = 'mqtt';
const path = '/mqtt';

export function browserHost({ programUrl, files, wrote }: BrowserWorld): Host {
  let taken = false;
  // Taken before the world is cut down.
  const load = importScripts.bind(self);
  return {
    makeRealm() {
      if (taken) throw new Error('A worker is the world of one boot');
      taken = true;
      return cutDown();
    },
    load: () => ({ run: () => load(programUrl) }),
    files: () => memoryFiles(new Map(Object.entries(files)), wrote),
    connect,
    sha256,
    soon(work) {
      const due = setTimeout(work);
      return () => clearTimeout(due);
    },
  };
}

/** Takes away what a program for the chip must not find: all of the browser, and what Espruino has not of JavaScript. */
function cutDown(): Realm {
  const world = self as unknown as Record<string, unknown>;
  const kept = dialect.globalThis ?? new Set();
  for (let owner: object | null = world; owner !== null && owner !== Object.prototype; ) {
    const next: object | null = Object.getPrototypeOf(owner);
    for (const name of Object.getOwnPropertyNames(owner)) {
      if (!kept.has(name) && name !== 'constructor') Reflect.deleteProperty(owner, name);
    }
    owner = next;
  }
  return {
    globals: world,
    error(message, kind) {
      const error = new Error(message);
      if (kind !== 'Error') error.name = kind;
      return error;
    },
    arrayBuffer: bytes =>
      typeof bytes === 'number' ? new ArrayBuffer(bytes) : Uint8Array.from(bytes).buffer,
    parse: JSON.parse,
  };
}

function memoryFiles(files: Map<string, string>, wrote: BrowserWorld['wrote']): Files {
  return {
    read: name => files.get(name),
    write(name, content) {
      files.set(name, content);
      wrote(name, content);
    },
    remove(name) {
      if (files.delete(name)) wrote(name);
    },
    list: () =>
      [...files]
        .map(([name, content]) => ({ name, bytes: content.length }))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

/** The bytes of one connection, as the frames of a WebSocket. Nobody can do TLS by hand in a browser: `wss` does it, handshake and all. */
function connect({ host, port, tls }: Parameters<Host['connect']>[0], events: SocketEvents): HostSocket {
  const socket = new WebSocket(`${tls ? 'wss' : 'ws'}://${host}:${port}${path}`, subprotocol);
  socket.binaryType = 'arraybuffer';
  let destroyed = false;
  let isOpen = false;
  const ended = () => {
    if (destroyed) return;
    destroyed = true;
    events.closed();
  };
  const close = () => {
    if (destroyed) return;
    destroyed = true;
    // What was written still leaves.
    socket.close();
    queueMicrotask(() => events.closed());
  };
  socket.onopen = () => {
    if (destroyed) return;
    isOpen = true;
    events.opened();
    if (tls) events.secured();
  };
  socket.onmessage = ({ data }) => {
    if (!destroyed) events.received(new Uint8Array(data as ArrayBuffer));
  };
  socket.onerror = () => {
    if (!destroyed) events.failed(isOpen ? 'later' : 'open');
  };
  socket.onclose = ended;
  return {
    write(bytes, sent) {
      if (socket.readyState === WebSocket.OPEN && bytes.length > 0) socket.send(Uint8Array.from(bytes));
      if (sent) setTimeout(sent);
    },
    hangUp: close,
    destroy: close,
    get destroyed() {
      return destroyed;
    },
    get unsentBytes() {
      return socket.bufferedAmount;
    },
  };
}
