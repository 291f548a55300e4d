/** aedes as it comes, on Node's own servers: lets everybody do everything. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { Aedes } from 'aedes';
import { answer, heapFacts } from './child.ts';

answer({
  start: async ({ cert, key }: { cert: string; key: string }) => {
    const aedes = await Aedes.createBroker();
    const pem = { cert: readFileSync(cert), key: readFileSync(key) };
    const servers = [
      createServer({ noDelay: true }, socket => aedes.handle(socket)),
      createTlsServer({ ...pem, noDelay: true }, socket => aedes.handle(socket)),
    ];
    const ports: number[] = [];
    for (const server of servers) {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      ports.push((server.address() as AddressInfo).port);
    }
    return { port: ports[0], tlsPort: ports[1] };
  },
  heap: heapFacts,
});
