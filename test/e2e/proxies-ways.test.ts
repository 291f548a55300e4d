/** Every scheme through every proxy of Debian: right and wrong logins, closed ports, proxies that die. */
import { createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ProxyAddress } from '../../provisioner/src/way/addresses.ts';
import { installed } from '../installed.ts';
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
} from './proxies-programs.ts';
import {
  complaint,
  type Doors,
  type LabLink,
  labLink,
  proveBothWays,
  schemes,
  startDoors,
  stopLink,
} from './proxies-relay.ts';

let doors: Doors;
let lab: LabLink | undefined;

beforeAll(async () => {
  doors = await startDoors();
});
afterAll(() => doors.close());
afterEach(async () => {
  if (lab !== undefined) await stopLink(lab);
  lab = undefined;
});

interface Kind {
  program: string;
  package: string;
  type: ProxyAddress['type'];
  start: () => Promise<RunningProgram>;
  /** Absent where a test can have no login of the proxy's. */
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
    package: 'tinyproxy',
    type: 'http',
    start: () => tinyproxy(),
    startWithLogin: () => tinyproxy([`BasicAuth ${simple.user} ${simple.password}`]),
    login: simple,
    carried: port => new RegExp(`CONNECT localhost:${port} HTTP/1.1`),
    refusal: /40[17] /,
  },
  {
    program: 'squid',
    package: 'squid',
    type: 'http',
    start: () => squid(),
    startWithLogin: () => squid(squidLogin),
    login,
    carried: port => new RegExp(`TCP_TUNNEL/200 .*CONNECT localhost:${port}`),
    refusal: /407 Proxy Authentication Required/,
  },
  {
    program: 'microsocks',
    package: 'microsocks',
    type: 'socks5',
    start: () => microsocks(),
    startWithLogin: () => microsocks(['-u', simple.user, '-P', simple.password]),
    login: simple,
    carried: port => new RegExp(`connected to localhost:${port}`),
    refusal: /auth/i,
  },
  {
    program: 'danted',
    package: 'dante-server',
    type: 'socks5',
    start: () => danted(),
    login: simple,
    carried: port => new RegExp(`localhost\\.${port}|127\\.0\\.0\\.1\\.${port}`),
    refusal: /auth/i,
  },
];

