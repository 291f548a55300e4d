/** Proxies that say yes and mean no: what the log says of each; the doctor's words are in test/cli. */
import type { AddressInfo } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { ProxyAddress, RelayAddress } from '../../provisioner/src/uplink/addresses.ts';
import { makeAuthority, makeServerPair } from '../../simulator/ccp/certificates.ts';
import {
  captivePage,
  closesAfterYes,
  inspectingProxy,
  latePage,
  ntlmOnly,
  saysYes,
} from '../fixtures/cruel-proxies.ts';
import {
  complaint,
  type Listeners,
  labLink,
  proveBothWays,
  type Scheme,
  schemes,
  startDoors,
  stopLink,
} from './fixtures/proxies-relay.ts';
import { smallProxies } from './fixtures/proxies-small.ts';

let listeners: Listeners;
beforeAll(async () => {
  listeners = await startDoors();
});
afterAll(() => listeners.close());

const proxyAt = (port: number, type: ProxyAddress['type'] = 'http'): ProxyAddress => ({
  ...{ type, host: '127.0.0.1', port },
});

/** What a link says that goes to `listener` through this proxy. */
async function said(listener: RelayAddress, proxy: ProxyAddress | undefined): Promise<string> {
  const lab = labLink(listeners, listener, proxy);
  onTestFinished(() => stopLink(lab));
  return complaint(lab);
}

const closed =
  /^PROXY proxy 127\.0\.0\.1:\d+ says yes, and closes the tunnel before localhost:\d+ says a word/;
const atOnce =
  /^PROXY proxy 127\.0\.0\.1:\d+ says "HTTP\/1\.1 200 OK", and then sends "<html><head>.*: no tunnel, but a sign-in or block page/;
const noTls =
  /^PROXY proxy 127\.0\.0\.1:\d+ says yes, but what answers in its tunnel is no TLS: a sign-in or block page: .*; or the port of localhost:\d+ has no TLS$/;
const noMqtt =
  /^PROXY proxy 127\.0\.0\.1:\d+ says yes, and what is in its tunnel answers CONNECT with "HTTP\/1\.1 400 Bad Request .*", which is no MQTT: a sign-in/;
const noWebSocket =
  /^RELAY localhost:\d+ opens no WebSocket: .*400 Bad Request .*; or that is a page of the proxy$/;

const yesMen: [string, () => Promise<number>, Record<Scheme, RegExp>][] = [
  ['a page at once', captivePage, { mqtt: atOnce, mqtts: atOnce, ws: atOnce, wss: atOnce }],
  ['a page later', latePage, { mqtt: noMqtt, mqtts: noTls, ws: noWebSocket, wss: noTls }],
  ['nothing', closesAfterYes, { mqtt: closed, mqtts: closed, ws: closed, wss: closed }],
];

for (const [what, start, words] of yesMen) {
  test.each(schemes)(`behind the proxy's yes is ${what}: %s`, async scheme => {
    expect(await said(listeners.listener(scheme), proxyAt(await start()))).toMatch(words[scheme]);
  });
}

/** The way through an inspecting proxy of an authority that we know, or do not. */
async function inspected(scheme: Scheme, { upgrade = true, known = true } = {}) {
  const authority = await makeAuthority('Gate CA');
  const port = await inspectingProxy(await makeServerPair('gate', ['localhost'], authority), upgrade);
  const listener = listeners.listener(scheme);
  return { listener: known ? { ...listener, ca: authority.certPem } : listener, proxy: proxyAt(port) };
}

test.each(['mqtts', 'wss'] as const)('inspected TLS is seen by its certificate: %s', async scheme => {
  const { listener, proxy } = await inspected(scheme, { known: false });
  expect(await said(listener, proxy)).toMatch(
    /^PROXY proxy 127\.0\.0\.1:\d+ shows a certificate of localhost by Gate CA until \d{4}-\d\d-\d\d in place of that of localhost:\d+: it seems to inspect TLS \(docs\/lab\.md, "Inspected TLS"\)$/,
  );
});

