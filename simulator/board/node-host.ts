/** What a simulated board takes from Node.js. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect as tcpConnect } from 'node:net';
import { join } from 'node:path';
import { connect as tlsConnect } from 'node:tls';
import vm from 'node:vm';
import type { Files, Host, HostSocket, SocketEvents } from './host.ts';
import { makeRealm, type NodeRealm } from './realm.ts';

export const nodeHost: Host<NodeRealm> = {
  makeRealm,
  load(bundle) {
    const script = new vm.Script(bundle, { filename: 'bundle.js' });
    return {
      run: (realm, limitMs) => {
        script.runInContext(realm.context, { timeout: limitMs });
      },
    };
  },
  files: folderFiles,
  connect,
  sha256: bytes => createHash('sha256').update(bytes).digest(),
  soon(work) {
    const due = setImmediate(work);
    return () => clearImmediate(due);
  },
};

function folderFiles(folder: string): Files {
  mkdirSync(folder, { recursive: true });
  const path = (name: string) => join(folder, name);
  return {
    read(name) {
      try {
        return readFileSync(path(name), 'latin1');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
    },
    write(name, content) {
      writeFileSync(`${path(name)}.new`, content, 'latin1');
      renameSync(`${path(name)}.new`, path(name));
    },
    remove: name => rmSync(path(name), { force: true }),
    list: () => readdirSync(folder).map(name => ({ name, bytes: statSync(path(name)).size })),
  };
}

function connect(
  { host, port, tls, ciphers }: Parameters<Host['connect']>[0],
  events: SocketEvents,
): HostSocket {
  const tcp = tcpConnect({ host, port, noDelay: true });
  // The chip's callback comes when TCP is open, before the TLS handshake.
  tcp.once('connect', () => events.opened());
  const socket = tls
    ? tlsConnect({
        socket: tcp,
        ciphers,
        minVersion: 'TLSv1.2',
        maxVersion: 'TLSv1.2',
        // The chip does not check who the server is ("verify none"). Signatures end to end must.
        rejectUnauthorized: false,
      })
    : tcp;
  socket.once('secureConnect', () => events.secured());
  for (const s of new Set([tcp, socket])) {
    s.on('error', ({ syscall }: NodeJS.ErrnoException) =>
      events.failed(syscall === 'getaddrinfo' ? 'name' : syscall === 'connect' ? 'open' : 'later'),
    );
  }
  socket.on('data', data => events.received(data));
  socket.once('close', () => events.closed());
  return {
    write: (bytes, sent) => void socket.write(bytes, sent),
    hangUp() {
      socket.end();
      socket.once('finish', () => socket.destroy());
      if (socket.writableFinished) socket.destroy();
    },
    destroy: () => void socket.destroy(),
    get destroyed() {
      return socket.destroyed;
    },
    get unsentBytes() {
      return socket.writableLength;
    },
  };
}
