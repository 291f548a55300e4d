/** A console that says what it is told to say: the chips that nobody has at hand, too old or too small. */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterAll } from 'vitest';

export const goodReport = {
  version: '2v29',
  board: 'ESP32',
  modules: 'Storage,Wifi,crypto,net,tls',
  memory: { usage: 60, total: 4000 },
  room: 800_000,
  files: ['device.json', '.bootcde'],
  program: 1 as number | null,
  device: 1 as number | null,
  button: 'desk' as string | null,
};

const servers: (() => void)[] = [];
afterAll(() => {
  for (const close of servers) close();
});

/**
 * Starts one; its port as `dashbutton flash --port` takes it. `undefined`: it never says a word.
 * @param told gets everything that is sent to it.
 */
export async function fakeChip(report: object | undefined, told: string[] = []): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    let heard = '';
    sockets.add(socket);
    socket.on('error', () => {});
    socket.setEncoding('latin1').on('data', text => {
      heard += text;
      told.push(String(text));
      if (report === undefined) return;
      if (!heard.endsWith('\n')) return;
      const asked = heard.includes('@dashbutton');
      if (heard.includes('\x10') && !asked && !heard.includes('E.reboot')) return;
      socket.write(asked ? `\r\n@dashbutton ${JSON.stringify(report)}\r\n>` : '\r\n>');
      heard = '';
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  servers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
