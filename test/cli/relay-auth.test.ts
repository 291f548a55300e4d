/** `dashbutton relay auth`, as a process: logins of an engine, who is revoked with `dashbutton revoke`, and an end in order. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { enroll } from '../../cli/enroll/enroll.ts';
import { until } from '../fixtures/patience.ts';
import { Service } from './fixtures/operator-lab.ts';
import { dashbutton, device, secretsIn, workshop } from './fixtures/workshop.ts';

/** What stands in for an engine's own interface: notes what it is asked, and by whom. */
async function engine(): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server: Server = createServer(({ method, url, headers }, response) => {
    asked.push(`${method} ${url} ${headers.authorization}`);
    response.writeHead(204).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

test('answers logins from the users file; who is revoked is refused within a second, and thrown out', async () => {
  const dir = workshop({ settings: false });
  const at = (name: string) => join(dir, name);
  const files = { users: at('users.yaml'), config: at('none.yaml'), wifi: at('wifi.yaml') };
  for (const button of ['desk', 'door']) {
    const more = { site: 'lab', profile: 'none', relay: ['mqtt://127.0.0.1:1'] };
    await enroll({ button, ...more, ...files, out: at(`${button}.device.json`) }, () =>
      Promise.reject(new Error('nobody is to be asked')),
    );
  }
  const { url, asked } = await engine();
  writeFileSync(at('engine.token'), 'the-token\n', { mode: 0o600 });
  const service = Service.command(
    ['relay', 'auth', '--users', at('users.yaml'), '--listen', '127.0.0.1:0'].concat(
      ...[
        ['--rmqtt', url],
        ['--secret', at('engine.token')],
      ],
    ),
    { LOG_FORMAT: 'json' },
  );
  onTestFinished(() => void service.end('SIGKILL'));
  await service.says('logins can be asked for');
  const place = /"url":"(http:[^"]+)"/.exec(service.out)?.[1] ?? '';
  const login = async (name: string, password = device(dir, name).relay.password as string) => {
    const body = JSON.stringify({ clientid: name, username: name, password });
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(place, { method: 'POST', headers, body });
    return ((await response.json()) as { result: string }).result;
  };
  expect(await login('desk')).toBe('allow');
  expect(await login('door')).toBe('allow');
  expect(await login('door', device(dir, 'desk').relay.password)).toBe('deny');

  expect(await dashbutton(dir, 'revoke', 'door', '--users', at('users.yaml'))).toMatchObject({ code: 0 });
  await until(async () => (await login('door')) === 'deny', 'the refusal');
  await until(() => asked.length > 0, 'door to be thrown out');
  expect(asked).toEqual(['DELETE /api/v1/clients/door Bearer the-token']);
  expect(await login('desk')).toBe('allow');

  expect(await service.end()).toBe(0);
  for (const secret of [...secretsIn(dir), 'the-token']) expect(service.out).not.toContain(secret);
});

test.each([
  [['--rmqtt', 'http://127.0.0.1:1', '--emqx', 'http://127.0.0.1:1'], 'not both'],
  [['--rmqtt', '127.0.0.1:1'], 'expected a URL like http://127.0.0.1:6060'],
  [['--listen', 'everywhere'], 'expected host:port'],
  [['--users', 'nowhere.yaml'], 'the users file nowhere.yaml cannot be read'],
])('what it cannot begin with is said: %j', async (args, words) => {
  const { code, stderr } = await dashbutton(workshop({ settings: false }), 'relay', 'auth', ...args);
  expect(code).not.toBe(0);
  expect(stderr).toContain(words);
});