test('inspected TLS with its authority known: WebSockets pass where the proxy lets them', async () => {
  const { listener, proxy } = await inspected('wss');
  const lab = labLink(listeners, listener, proxy);
  onTestFinished(() => stopLink(lab));
  await proveBothWays(listeners, lab);
});

test('inspected TLS with its authority known: MQTT does not pass, nor a WebSocket without its Upgrade', async () => {
  const plain = await inspected('mqtts');
  expect(await said(plain.listener, plain.proxy)).toMatch(
    /^PROXY .* answers CONNECT with "HTTP\/1\.1 400 Bad Request .*", which is no MQTT: it seems to inspect TLS .* use wss:\/\//,
  );
  const stripped = await inspected('wss', { upgrade: false });
  expect(await said(stripped.listener, stripped.proxy)).toMatch(
    /^PROXY .* takes the Upgrade of our WebSocket out on the way to localhost:\d+ \(it answered 426\): it inspects TLS/,
  );
});

test('a certificate of another authority is the relay’s fault when nobody is in between, or when it signed itself', async () => {
  const [ours, theirs] = await Promise.all([makeAuthority('ours'), makeAuthority('theirs')]);
  const direct = await said({ ...listeners.listener('mqtts'), ca: theirs.certPem }, undefined);
  expect(direct).toMatch(
    /^RELAY localhost:\d+ TLS failed: its certificate of .* is of no authority that is known here/,
  );
  const good = await smallProxies.http();
  onTestFinished(() => good.close());
  // The relay of these tests has signed its own.
  const through = await said({ ...listeners.listener('wss'), ca: ours.certPem }, proxyAt(good.port));
  expect(through).toMatch(
    /^RELAY localhost:\d+ TLS failed: its certificate of .* \(DEPTH_ZERO_SELF_SIGNED_CERT\)$/,
  );
});

test('a proxy with NTLM alone', async () => {
  expect(await said(listeners.listener('mqtts'), proxyAt(await ntlmOnly()))).toMatch(
    /^PROXY .* 407 .* \(it takes only NTLM; only Basic is spoken here: ask for this machine to pass without a login, or run a proxy/,
  );
});

const wrongSchemes: [ProxyAddress['type'], 'http' | 'socks5', RegExp][] = [
  ['http', 'socks5', /^PROXY proxy .* \(it speaks SOCKS5: make it socks5:\/\/ in proxy\)$/],
  ['socks5', 'http', /^PROXY proxy .* \(it speaks HTTP: make it http:\/\/ in proxy\)$/],
  ['https', 'http', /^PROXY .* TLS failed: .* \(it speaks HTTP: make it http:\/\/ in proxy\)$/],
];

test.each(
  wrongSchemes,
)('a proxy whose URL says %s speaks %s: the right scheme is told', async (type, is, words) => {
  const proxy = await smallProxies[is]();
  onTestFinished(() => proxy.close());
  expect(await said(listeners.listener('mqtts'), proxyAt(proxy.port, type))).toMatch(words);
});

test('a proxy behind TLS whose URL says http: the right scheme is told, and whose variable it is', async () => {
  const { certPem, keyPem } = await makeServerPair('gate', ['127.0.0.1']);
  const server = createTlsServer({ cert: certPem, key: keyPem }, socket => socket.on('error', () => {}));
  server.on('tlsClientError', () => {});
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const from = 'HTTPS_PROXY';
  expect(await said(listeners.listener('mqtts'), { ...proxyAt(port), from })).toMatch(
    /^PROXY proxy .* \(it speaks TLS: make it https:\/\/ in HTTPS_PROXY\)$/,
  );
});

const unusual: [string, string][] = [
  ['lines that end with LF alone', 'HTTP/1.1 200 OK\nVia: gate\n\n'],
  ['100 Continue before its yes', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n'],
  ['a length of nothing', 'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n'],
  ['no reason', 'HTTP/1.1 200\r\n\r\n'],
];

test.each(unusual)('a good tunnel with %s', async (_, words) => {
  const lab = labLink(listeners, listeners.listener('mqtts'), proxyAt(await saysYes(words)));
  onTestFinished(() => stopLink(lab));
  await proveBothWays(listeners, lab);
});
