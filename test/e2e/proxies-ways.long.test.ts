/** Every scheme through every proxy of Debian: right and wrong logins, closed ports, proxies that die. */
import { createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ProxyAddress } from '../../provisioner/src/uplink/addresses.ts';
import { installed } from '../fixtures/installed.ts';
import { until } from '../fixtures/patience.ts';
import {
  danted,
  login,
  microsocks,
  type RunningProgram,
  secretName,
  squid,
  squidLogin,
  stopPrograms,
  tinyproxy,
} from './fixtures/proxies-programs.ts';
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

let listeners: Listeners;
let lab: LabLink | undefined;

beforeAll(async () => {
  listeners = await startDoors();
});
afterAll(() => listeners.close());
afterEach(async () => {
  if (lab !== undefined) await stopLink(lab);
  lab = undefined;
});

interface Kind {
  program: string;
  type: ProxyAddress['type'];
  start: () => Promise<RunningProgram>;
  /** Absent where a test can have no login of the proxy's: danted has the system's users. */
  startWithLogin?: () => Promise<RunningProgram>;
  login: { user: string; password: string };
  /** What its log says of a connection to this port. */
  carried: (port: number) => RegExp;
  /** What it answers to a wrong login and to none. */
  refusal: RegExp;
}

/** tinyproxy's file cannot quote a password, and microsocks takes it on its command line. */
const simple = { user: 'lab', password: 'secret-7' };

const kinds: Kind[] = [
  {
    program: 'tinyproxy',
    type: 'http',
    start: () => tinyproxy(),
    startWithLogin: () => tinyproxy([`BasicAuth ${simple.user} ${simple.password}`]),
    login: simple,
    carried: port => new RegExp(`CONNECT localhost:${port} HTTP/1.1`),
    refusal: /40[17] /,
  },
  {
    program: 'squid',
    type: 'http',
    start: () => squid(),
    startWithLogin: () => squid(squidLogin),
    login,
    carried: port => new RegExp(`TCP_TUNNEL/200 .*CONNECT localhost:${port}`),
    refusal: /407 Proxy Authentication Required/,
  },
  {
    program: 'microsocks',
    type: 'socks5',
    start: () => microsocks(),
    startWithLogin: () => microsocks(['-u', simple.user, '-P', simple.password]),
    login: simple,
    carried: port => new RegExp(`connected to localhost:${port}`),
    refusal: /auth/i,
  },
  {
    program: 'danted',
    type: 'socks5',
    start: () => danted(),
    login: simple,
    carried: port => new RegExp(`localhost\\.${port}|127\\.0\\.0\\.1\\.${port}`),
    refusal: /auth/i,
  },
];

