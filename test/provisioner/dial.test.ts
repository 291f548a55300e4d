/** The way out: real sockets, real TLS; the proxies here are small fixtures, real ones are met end to end. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import type { ProxyAddress, RelayAddress } from '../../provisioner/src/uplink/addresses.ts';
import { dial } from '../../provisioner/src/uplink/dial.ts';
import { makeServerPair } from '../../simulator/ccp/certificates.ts';
import { endsBefore } from './fixtures/by-itself.ts';

const never = new AbortController().signal;
const servers: Server[] = [];
const sockets = new Set<Socket>();

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  for (const socket of sockets) socket.destroy();
  sockets.clear();
});

async function listen(server: Server): Promise<number> {
  servers.push(server);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** Says back what it hears. */
const echo = (socket: Socket) => socket.pipe(socket);

const relayAt = (port: number, change: Partial<RelayAddress> = {}): RelayAddress => ({
  host: '127.0.0.1',
  port,
  tls: false,
  ...change,
});

const proxyAt = (port: number, change: Partial<ProxyAddress> = {}): ProxyAddress => ({
  type: 'http',
  host: '127.0.0.1',
  port,
  ...change,
});

async function says(socket: Duplex, text: string): Promise<string> {
  socket.resume();
  socket.write(text);
  const [answer] = await once(socket, 'data');
  socket.destroy();
  return String(answer);
}

/** A CONNECT proxy that answers with `answer`, or tunnels. Returns what it was asked. */
async function httpProxy(answer?: string | Buffer[]): Promise<{ port: number; asked: string[] }> {
  const asked: string[] = [];
  const port = await listen(
    createServer(client => {
      client.once('data', request => {
        asked.push(String(request));
        if (answer !== undefined) {
          for (const piece of [answer].flat()) client.write(piece);
          return;
        }
        const [, target = ''] = String(request).split(' ');
        const upstream = connect(Number(target.split(':')[1]), '127.0.0.1', () => {
          client.write('HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n');
          client.pipe(upstream).pipe(client);
        });
        upstream.on('error', () => client.destroy());
      });
    }),
  );
  return { port, asked };
}

/** A SOCKS5 proxy for names only (RFC 1928 address type 3), with or without a login, answering `reply`. */
async function socksProxy(login?: string, reply = 0): Promise<{ port: number; asked: string[] }> {
  const asked: string[] = [];
  const port = await listen(
    createServer(async client => {
      const next = async () => (await once(client, 'data'))[0] as Buffer;
      await next();
      client.write(Buffer.from([5, login === undefined ? 0 : 2]));
      if (login !== undefined) {
        const packet = await next();
        const userLength = packet[1] ?? 0;
        const user = packet.subarray(2, 2 + userLength);
        const good = `${user}:${packet.subarray(3 + userLength)}` === login;
        client.write(Buffer.from([1, good ? 0 : 1]));
        if (!good) return;
      }
      const request = await next();
      const nameLength = request[4] ?? 0;
      asked.push(`type ${request[3]} ${request.subarray(5, 5 + nameLength)}`);
      const targetPort = request.readUInt16BE(5 + nameLength);
      const answer = Buffer.from([5, reply, 0, 1, 0, 0, 0, 0, 0, 0]);
      if (reply !== 0) return client.write(answer);
      const upstream = connect(targetPort, '127.0.0.1', () => {
        client.write(answer);
        client.pipe(upstream).pipe(client);
      });
    }),
  );
  return { port, asked };
}

test('directly, with TCP_NODELAY', async () => {
  const port = await listen(createServer(echo));
  expect(await says(await dial(relayAt(port), undefined, never), 'hello')).toBe('hello');
});

