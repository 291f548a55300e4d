/** What the doctor says of ten broken proxies; what the log says of them: test/e2e/proxies-broken. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { silentLog } from '../../config/src/log.ts';
import { startOperator } from '../../provisioner/src/operator/operator.ts';
import { startProvisioner } from '../../provisioner/src/provisioner.ts';
import { makeAuthority, makeServerPair } from '../../simulator/ccp/certificates.ts';
import {
  captivePage,
  closesAfterYes,
  idleProxy,
  inspectingProxy,
  latePage,
  ntlmOnly,
} from '../fixtures/cruel-proxies.ts';
import { until } from '../fixtures/patience.ts';
import type { Lab } from '../provisioner/fixtures/lab.ts';
import { SetUp, secureRelay, visit, warningsOf } from './fixtures/doctor-lab.ts';
import { smallProxies } from './fixtures/small-proxies.ts';

let lab: Lab;
let setUp: SetUp;

beforeAll(async () => {
  setUp = await SetUp.start();
  lab = setUp.lab;
});

afterAll(() => lab.close());

/** Settings with TLS to the relay, whose certificate is of an authority that we know. */
async function secured(scheme: 'mqtts' | 'wss', proxy: string) {
  const ours = await makeAuthority('ours');
  const port = await secureRelay(lab, await makeServerPair('relay', ['localhost'], ours), scheme);
  const ca = setUp.file('relay.pem', ours.certPem);
  return { ...setUp.relayWith({ url: `${scheme}://localhost:${port}`, ca }), proxy };
}

const broken: [string, string, () => Promise<number>, string, RegExp][] = [
  [
    'a page behind its yes',
    'http',
    captivePage,
    'a tunnel to the relay',
    /^proxy \S+ says "HTTP\/1\.1 200 OK", and then sends "<html>.*: no tunnel, but a sign-in or block page/,
  ],
  [
    'a page to what comes',
    'http',
    latePage,
    'a tunnel to the relay',
    /^proxy \S+ says yes, but what answers in its tunnel is no TLS: a sign-in or block page/,
  ],
  [
    'closed behind its yes',
    'http',
    closesAfterYes,
    'a tunnel to the relay',
    /^proxy \S+ says yes, and closes the tunnel before localhost:\d+ says a word: ask for/,
  ],
  [
    'NTLM alone',
    'http',
    ntlmOnly,
    'a tunnel to the relay',
    /407 .* \(it takes only NTLM; only Basic is spoken here: ask for this machine to pass without a login/,
  ],
  [
    'SOCKS where HTTP is asked for',
    'http',
    () => smallProxies.socks5(),
    'a proxy of type http',
    /\(it speaks SOCKS5: make it socks5:\/\/ in proxy\)$/,
  ],
  [
    'HTTP where SOCKS is asked for',
    'socks5',
    () => smallProxies.http(),
    'a proxy of type socks5',
    /\(it speaks HTTP: make it http:\/\/ in proxy\)$/,
  ],
  [
    'HTTP where TLS is asked for',
    'https',
    () => smallProxies.http(),
    'a proxy of type https',
    /TLS failed: .* \(it speaks HTTP: make it http:\/\/ in proxy\)$/,
  ],
];

test.each(broken)('a broken proxy is found at its step: %s', async (_, scheme, start, expected, words) => {
  const settings = await secured('mqtts', `${scheme}://127.0.0.1:${await start()}`);
  const [problem] = setUp.expectBroken(await visit(setUp.write(settings)), 'proxy', ['proxy']);
  expect(problem).toMatchObject({ expected, found: expect.stringMatching(words) });
});

/** Through a proxy that looks into TLS; we know its authority, or only the relay's. */
async function inspected(scheme: 'mqtts' | 'wss', upgrade: boolean, known: boolean) {
  const gate = await makeAuthority('Gate CA');
  const port = await inspectingProxy(await makeServerPair('gate', ['localhost'], gate), upgrade);
  const settings = await secured(scheme, `http://127.0.0.1:${port}`);
  if (known) Object.assign(settings.relay, { ca: setUp.file('gate.pem', gate.certPem) });
  return visit(setUp.write(settings));
}

test('inspected TLS: by its certificate; by what passes, once its authority is known', async () => {
  const advice = expect.stringMatching(
    /^have the proxy leave the relay alone; or, if WebSockets pass, use wss/,
  );
  const [stranger] = setUp.expectBroken(await inspected('mqtts', true, false), 'proxy', ['proxy']);
  expect(stranger?.found).toMatch(
    /^proxy \S+ shows a certificate of localhost by Gate CA .* in place of that of/,
  );
  expect(stranger?.advice).toEqual(advice);
  const [mqtt] = setUp.expectBroken(await inspected('mqtts', true, true), 'credentials', ['proxy']);
  expect(mqtt).toMatchObject({
    found: expect.stringMatching(
      /answers CONNECT with "HTTP\/1\.1 400 .*, which is no MQTT: it seems to inspect TLS/,
    ),
    advice,
  });
  const [stripped] = setUp.expectBroken(await inspected('wss', false, true), 'proxy', ['proxy']);
  expect(stripped?.found).toMatch(/ takes the Upgrade of our WebSocket out on the way to localhost:\d+/);
  const well = await inspected('wss', true, true);
  expect(well.code, well.text).toBe(0);
  expect(well.text).toContain('certificate of localhost by Gate CA');
});

test('a PAC file where a proxy should be', async () => {
  const proxy = 'http://wpad.corp.example/wpad.dat';
  const [problem] = setUp.expectBroken(await visit(setUp.write({ proxy })), 'configuration', ['proxy']);
  expect(problem?.found).toMatch(
    /^is the URL of a PAC file, .* and no proxy: open it and name what it returns/,
  );
});

test('one that cuts quiet tunnels: told by the provisioner that has learned it', async context => {
  const proxy = await idleProxy(1_600, 'end', context);
  const through = { type: 'http' as const, host: '127.0.0.1', port: proxy.port };
  const relays = [{ ...lab.login, proxy: through, keepAliveS: 5 }];
  const config = { ...lab.config, relays, journal: join(lab.folder, 'quiet') };
  const provisioner = await startProvisioner(config, { log: silentLog });
  onTestFinished(() => provisioner.stop());
  const operator = await startOperator(provisioner, config, silentLog);
  onTestFinished(() => operator.stop());
  await until(() => provisioner.relays[0]?.learned, 'two cuts');
  await until(() => provisioner.connected, 'the third connection');
  const settings = { journal: 'quiet', proxy: `http://127.0.0.1:${proxy.port}` };
  const visited = await visit(setUp.write(settings));
  expect(visited.code, visited.text).toBe(0);
  expect(warningsOf(visited).join('\n')).toMatch(
    /^connections to the relay that are quiet for 1\.[67] s are cut on the way: the provisioner that runs has learned to say something every 1 s/,
  );
});

test('NO_PROXY that is not understood', async () => {
  const { proxy: _, ...rest } = setUp.good();
  const path = setUp.write({
    ...rest,
    ...setUp.relayWith({ url: 'mqtt://relay.invalid' }),
    proxy: undefined,
  });
  const visited = await visit(path, {
    env: { ALL_PROXY: 'http://127.0.0.1:1', NO_PROXY: '10.0.0.0/255.0.0.0' },
  });
  expect(visited.text).toMatch(
    /warning: NO_PROXY in the environment: "10\.0\.0\.0\/255\.0\.0\.0" is not understood/,
  );
});