for (const kind of kinds)
  describe.skipIf(!installed(kind.program))(`through ${kind.program} (needs ${kind.program})`, () => {
    const proxyAt = (port: number, more: Partial<ProxyAddress> = {}): ProxyAddress => ({
      type: kind.type,
      host: '127.0.0.1',
      port,
      ...more,
    });
    let open: RunningProgram;
    let guarded: RunningProgram | undefined;

    beforeAll(async () => {
      open = await kind.start();
      guarded = await kind.startWithLogin?.();
    });
    afterAll(stopPrograms);

    test.each(schemes)('messages pass both ways, and the proxy has carried them: %s', async scheme => {
      const listener = listeners.listener(scheme);
      lab = labLink(listeners, listener, proxyAt(open.port));
      await proveBothWays(listeners, lab);
      await stopLink(lab);
      await until(
        () => kind.carried(listener.port).test(open.log()),
        () => `${listener.port} in ${open.log()}`,
      );
    });

    if (kind.startWithLogin !== undefined)
      describe('with a login', () => {
        test.each(schemes)('messages pass both ways: %s', async scheme => {
          lab = labLink(listeners, listeners.listener(scheme), proxyAt(guarded?.port ?? 0, kind.login));
          await proveBothWays(listeners, lab);
        });

        test.each(schemes)('a wrong password is PROXY with advice, and is not told: %s', async scheme => {
          const wrong = { user: kind.login.user, password: 'wr0ng-secret' };
          lab = labLink(listeners, listeners.listener(scheme), proxyAt(guarded?.port ?? 0, wrong));
          const said = await complaint(lab);
          expect(said).toMatch(/^PROXY proxy 127\.0\.0\.1:\d+ refused: /);
          expect(said).toMatch(kind.refusal);
          expect(said).toContain('(check the user in proxy and proxyPasswordFile)');
          expect(said).not.toContain('wr0ng-secret');
        });

        test('no login where one is wanted', async () => {
          lab = labLink(listeners, listeners.listener('mqtt'), proxyAt(guarded?.port ?? 0));
          expect(await complaint(lab)).toMatch(/^PROXY .* \(it wants a login: set proxy to /);
        });

        test('the advice names the variable when the environment named the proxy', async () => {
          const from = 'HTTPS_PROXY';
          lab = labLink(
            listeners,
            listeners.listener('wss'),
            proxyAt(guarded?.port ?? 0, { user: 'x', password: 'y', from }),
          );
          const said = await complaint(lab);
          expect(said).toMatch(/^PROXY proxy 127\.0\.0\.1:\d+ \(from HTTPS_PROXY\) refused/);
          expect(said).toContain('(check the user and the password in HTTPS_PROXY)');
        });
      });

    test('it dies and comes no more: the link says PROXY', async () => {
      const dying = await kind.start();
      lab = labLink(listeners, listeners.listener('wss'), proxyAt(dying.port));
      await proveBothWays(listeners, lab);
      await dying.kill();
      const gone = /^PROXY 127\.0\.0\.1:\d+ is not reachable: nothing listens there/;
      await until(
        () => gone.test(lab?.link.lastError ?? ''),
        () => `PROXY instead of ${lab?.link.lastError}`,
      );
    });
  });

const only443 = () => ['acl web port 443', 'http_access deny CONNECT !web', 'http_access allow all'];

/** An address of loopback that no other run of the tests has, so that port 443 is free there. */
const own = (last: number) => `127.44.${process.pid & 255}.${((process.pid >> 8) & 63) * 4 + last}`;

const mayListen = await new Promise<boolean>(resolve => {
  const server = createServer();
  server.once('error', () => resolve(false));
  server.listen(443, own(1), () => server.close(() => resolve(true)));
});

describe.skipIf(!installed('squid'))('squid alone (needs squid)', () => {
  afterEach(stopPrograms);
  const at = (port: number): ProxyAddress => ({ type: 'http', host: '127.0.0.1', port });

  test('looks the name up that nobody else knows', async () => {
    const proxy = await squid();
    for (const scheme of schemes) {
      lab = labLink(listeners, listeners.listener(scheme, secretName), at(proxy.port));
      await proveBothWays(listeners, lab);
      await stopLink(lab);
    }
  });

  test('CONNECT to 443 alone: PROXY, with the port that has to be allowed', async () => {
    const proxy = await squid(only443);
    const listener = listeners.listener('mqtts');
    lab = labLink(listeners, listener, at(proxy.port));
    expect(await complaint(lab)).toMatch(
      new RegExp(
        `^PROXY .*403 Forbidden" \\(ask for localhost:${listener.port} to be allowed; .* port 443 alone\\)`,
      ),
    );
  });

  test.skipIf(!mayListen)(
    'CONNECT to 443 alone: MQTT and WebSocket over TLS both arrive where the relay has that port (needs root for port 443)',
    async () => {
      const proxy = await squid(only443);
      const near = await startDoors(1, {
        mqtts: { host: own(1), port: 443 },
        wss: { host: own(2), port: 443 },
      });
      try {
        for (const [scheme, host] of [['mqtts', own(1)] as const, ['wss', own(2)] as const]) {
          lab = labLink(near, near.listener(scheme, host), at(proxy.port));
          await proveBothWays(near, lab);
          await stopLink(lab);
          await until(
            () => proxy.log().includes(`CONNECT ${host}:443 `),
            () => `${host} in ${proxy.log()}`,
          );
        }
      } finally {
        await near.close();
      }
    },
  );

  test('a relay that is not there, or whose name it does not know: RELAY', async () => {
    const proxy = await squid();
    for (const host of ['127.0.0.1', 'nobody.invalid']) {
      lab = labLink(listeners, { host, port: 1, tls: true }, at(proxy.port));
      expect(await complaint(lab)).toMatch(
        /^RELAY .*:1 is not reachable through the proxy .*(503|500).*\(ERR_/,
      );
      await stopLink(lab);
    }
  });
});

describe.skipIf(!installed('danted'))("danted with its own users, the system's (needs danted)", () => {
  afterEach(stopPrograms);

  test('takes nobody whom the system does not know', async () => {
    const proxy = await danted('username');
    const way: ProxyAddress = { type: 'socks5', host: '127.0.0.1', port: proxy.port };
    lab = labLink(listeners, listeners.listener('mqtts'), {
      ...way,
      user: 'nobody-here',
      password: 'wr0ng-secret',
    });
    expect(await complaint(lab)).toMatch(/^PROXY .*\(check the user in proxy and proxyPasswordFile\)/);
    await stopLink(lab);
    lab = labLink(listeners, listeners.listener('mqtts'), way);
    expect(await complaint(lab)).toMatch(/^PROXY .*\(it wants a login/);
  });
});