test('over TLS: the right authority is believed, another one is not, nor another name', async () => {
  const pair = await makeServerPair('relay', ['localhost']);
  const server = createTlsServer({ key: pair.keyPem, cert: pair.certPem }, echo);
  server.on('tlsClientError', () => {});
  const port = await listen(server);
  const trusted = relayAt(port, { host: 'localhost', tls: true, ca: pair.certPem });
  expect(await says(await dial(trusted, undefined, never), 'hello')).toBe('hello');
  await expect(
    dial({ ...trusted, ca: (await makeServerPair('x', ['localhost'])).certPem }, undefined, never),
  ).rejects.toThrow(/^RELAY localhost:\d+ TLS failed: /);
  await expect(dial({ ...trusted, host: '127.0.0.1' }, undefined, never)).rejects.toThrow(
    /^RELAY .*TLS failed: .*127\.0\.0\.1/,
  );
});

/** A fatal alert of TLS 1.2 with this number (RFC 5246 section 7.2). */
const alert = (number: number) => Buffer.from([21, 3, 3, 0, 2, 2, number]);

const noHandshake: [string, string | Buffer | undefined, string][] = [
  ['a page', 'HTTP/1.1 400 Bad Request\r\n\r\n', 'what answers there is no TLS'],
  ['a record that is too long', Buffer.from([22, 3, 3, 255, 255, 1, 2, 3]), 'what answers there is no TLS'],
  ['no cipher', alert(40), 'it and we have no cipher in common'],
  ['no version', alert(70), 'it knows no version of TLS that is spoken here (1.2 and 1.3)'],
  ['another name', alert(112), 'it has no certificate for this name'],
  ['trouble of its own', alert(80), 'the TLS handshake failed (ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR)'],
  ['nothing', undefined, 'it closed the connection'],
];

test.each(
  noHandshake,
)('where TLS should be, and is not, no text of OpenSSL is told: %s', async (_, answer, words) => {
  const port = await listen(createServer(socket => socket.once('data', () => socket.end(answer ?? ''))));
  const failed = dial(relayAt(port, { tls: true }), undefined, never);
  await expect(failed).rejects.toThrow(
    new RegExp(`^RELAY 127\\.0\\.0\\.1:\\d+ TLS failed: ${words.replaceAll(/[()]/g, '\\$&')}$`),
  );
});

test('through CONNECT, also with TLS inside and a login; the proxy looks the name up', async () => {
  const pair = await makeServerPair('relay', ['relay.invalid']);
  const port = await listen(createTlsServer({ key: pair.keyPem, cert: pair.certPem }, echo));
  const proxy = await httpProxy();
  const relay = { host: 'relay.invalid', port, tls: true, ca: pair.certPem };
  const way = proxyAt(proxy.port, { user: 'lab', password: 'päss' });
  expect(await says(await dial(relay, way, never), 'hello')).toBe('hello');
  expect(proxy.asked[0]).toContain(`CONNECT relay.invalid:${port} HTTP/1.1\r\n`);
  expect(proxy.asked[0]).toContain(`Basic ${Buffer.from('lab:päss').toString('base64')}`);
});

test('whoever says yes and something behind it, in one piece or in two, has no tunnel', async () => {
  for (const pieces of [['HTTP/1.0 200 ok\r\n\r\nearly'], ['HTTP/1.0 200 ok\r\n\r', '\nearly']]) {
    const proxy = await httpProxy(pieces.map(piece => Buffer.from(piece)));
    await expect(dial(relayAt(1), proxyAt(proxy.port), never)).rejects.toThrow(
      /^PROXY proxy .* says "HTTP\/1\.0 200 ok", and then sends "early": no tunnel, but /,
    );
  }
});

