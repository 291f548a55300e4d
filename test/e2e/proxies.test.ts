/** The way out through small proxies of our own; real ones are met in the long tests, `proxies-*.long.test.ts`. */
import { Socket } from 'node:net';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, type TestContext, test } from 'vitest';
import type { ProxyAddress, RelayAddress } from '../../provisioner/src/uplink/addresses.ts';
import { dial } from '../../provisioner/src/uplink/dial.ts';
import { proxyFor } from '../../provisioner/src/uplink/proxy-env.ts';
import { patience, until } from '../fixtures/patience.ts';
import { startLab } from './fixtures/lab.ts';
import { login, secretName } from './fixtures/proxies-programs.ts';
import {
  complaint,
  type LabLink,
  type Listeners,
  labLink,
  proveBothWays,
  schemes,
  startDoors,
  stopLink,
} from './fixtures/proxies-relay.ts';
import { type Login, type SmallProxy, smallProxies } from './fixtures/proxies-small.ts';

let listeners: Listeners;
beforeAll(async () => {
  listeners = await startDoors();
});
afterAll(() => listeners.close());

type Type = keyof typeof smallProxies;
const types = ['http', 'socks5'] as const;

/** One that ends with the test. */
async function open(t: TestContext, type: Type, login?: Login): Promise<SmallProxy> {
  const proxy = await smallProxies[type](login);
  t.onTestFinished(() => proxy.close());
  return proxy;
}

/** A lab's link that ends with the test. */
function link(t: TestContext, listener: RelayAddress, proxy: ProxyAddress | undefined): LabLink {
  const lab = labLink(listeners, listener, proxy);
  t.onTestFinished(() => stopLink(lab));
  return lab;
}

describe.each(types)('through a proxy of the kind %s', type => {
  const at = ({ port }: SmallProxy, more: Partial<ProxyAddress> = {}): ProxyAddress => ({
    type,
    host: '127.0.0.1',
    port,
    ...more,
  });

  for (const scheme of schemes) {
    test(`messages pass both ways with a login, and the proxy looks the name up: ${scheme}`, async t => {
      const proxy = await open(t, type, login);
      const listener = listeners.listener(scheme, secretName);
      await proveBothWays(listeners, link(t, listener, at(proxy, login)));
      expect(proxy.carried).toEqual([`${secretName}:${listener.port}`]);
    });
  }

  test('a wrong password is PROXY with advice, and is not told', async t => {
    const proxy = await open(t, type, login);
    const wrong = { user: login.user, password: 'wr0ng-secret' };
    const said = await complaint(link(t, listeners.listener('wss'), at(proxy, wrong)));
    expect(said).toMatch(/^PROXY proxy 127\.0\.0\.1:\d+ refused: /);
    expect(said).toContain('(check the user in proxy and proxyPasswordFile)');
    expect(said).not.toContain('wr0ng-secret');
    expect(proxy.carried).toEqual([]);
  });

  test('no login where one is wanted is PROXY, with what to set', async t => {
    const proxy = await open(t, type, login);
    const said = await complaint(link(t, listeners.listener('mqtt'), at(proxy)));
    expect(said).toMatch(/^PROXY .* \(it wants a login: set proxy to /);
  });

  test('it dies and comes no more: the link says PROXY', async t => {
    const proxy = await open(t, type);
    const lab = link(t, listeners.listener('wss'), at(proxy));
    await proveBothWays(listeners, lab);
    await proxy.close();
    const gone = /^PROXY 127\.0\.0\.1:\d+ is not reachable: nothing listens there/;
    await until(
      () => gone.test(lab.link.lastError ?? ''),
      () => `PROXY instead of ${lab.link.lastError}`,
    );
  });

  test('small packets are not held back for larger ones', async t => {
    const proxy = await open(t, type);
    const stream = await dial(listeners.listener('mqtt'), at(proxy), new AbortController().signal);
    t.onTestFinished(() => void stream.destroy());
    if (!(stream instanceof Socket)) throw new Error('no socket');
    // Node keeps TCP_NODELAY there, and tells nobody.
    const [kept] = Object.getOwnPropertySymbols(stream).filter(it => it.description === 'kSetNoDelay');
    expect(Reflect.get(stream, kept ?? '')).toBe(true);
  });

  test('a press becomes an address, and the proxy has carried it', async t => {
    const proxy = await open(t, type);
    const lab = await startLab({ proxy: `${type}://127.0.0.1:${proxy.port}` });
    t.onTestFinished(() => lab.close());
    expect(await lab.provisioner?.whenOnline(patience(5000)), lab.provisioner?.lastError).toBe(true);
    const house = lab.button();
    house.board.press();
    const ready = await house.showsKind('ready');
    expect(ready.address).toBe(lab.platform.clusters()[0]?.address);
    expect(proxy.carried).toEqual([`127.0.0.1:${lab.relay.port}`]);
  });
});

describe('a proxy that HTTPS_PROXY alone names', () => {
  test('is gone through, login and all, and the log names the variable', async t => {
    const proxy = await open(t, 'http', login);
    const user = `${login.user}:${encodeURIComponent(login.password)}`;
    const env = { HTTPS_PROXY: `http://${user}@127.0.0.1:${proxy.port}`, NO_PROXY: '127.0.0.0/8,.example' };
    const listener = listeners.listener('wss', secretName);
    const lines: string[] = [];
    const log = pino({ level: 'debug' }, { write: line => void lines.push(line) });
    const lab = labLink(listeners, listener, proxyFor(listener, env), { log });
    t.onTestFinished(() => stopLink(lab));
    await proveBothWays(listeners, lab);
    expect(lines.join('')).toContain(`"way":"http proxy 127.0.0.1:${proxy.port} (from HTTPS_PROXY)"`);
    expect(lines.join('')).not.toContain(login.password);
    expect(lines.join('')).not.toContain(encodeURIComponent(login.password));
  });

  test('is named with its variable when it refuses a login, and the password is not told', async t => {
    const { port } = await open(t, 'http', login);
    const listener = listeners.listener('wss', secretName);
    const said = await complaint(
      link(t, listener, proxyFor(listener, { https_proxy: `http://lab:wr0ng@127.0.0.1:${port}` })),
    );
    expect(said).toMatch(
      /^PROXY proxy .* \(from https_proxy\) refused: .* 407 .*\(check the user and the password in https_proxy\)/,
    );
    expect(said).not.toContain('wr0ng');
  });

  test('is left aside when NO_PROXY says so', async t => {
    const proxy = await open(t, 'http');
    const listener = listeners.listener('wss', secretName);
    const env = { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`, NO_PROXY: '.lab.invalid' };
    // Only the proxy knows the name.
    expect(await complaint(link(t, listener, proxyFor(listener, env)))).toMatch(
      /^RELAY relay\.lab\.invalid:\d+ is not reachable: its name is not known/,
    );
    expect(proxy.carried).toEqual([]);
  });
});
