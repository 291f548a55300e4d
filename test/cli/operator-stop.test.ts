/** How the provisioner ends, as a real process: in order and soon, whatever hangs; and what a mistake of ours does. */
import { existsSync, lstatSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readJournal } from '../../provisioner/src/journal/index.ts';
import { controlPathOf } from '../../provisioner/src/operator/control-path.ts';
import { eventually, type Lab, startLab, TestButton } from '../provisioner/lab.ts';
import { controlled, Service, secretsOf, startLimitMs, writeSettings } from './operator-lab.ts';

/** What the provisioner promises. A machine that is slow has none of its waits to blame. */
const stopLimitMs = 5_000;
const limit = { timeout: 2 * startLimitMs };

let lab: Lab;
let service: Service | undefined;
const servers: Server[] = [];
const sockets: Socket[] = [];

beforeEach(async () => {
  lab = await startLab();
});

afterEach(async () => {
  if (service !== undefined && !service.over) await service.end('SIGKILL');
  service = undefined;
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
  await lab.close();
});

async function listening(onSocket: (socket: Socket) => void): Promise<number> {
  const server = createServer(socket => {
    sockets.push(socket);
    socket.on('error', () => {});
    onSocket(socket);
  });
  servers.push(server);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** A wire to the relay that can go dead: bytes are taken and nothing comes back, as behind a lost radio link. */
async function wire(): Promise<{ port: number; cut: () => void }> {
  let dead = false;
  const port = await listening(near => {
    const far = connect(lab.relay.port, '127.0.0.1');
    sockets.push(far);
    far.on('error', () => {});
    near.on('data', bytes => dead || far.write(bytes));
    far.on('data', bytes => dead || near.write(bytes));
    near.on('close', () => far.destroy());
  });
  return {
    port,
    cut: () => {
      dead = true;
    },
  };
}

async function online(change: Record<string, unknown> = {}, options = {}): Promise<Service> {
  const started = Service.start(writeSettings(lab, change), options);
  service = started;
  await started.says('connected to the relay');
  await controlled(lab);
  return started;
}

function expectGoodEnd({ code, tookMs }: { code: number | null; tookMs: number }): void {
  expect(code).toBe(0);
  expect(tookMs).toBeLessThan(stopLimitMs);
}

const relayAt = (port: number) => ({
  relay: { url: `mqtt://127.0.0.1:${port}`, user: lab.config.relay.user, passwordFile: 'relay.password' },
});

it('SIGTERM: says offline, finishes its writes, closes its socket', limit, async () => {
  const running = await online();
  const socket = controlPathOf(lab.config.journal);
  expect(lstatSync(socket).mode & 0o777).toBe(0o600);
  const button = await TestButton.connect(lab);
  await button.press(1);
  await button.until(status => status.state === 'accepted');
  expectGoodEnd(await running.end());
  await eventually(() => button.beacons.at(-1)?.state === 'offline');
  expect(existsSync(socket)).toBe(false);
  expect((await readJournal(lab.config.journal)).presses).toMatchObject([{ button: 'house-01', press: 1 }]);
  const lines = running.out
    .trim()
    .split('\n')
    .map(line => JSON.parse(line));
  expect(lines.at(-1)).toMatchObject({ room: 'provisioner', msg: 'stopped' });
  for (const secret of secretsOf(lab)) expect(running.out).not.toContain(secret);
  await button.close();
});

it('SIGTERM while the relay is silent', limit, async () => {
  const { port, cut } = await wire();
  const running = await online(relayAt(port));
  cut();
  expectGoodEnd(await running.end());
});

it('SIGTERM while a relay takes the connection and says nothing', limit, async () => {
  const port = await listening(() => {});
  service = Service.start(writeSettings(lab, relayAt(port)));
  await controlled(lab);
  await eventually(() => sockets.length > 0, startLimitMs);
  expectGoodEnd(await service.end());
});

it('SIGTERM while the platform hangs, and while a create blocks', limit, async () => {
  lab.ccp.fail({ kind: 'slow', delayMs: 60_000 });
  const running = await online();
  const button = await TestButton.connect(lab);
  await button.press(1);
  await button.until(status => status.state === 'accepted');
  expectGoodEnd(await running.end());
  lab.ccp.clearFailures();
  // The same press goes on; its create is held back by the platform, as by a gateway.
  lab.ccp.fail({ kind: 'delayed', delayMs: 60_000, method: 'POST', path: '/2/clusters' });
  const again = await online();
  await button.until(status => status.phase === 'platform asked', startLimitMs);
  expectGoodEnd(await again.end());
  await button.close();
});

it('SIGTERM while webhooks retry, and while one hangs', limit, async () => {
  const refusing = await listening(socket => socket.destroy());
  let asked = 0;
  const hanging = await listening(() => asked++);
  const webhooks = [refusing, hanging].map(port => ({
    url: `http://127.0.0.1:${port}/hook`,
    secretFile: 'relay.password',
  }));
  const running = await online({ webhooks });
  const button = await TestButton.connect(lab);
  await button.press(1);
  await running.says('webhook not told');
  await eventually(() => asked > 0, startLimitMs);
  expectGoodEnd(await running.end());
  await button.close();
});

it('a second signal does not wait', limit, async () => {
  const { port, cut } = await wire();
  const running = await online(relayAt(port));
  cut();
  running.child.kill('SIGTERM');
  await running.says('"msg":"stopping"');
  const { code, tookMs } = await running.end('SIGTERM');
  expect(code).toBe(1);
  expect(tookMs).toBeLessThan(1_500);
});

it('SIGHUP without a terminal: goes on, and says what is not done', limit, async () => {
  const running = await online();
  running.child.kill('SIGHUP');
  await running.says('SIGHUP: settings are read when it starts');
  expect(running.over).toBe(false);
  expectGoodEnd(await running.end());
});

it.each(['throw', 'reject'])(
  'a mistake that nobody catches (%s): fatal, code 1, nothing lost',
  limit,
  async how => {
    const stumble = new URL('stumble.mjs', import.meta.url).pathname;
    const running = await online({}, { node: ['--import', stumble], env: { STUMBLE: how } });
    const button = await TestButton.connect(lab);
    await button.press(1);
    await button.until(status => status.state === 'accepted');
    expect((await running.end('SIGUSR2')).code).toBe(1);
    const last = JSON.parse(running.out.trim().split('\n').at(-1) ?? '');
    expect(last).toMatchObject({
      level: 60,
      reason: 'nobody catches this',
      msg: expect.stringContaining('start it again'),
    });
    expect(last.stack).toContain('stumble.mjs');
    // Its socket is still there, and in nobody's way.
    expect(existsSync(controlPathOf(lab.config.journal))).toBe(true);
    const again = await online();
    await again.says('the command line may ask');
    const ready = await button.until(status => status.state === 'ready', startLimitMs);
    expect(ready.cluster).toBe('house-01-1');
    expect(lab.ccp.clusters()).toHaveLength(1);
    expectGoodEnd(await again.end());
    await button.close();
  },
);

it('a monitor that cannot listen ends it with one sentence', limit, async () => {
  const port = await listening(() => {});
  service = Service.start(writeSettings(lab, { monitor: `127.0.0.1:${port}` }));
  await service.says('choose another port');
  await eventually(() => service?.over === true, startLimitMs);
  expect(service.child.exitCode).toBe(2);
});
