/** A broker that refuses in passing, as some do while they elect a leader: both ends ask again before they call it a setting. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { Aedes } from 'aedes';
import { expect, test } from 'vitest';
import { until } from '../fixtures/patience.ts';
import { startLab } from './fixtures/lab.ts';
import { house, useRelays } from './fixtures/relays.ts';

test('the first SUBSCRIBE of button and provisioner is answered with 0x80, the second with 1: press, ready', async ({
  onTestFinished,
}) => {
  const lab = await startLab({ provisioner: false });
  onTestFinished(() => lab.close());
  const asked = new Map<string, number>();
  const broker = await Aedes.createBroker({
    authorizeSubscribe: ({ id }, subscription, done) => {
      const what = `${id} ${subscription.topic}`;
      const count = (asked.get(what) ?? 0) + 1;
      asked.set(what, count);
      done(null, count === 1 ? null : subscription);
    },
  });
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, socket => {
    sockets.add(socket);
    broker.handle(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  lab.finally(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await new Promise<void>(resolve => broker.close(resolve));
  });
  await useRelays(lab, [(server.address() as AddressInfo).port]);
  const button = lab.button(house);
  button.board.press();
  const { address } = await button.showsKind('ready');
  expect(address).toBe(lab.platform.clusters()[0]?.address);
  expect(button.views.filter(({ kind }) => kind === 'error')).toEqual([]);
  // Both were refused all they asked for: what is read back, too.
  await until(() => Math.min(...asked.values()) === 2, 'all of it to be asked for again');
  const names = new Set([...asked.keys()].map(what => what.split(' ')[0]));
  expect(names).toEqual(new Set(['lab', house]));
});