describe.each(kinds)('through $program (Debian package $package)', kind => {
  const here = installed(kind.program);
  const proxyAt = (port: number, more: Partial<ProxyAddress> = {}): ProxyAddress => ({
    type: kind.type,
    host: '127.0.0.1',
    port,
    ...more,
  });
  let open: RunningProgram;
  let guarded: RunningProgram | undefined;

  beforeAll(async () => {
    if (!here) return;
    open = await kind.start();
    guarded = await kind.startWithLogin?.();
  });
  afterAll(stopPrograms);

  it.skipIf(!here).each(schemes)('%s both ways, and the proxy has carried it', async scheme => {
    const door = doors.door(scheme);
    lab = labLink(doors, door, proxyAt(open.port));
    await proveBothWays(doors, lab);
    await stopLink(lab);
    await expect.poll(() => open.log(), { timeout: 5_000 }).toMatch(kind.carried(door.port));
  });

  describe.skipIf(!here || kind.startWithLogin === undefined)(
    "with a login (danted has the system's users, of whom a test can have none)",
    () => {
      it.each(schemes)('%s both ways', async scheme => {
        lab = labLink(doors, doors.door(scheme), proxyAt(guarded?.port ?? 0, kind.login));
        await proveBothWays(doors, lab);
      });

      it.each(schemes)('%s: a wrong password is PROXY with advice, and is not told', async scheme => {
        const wrong = { user: kind.login.user, password: 'wr0ng-secret' };
        lab = labLink(doors, doors.door(scheme), proxyAt(guarded?.port ?? 0, wrong));
        const said = await complaint(lab);
        expect(said).toMatch(/^PROXY proxy 127\.0\.0\.1:\d+ refused: /);
        expect(said).toMatch(kind.refusal);
        expect(said).toContain('(check the user in proxy and proxyPasswordFile)');
        expect(said).not.toContain('wr0ng-secret');
      });

      it('no login where one is wanted', async () => {
        lab = labLink(doors, doors.door('mqtt'), proxyAt(guarded?.port ?? 0));
        expect(await complaint(lab)).toMatch(/^PROXY .* \(it wants a login: set proxy to /);
      });

      it('the advice names the variable when the environment named the proxy', async () => {
        const from = 'HTTPS_PROXY';
        lab = labLink(
          doors,
          doors.door('wss'),
          proxyAt(guarded?.port ?? 0, { user: 'x', password: 'y', from }),
        );
        const said = await complaint(lab);
        expect(said).toMatch(/^PROXY proxy 127\.0\.0\.1:\d+ \(from HTTPS_PROXY\) refused/);
        expect(said).toContain('(check the user and the password in HTTPS_PROXY)');
      });
    },
  );

  it.skipIf(!here)('it dies and comes no more: the link says PROXY', async () => {
    const dying = await kind.start();
    lab = labLink(doors, doors.door('wss'), proxyAt(dying.port));
    await proveBothWays(doors, lab);
    await dying.kill();
    await expect
      .poll(() => lab?.link.lastError, { timeout: 15_000 })
      .toMatch(/^PROXY 127\.0\.0\.1:\d+ is not reachable: nothing listens there/);
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

describe.skipIf(!installed('squid'))('squid alone', () => {
  afterEach(stopPrograms);
  const at = (port: number): ProxyAddress => ({ type: 'http', host: '127.0.0.1', port });

  it('looks the name up that nobody else knows', async () => {
    const proxy = await squid();
    for (const scheme of schemes) {
      lab = labLink(doors, doors.door(scheme, secretName), at(proxy.port));
      await proveBothWays(doors, lab);
      await stopLink(lab);
    }
  });

  it('CONNECT to 443 alone: PROXY, with the port that has to be allowed', async () => {
    const proxy = await squid(only443);
    const door = doors.door('mqtts');
    lab = labLink(doors, door, at(proxy.port));
    expect(await complaint(lab)).toMatch(
      new RegExp(
        `^PROXY .*403 Forbidden" \\(ask for localhost:${door.port} to be allowed; .* port 443 alone\\)`,
      ),
    );
  });

  it.skipIf(!mayListen)(
    `CONNECT to 443 alone: MQTT and WebSocket over TLS both arrive where the relay has that port (${mayListen ? 'it may be had' : 'skipped: only root may have it'})`,
    async () => {
      const proxy = await squid(only443);
      const near = await startDoors(1, {
        mqtts: { host: own(1), port: 443 },
        wss: { host: own(2), port: 443 },
      });
      try {
        for (const [scheme, host] of [['mqtts', own(1)] as const, ['wss', own(2)] as const]) {
          lab = labLink(near, near.door(scheme, host), at(proxy.port));
          await proveBothWays(near, lab);
          await stopLink(lab);
          await expect.poll(() => proxy.log(), { timeout: 5_000 }).toContain(`CONNECT ${host}:443 `);
        }
      } finally {
        await near.close();
      }
    },
  );

  it('a relay that is not there, or whose name it does not know: RELAY', async () => {
    const proxy = await squid();
    for (const host of ['127.0.0.1', 'nobody.invalid']) {
      lab = labLink(doors, { host, port: 1, tls: true }, at(proxy.port));
      expect(await complaint(lab)).toMatch(
        /^RELAY .*:1 is not reachable through the proxy .*(503|500).*\(ERR_/,
      );
      await stopLink(lab);
    }
  });
});

describe.skipIf(!installed('danted'))("danted with its own users (the system's)", () => {
  afterEach(stopPrograms);

  it('takes nobody whom the system does not know', async () => {
    const proxy = await danted('username');
    const way: ProxyAddress = { type: 'socks5', host: '127.0.0.1', port: proxy.port };
    lab = labLink(doors, doors.door('mqtts'), { ...way, user: 'nobody-here', password: 'wr0ng-secret' });
    expect(await complaint(lab)).toMatch(/^PROXY .*\(check the user in proxy and proxyPasswordFile\)/);
    await stopLink(lab);
    lab = labLink(doors, doors.door('mqtts'), way);
    expect(await complaint(lab)).toMatch(/^PROXY .*\(it wants a login/);
  });
});
