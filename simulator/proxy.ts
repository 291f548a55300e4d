/** A company's proxy, as small as can be: HTTP CONNECT on the loopback, which can be told to refuse. For the demo, whose lab dials out. */
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

export interface SimulatedProxy {
  /** `http://127.0.0.1:port` */
  url: string;
  /** True: every tunnel is cut, and new ones are refused with 403. */
  refuse(refuses: boolean): void;
  close(): Promise<void>;
}

/**
 * @param onTunnel is told of each tunnel; what it returns gets all bytes that come back from the far end, before they are handed on.
 */
export async function startProxy(onTunnel: () => (bytes: Buffer) => void): Promise<SimulatedProxy> {
  let refuses = false;
  const open = new Set<Duplex>();
  const keep = (socket: Duplex) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket)).on('error', () => socket.destroy());
  };
  const cut = () => {
    for (const socket of open) socket.destroy();
  };
  const server = createServer((_, response) => response.writeHead(405).end('CONNECT only\n'));
  server.on('connect', ({ url = '' }, near: Duplex, head: Buffer) => {
    keep(near);
    if (refuses) {
      near.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    const [host = '', port = ''] = url.split(/:(?=\d+$)/);
    const far: Socket = connect({ host, port: Number(port) });
    keep(far);
    const told = onTunnel();
    far.once('connect', () => {
      near.write('HTTP/1.1 200 Connection established\r\n\r\n');
      if (head.length > 0) far.write(head);
      far.on('data', told);
      far.pipe(near).pipe(far);
    });
    near.once('close', () => far.destroy());
    far.once('close', () => near.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    refuse(now) {
      refuses = now;
      if (now) cut();
    },
    close() {
      cut();
      return new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}