const httpRefusals: [string, string, RegExp][] = [
  [
    '403',
    'HTTP/1.1 403 Forbidden\r\n\r\n',
    /^PROXY proxy 127.0.0.1:\d+ refused: "HTTP\/1.1 403 Forbidden" \(ask for/,
  ],
  [
    '407',
    'HTTP/1.1 407 Who are you\r\n\r\n',
    /^PROXY proxy .* refused: "HTTP\/1.1 407 Who are you" \(it wants a login/,
  ],
  [
    '503',
    'HTTP/1.1 503 No route\r\n\r\n',
    /^RELAY 127.0.0.1:1 is not reachable through the proxy .*"HTTP\/1.1 503 No route"/,
  ],
  [
    'no end of 1xx',
    'HTTP/1.1 100 Continue\r\n\r\n'.repeat(11),
    /^PROXY proxy .* sends 11 answers with 1xx and no other/,
  ],
  [
    'another protocol than asked for',
    'HTTP/1.1 101 Switching Protocols\r\n\r\n',
    /^PROXY proxy .* refused: "HTTP\/1\.1 101/,
  ],
  ['half a status', 'HTTP/1.1 2xx\r\n\r\n', /^PROXY proxy .* does not speak HTTP: "HTTP\/1\.1 2xx"/],
  ['no HTTP', 'SSH-2.0-x\r\n\r\n', /^PROXY proxy .* does not speak HTTP: "SSH-2.0-x"/],
  [
    'an endless header',
    `HTTP/1.1 200 ok\r\nX: ${'x'.repeat(20_000)}`,
    /^PROXY proxy .* more than 16384 bytes of header/,
  ],
];

test.each(httpRefusals)('CONNECT is refused, and why is told: %s', async (_, answer, expected) => {
  const proxy = await httpProxy(answer);
  await expect(dial(relayAt(1), proxyAt(proxy.port), never)).rejects.toThrow(expected);
});

test('a proxy that hangs up, and one that is not there', async () => {
  const port = await listen(createServer(socket => socket.end()));
  await expect(dial(relayAt(1), proxyAt(port), never)).rejects.toThrow(
    /^PROXY proxy .* closed the connection/,
  );
  await expect(dial(relayAt(1), proxyAt(1), never)).rejects.toThrow(
    /^PROXY 127.0.0.1:1 is not reachable: nothing listens/,
  );
  await expect(dial(relayAt(1), undefined, never)).rejects.toThrow(
    /^RELAY 127.0.0.1:1 is not reachable: nothing listens/,
  );
});

test('through SOCKS5, without and with a login; the proxy looks the name up', async () => {
  const port = await listen(createServer(echo));
  for (const login of [undefined, 'lab:secret']) {
    const proxy = await socksProxy(login);
    const [user, password] = login?.split(':') ?? [];
    const way = proxyAt(proxy.port, { type: 'socks5', ...(user && password ? { user, password } : {}) });
    const relay = relayAt(port, { host: 'relay.invalid' });
    expect(await says(await dial(relay, way, never), 'hello')).toBe('hello');
    expect(proxy.asked).toEqual(['type 3 relay.invalid']);
  }
});

test('SOCKS5 refused: login, rules, and a relay that it cannot reach', async () => {
  const relay = relayAt(1, { host: 'relay.invalid' });
  const way = (port: number, password?: string) =>
    proxyAt(port, { type: 'socks5', ...(password === undefined ? {} : { user: 'lab', password }) });
  const guarded = await socksProxy('lab:secret');
  const wrong = await dial(relay, way(guarded.port, 'wr0ng'), never).catch(error => error.message);
  expect(wrong).toMatch(
    /^PROXY proxy .* refused: .*auth.*\(check the user in proxy and proxyPasswordFile\)/i,
  );
  expect(wrong).not.toContain('wr0ng');
  await expect(dial(relay, way(guarded.port), never)).rejects.toThrow(/^PROXY .*it wants a login/);
  await expect(dial(relay, way((await socksProxy(undefined, 2)).port), never)).rejects.toThrow(
    /^PROXY .*NotAllowed/,
  );
  await expect(dial(relay, way((await socksProxy(undefined, 5)).port), never)).rejects.toThrow(
    /^RELAY relay.invalid:1 is not reachable through the proxy .*ConnectionRefused/,
  );
});

test('stopping ends an attempt at once', async () => {
  const port = await listen(createServer(() => {}));
  const stop = new AbortController();
  const attempt = dial(relayAt(1), proxyAt(port), stop.signal);
  setTimeout(() => stop.abort(), 50);
  // By itself it ends after 10 s.
  expect(await endsBefore(9_000, expect(attempt).rejects.toThrow(/^PROXY/))).toBe(true);
});
