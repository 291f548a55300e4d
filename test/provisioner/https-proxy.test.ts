/** TLS to the proxy itself; and the platform, which no proxy of the environment may divert. */

import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, expect, test, vi } from 'vitest';
import { Transport } from '../../provisioner/src/platforms/ccp/transport.ts';
import type { ProxyAddress } from '../../provisioner/src/uplink/addresses.ts';
import { dial } from '../../provisioner/src/uplink/dial.ts';
import { makeServerPair } from '../../simulator/ccp/certificates.ts';
import { closeAll, listen, schemes, serve } from './fixtures/ways.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  closeAll();
});

const never = new AbortController().signal;

/** A CONNECT proxy behind TLS; refuses with 407 unless the header is there. */
async function tlsProxy(login?: string): Promise<ProxyAddress> {
  const pair = await makeServerPair('proxy', ['127.0.0.1']);
  const tunnel = (client: Socket) => {
    client.on('error', () => {});
    client.once('data', bytes => {
      const [, port = ''] = /^CONNECT 127\.0\.0\.1:(\d+) /.exec(String(bytes)) ?? [];
      if (login !== undefined && !String(bytes).includes(Buffer.from(login).toString('base64'))) {
        client.end('HTTP/1.1 407 Who\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM\r\n\r\n');
        return;
      }
      const upstream = connect({ port: Number(port), host: '127.0.0.1', noDelay: true }, () => {
        client.write('HTTP/1.1 200 ok\r\n\r\n');
        client.pipe(upstream).pipe(client);
      });
      upstream.on('error', () => client.destroy());
    });
  };
  const server = createTlsServer({ key: pair.keyPem, cert: pair.certPem }, tunnel);
  server.on('tlsClientError', () => {});
  return { type: 'https', host: '127.0.0.1', port: await listen(server), ca: pair.certPem };
}

test.each(schemes)('through a proxy behind TLS: %s', async scheme => {
  const relay = await serve(scheme, stream => stream.pipe(stream));
  const stream = await dial(relay, { ...(await tlsProxy('u:p')), user: 'u', password: 'p' }, never);
  stream.resume();
  stream.write(Buffer.from([0xc0, 0]));
  const [answer] = await once(stream, 'data');
  expect(answer).toEqual(Buffer.from([0xc0, 0]));
  stream.destroy();
});

test('a proxy whose certificate is not believed; one that has no TLS; one that takes no Basic login', async () => {
  const relay = { host: '127.0.0.1', port: 1, tls: false };
  const { ca: _, ...stranger } = await tlsProxy();
  await expect(dial(relay, stranger, never)).rejects.toThrow(/^PROXY 127\.0\.0\.1:\d+ TLS failed: /);
  const plain = await listen(createServer(socket => socket.end('HTTP/1.1 400 Bad\r\n\r\n')));
  const from = 'HTTPS_PROXY';
  await expect(dial(relay, { ...stranger, port: plain, from }, never)).rejects.toThrow(
    /^PROXY 127\.0\.0\.1:\d+ \(from HTTPS_PROXY\) TLS failed: /,
  );
  await expect(dial(relay, await tlsProxy('u:p'), never)).rejects.toThrow(
    /^PROXY .* 407 .*\(it takes only Negotiate, NTLM; only Basic is spoken here: ask for/,
  );
});

test('the platform is reached directly, whatever the environment says', async () => {
  let diverted = 0;
  const trap = await listen(
    createServer(socket => {
      diverted++;
      socket.destroy();
    }),
  );
  for (const name of ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY']) {
    vi.stubEnv(name, `http://127.0.0.1:${trap}`);
    vi.stubEnv(name.toLowerCase(), `http://127.0.0.1:${trap}`);
  }
  for (const name of ['NO_PROXY', 'no_proxy']) vi.stubEnv(name, '');
  const pair = await makeServerPair('platform', ['127.0.0.1']);
  const platform = createTlsServer({ key: pair.keyPem, cert: pair.certPem }, socket => {
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
  });
  const transport = new Transport({
    type: 'ccp',
    url: `https://127.0.0.1:${await listen(platform)}`,
    username: 'u',
    password: 'p',
    trust: { ca: pair.certPem },
  });
  const answer = await transport.call({ method: 'GET', path: '/' }, never);
  expect(answer).toMatchObject({ status: 200, body: 'ok' });
  expect(diverted).toBe(0);
  await transport.close();
});
