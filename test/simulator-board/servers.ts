/** Servers on free loopback ports that are closed after the test. */
import type { AddressInfo, Server, Socket } from 'node:net';
import { afterEach } from 'vitest';

const running: { server: Server; sockets: Set<Socket> }[] = [];

afterEach(() => {
  for (const { server, sockets } of running.splice(0)) {
    server.close();
    for (const socket of sockets) {
      socket.destroy();
    }
  }
});

export async function listen<S extends Server>(server: S): Promise<{ server: S; port: number }> {
  const sockets = new Set<Socket>();
  server.on('connection', socket => sockets.add(socket));
  running.push({ server, sockets });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port };
}
