/** A listener: a TCP server that hands its connections on. */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { errnoOf, messageOf, SetupError } from '../../../config/src/setup-error.ts';
import type { Room } from '../limits/room.ts';
import { highWaterMarkBytes } from './streams.ts';

export interface TcpServer {
  host: string;
  port: number;
  /** `host:port`, an IPv6 host in brackets. */
  address: string;
  /** Stops listening and cuts every connection that is still open. */
  close(): Promise<void>;
}

export interface TcpOptions {
  host: string;
  /** 0 for any free port. */
  port: number;
  /** All listeners together have so much. */
  room: Pick<Room, 'enter'>;
  onConnection: (socket: Socket) => void;
  /** A connection was turned away because there are too many. */
  onFull: () => void;
}

/** Opens the listener, or throws a SetupError that says why it stays shut. */
export async function listenTcp(options: TcpOptions): Promise<TcpServer> {
  // noDelay: a packet of MQTT is small and waited for. With Nagle's algorithm a round trip takes 44 ms, without
  // it less than one.
  const server = createServer({ noDelay: true, highWaterMark: highWaterMarkBytes });
  const sockets = new Set<Socket>();
  server.on('connection', socket => {
    if (!options.room.enter(socket)) {
      socket.destroy();
      return options.onFull();
    }
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    options.onConnection(socket);
  });
  const port = await open(server, options);
  return {
    host: options.host,
    port,
    address: `${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`,
    close: async () => {
      const closed = new Promise(resolve => server.close(resolve));
      // A socket below TLS is closed a moment after the server says that all are.
      const gone = [...sockets].map(socket => new Promise(resolve => socket.once('close', resolve)));
      for (const socket of sockets) socket.destroy();
      await Promise.all([closed, ...gone]);
    },
  };
}

async function open(server: Server, { host, port }: TcpOptions): Promise<number> {
  try {
    server.listen({ host, port });
    await once(server, 'listening');
  } catch (error) {
    throw new SetupError(`the relay ${reasonFor(error, host, port)}`);
  }
  const address = server.address();
  return typeof address === 'object' && address ? address.port : port;
}

function reasonFor(error: unknown, host: string, port: number): string {
  switch (errnoOf(error)) {
    case 'EADDRINUSE':
      return `cannot listen on ${host}:${port}: the port is in use (stop the other program or choose another port)`;
    case 'EACCES':
      return `may not listen on port ${port}: ports below 1024 belong to root`;
    case 'EADDRNOTAVAIL':
      return `cannot listen on ${host}: this machine does not have that address`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `cannot listen on ${host}: there is no such host name`;
    case 'ERR_SOCKET_BAD_PORT':
      return `cannot listen on port ${port}: a port is a number from 0 to 65535`;
    default:
      return `cannot listen on ${host}:${port}: ${messageOf(error)}`;
  }
}
