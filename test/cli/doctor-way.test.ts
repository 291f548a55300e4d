/** Set-ups that are broken on the way to the relay: the right step, the right setting. */
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { Aedes, type AedesOptions } from 'aedes';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import { silentLog } from '../../config/src/log.ts';
import { beaconTopic } from '../../protocol/src/topics.ts';
import { startOperator } from '../../provisioner/src/operator/operator.ts';
import { startProvisioner } from '../../provisioner/src/provisioner.ts';
import { makeAuthority, makeServerPair } from '../../simulator/ccp/certificates.ts';
import { freePort } from '../e2e/fixtures/proxies-programs.ts';
import { captivePage } from '../fixtures/cruel-proxies.ts';
import { until } from '../fixtures/patience.ts';
import type { Lab } from '../provisioner/fixtures/lab.ts';
import {
  pairEndingIn,
  problemsOf,
  SetUp,
  secureRelay,
  statesOf,
  type Visited,
  visit,
} from './fixtures/doctor-lab.ts';
import { dashbutton } from './fixtures/operator-lab.ts';
import { httpProxy, smallProxies } from './fixtures/small-proxies.ts';

let lab: Lab;
let setUp: SetUp;

beforeAll(async () => {
  setUp = await SetUp.start();
  lab = setUp.lab;
});

afterAll(() => lab.close());

describe('configuration', () => {
  test('mistakes in the YAML: all of them', async () => {
    const path = setUp.write({
      ...setUp.relayWith({ url: 'http://relay', passwordFiel: 'x' }),
      site: 'Lab!',
    });
    const problems = setUp.expectBroken(await visit(path), 'configuration', [
      'site',
      'relay.url',
      'relay.passwordFiel',
    ]);
    expect(problems[1]).toMatchObject({
      found: '"http://relay"',
      expected: expect.stringMatching(/^mqtt:/),
    });
  });

  test('a file that is not there, and no settings at all', async () => {
    const gone = await visit(setUp.write(setUp.relayWith({ passwordFile: 'gone.password' })));
    setUp.expectBroken(gone, 'configuration', ['relay.passwordFile']);
    const nothing = join(lab.folder, 'nothing.yaml');
    setUp.expectBroken(await visit(nothing), 'configuration', [nothing]);
  });

  test('a proxy of the environment that is none', async () => {
    const { proxy: _, ...rest } = setUp.good();
    Object.assign(rest.relay ?? {}, { url: 'mqtts://relay.invalid' });
    const path = join(lab.folder, setUp.file('environment.yaml', stringify(rest)));
    const visited = await visit(path, { env: { HTTPS_PROXY: 'gopher://u:geheim@x' } });
    setUp.expectBroken(visited, 'configuration', ['HTTPS_PROXY']);
    expect(visited.text).not.toContain('geheim');
  });

  test('a profile that there is not', async () => {
    const [problem] = setUp.expectBroken(await visit(setUp.write({}), { profile: 'haus' }), 'configuration', [
      '--profile',
    ]);
    expect(problem?.found).toBe('there is no profile haus; there is house');
  });

  test('placeholders of an imported profile: the platform tells what could stand there', async () => {
    const change = { ingress_vip_pool_id: '<uuid of the subnet: dashbutton doctor lists them>' };
    const [problem] = setUp.expectBroken(
      await visit(setUp.write(setUp.templateWith(change))),
      'configuration',
      ['profiles.house.template.ingress_vip_pool_id'],
    );
    expect(problem?.found).toMatch(/is still a placeholder$/);
    expect(problem?.expected).toContain(`one of ${lab.ccp.inventory.subnet.uuid} (default-network-subnet)`);
    const both = await visit(setUp.write({ ...setUp.templateWith(change), site: 'Lab!' }));
    setUp.expectBroken(both, 'configuration', ['site', 'profiles.house.template.ingress_vip_pool_id']);
  });

  test('as a command: exit code 2', async () => {
    const ended = await dashbutton(['doctor', '--config', setUp.write({ site: 'Lab!' })]);
    expect(ended).toMatchObject({ code: 2, stderr: '' });
    expect(ended.stdout).toMatch(/^BAD {3}configuration /);
    expect(ended.stdout).toMatch(/\n- {5}DNS +not tried\n/);
  });
});

describe('DNS', () => {
  test('a relay whose name is not known', async () => {
    const [problem] = setUp.expectBroken(
      await visit(setUp.write(setUp.relayWith({ url: 'mqtt://relay.invalid:1883' }))),
      'DNS',
      ['relay.url'],
    );
    expect(problem?.found).toContain('relay.invalid');
  });

  test('proxy and platform; the relay behind a proxy is not looked up here', async () => {
    const visited = await visit(
      setUp.write({
        ...setUp.relayWith({ url: 'mqtt://relay.invalid:1883' }),
        ...setUp.platformWith({ url: 'https://ccp.invalid' }),
        proxy: 'socks5://proxy.invalid:1080',
      }),
    );
    setUp.expectBroken(visited, 'DNS', ['proxy', 'platforms.ccp.url']);
  });
});

describe('proxy', () => {
  test('nothing listens there, by the settings or by the environment', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const [problem] = setUp.expectBroken(await visit(setUp.write({ proxy: url })), 'proxy', ['proxy']);
    expect(problem?.found).toMatch(/^127\.0\.0\.1:\d+ is not reachable: nothing listens there/);
    const { proxy: _, ...rest } = setUp.good();
    Object.assign(rest.relay ?? {}, { url: 'mqtt://relay.invalid:1883' });
    const path = join(lab.folder, setUp.file('environment.yaml', stringify(rest)));
    setUp.expectBroken(await visit(path, { env: { all_proxy: url } }), 'proxy', ['all_proxy']);
  });

  test.each([
    'http',
    'socks5',
  ] as const)('a login is wanted: the setting of user or password: %s', async kind => {
    const at = `127.0.0.1:${await smallProxies[kind]({ login: 'lab:geheim' })}`;
    const without = await visit(setUp.write({ proxy: `${kind}://${at}` }));
    setUp.expectBroken(without, 'proxy', ['proxy']);
    const proxyPasswordFile = setUp.file('proxy.password', 'falsch');
    const wrong = await visit(setUp.write({ proxy: `${kind}://lab@${at}`, proxyPasswordFile }));
    setUp.expectBroken(wrong, 'proxy', ['proxyPasswordFile']);
    setUp.file('proxy.password', 'geheim');
    const right = await visit(setUp.write({ proxy: `${kind}://lab@${at}`, proxyPasswordFile }));
    expect(right.code, right.text).toBe(0);
    expect(right.text).toContain('opens a tunnel with a login as lab');
    expect(right.text + wrong.text).not.toMatch(/geheim|falsch/);
  });

  test('it says yes, and a page follows; it speaks something else', async () => {
    const paged = await visit(setUp.write({ proxy: `http://127.0.0.1:${await captivePage()}` }));
    const [page] = setUp.expectBroken(paged, 'proxy', ['proxy']);
    expect(page?.found).toMatch(
      / says "HTTP\/1\.1 200 OK", and then sends "<html>.*: no tunnel, but a sign-in/,
    );
    const other = await visit(setUp.write({ proxy: `http://127.0.0.1:${await smallProxies.socks5()}` }));
    const [scheme] = setUp.expectBroken(other, 'proxy', ['proxy']);
    expect(scheme?.found).toMatch(/\(it speaks SOCKS5: make it socks5:\/\/ in proxy\)$/);
  });

  test('it refuses the port', async () => {
    const url = `http://127.0.0.1:${await httpProxy({ closed: true })}`;
    const [problem] = setUp.expectBroken(await visit(setUp.write({ proxy: url })), 'proxy', ['proxy']);
    expect(problem?.found).toMatch(/403/);
  });
});

describe('relay', () => {
  test('nothing listens there', async () => {
    const url = `mqtt://127.0.0.1:${await freePort()}`;
    setUp.expectBroken(await visit(setUp.write(setUp.relayWith({ url }))), 'relay', ['relay.url']);
  });

  test('nothing listens behind a good proxy', async () => {
    const url = `mqtt://127.0.0.1:${await freePort()}`;
    const proxy = `http://127.0.0.1:${await httpProxy()}`;
    const visited = await visit(setUp.write({ ...setUp.relayWith({ url }), proxy }));
    const [problem] = setUp.expectBroken(visited, 'relay', ['relay.url']);
    expect(problem?.expected).toContain('reachable from the proxy');
  });

  test('a certificate of another authority, for another name, that has ended; no TLS; no WebSocket', async () => {
    const [ours, theirs] = await Promise.all([makeAuthority('ours'), makeAuthority('theirs')]);
    const ca = setUp.file('relay.pem', ours.certPem);
    const through = async (pair: Parameters<typeof secureRelay>[1], own: object = { ca }) => {
      const url = `mqtts://localhost:${await secureRelay(lab, pair)}`;
      return visit(setUp.write(setUp.relayWith({ url, ...own })));
    };
    const foreign = await makeServerPair('relay', ['localhost'], theirs);
    const [authority] = setUp.expectBroken(await through(foreign), 'relay', ['relay.ca']);
    expect(authority?.found).toMatch(/certificate of localhost by theirs until .* is not believed/);
    const [system] = setUp.expectBroken(await through(foreign, {}), 'relay', ['relay.ca']);
    expect(system?.expected).toBe('an authority that this system knows');
    const other = await makeServerPair('relay', ['relay.example.net'], ours);
    const [name] = setUp.expectBroken(await through(other), 'relay', ['relay.url']);
    expect(name).toMatchObject({
      found: expect.stringContaining('certificate of relay.example.net'),
      expected: 'a certificate for localhost',
    });
    const old = await pairEndingIn(-10, ['localhost'], ours);
    const [time] = setUp.expectBroken(await through(old), 'relay', ["the relay's --cert"]);
    expect(time?.found).toMatch(/CERT_HAS_EXPIRED/);
    const plain = `localhost:${lab.relay.port}`;
    setUp.expectBroken(await visit(setUp.write(setUp.relayWith({ url: `mqtts://${plain}`, ca }))), 'relay', [
      'relay.url',
    ]);
    setUp.expectBroken(await visit(setUp.write(setUp.relayWith({ url: `ws://${plain}` }))), 'relay', [
      'relay.url',
    ]);
  });
});

describe('credentials', () => {
  test('a wrong password, another site', async () => {
    const passwordFile = setUp.file('wrong.password', 'falsch');
    const [problem] = setUp.expectBroken(
      await visit(setUp.write(setUp.relayWith({ passwordFile }))),
      'credentials',
      ['relay.passwordFile'],
    );
    expect(problem?.found).toMatch(/refused: bad user name or password/);
    setUp.expectBroken(await visit(setUp.write({ site: 'elsewhere' })), 'credentials', ['site']);
  });

  test('buttons that the relay does not know: by name', async () => {
    const key = setUp.file('house-02.key', `${Buffer.alloc(32, 1).toString('base64')}\n`);
    const buttons = { ...setUp.good().buttons, 'house-02': { profile: 'house', keyFile: key } };
    const [problem] = setUp.expectBroken(await visit(setUp.write({ buttons })), 'credentials', [
      'buttons.house-02',
    ]);
    expect(problem?.expected).toContain("role button and site lab in the relay's users file");
  });
});

test('two relays, one of them dead: told, and everything else is looked at all the same', async () => {
  const { relay, ...rest } = setUp.good();
  const relays = [relay, { ...relay, url: 'mqtt://127.0.0.1:1' }];
  const path = setUp.write({ ...rest, relay: undefined, relays });
  const visited = await visit(path);
  expect(problemsOf(visited).map(({ setting }) => setting)).toEqual(['relays.1.url']);
  expect(statesOf(visited).filter(state => !state.startsWith('ok'))).toEqual(['broken relay']);
  expect(visited.code).toBe(1);
  expect(visited.text).toMatch(/ok +credentials +127\.0\.0\.1:\d+: logged in as lab/);
  expect(visited.text).toMatch(/Broken at relay: relays\.1\.url\.$/);
});

describe('credentials, beside a provisioner that runs', () => {
  test('it is not connected: its own reason, and nobody else logs in', async () => {
    const config = {
      ...lab.config,
      relays: [{ ...lab.login, password: 'falsch' }],
      journal: join(lab.folder, 'beside'),
    };
    const provisioner = await startProvisioner(config, { log: silentLog });
    onTestFinished(() => provisioner.stop());
    const operator = await startOperator(provisioner, config, silentLog);
    onTestFinished(() => operator.stop());
    await until(() => provisioner.lastError, 'the relay to refuse it');
    const { logins } = lab.relay.stats();
    const visited = await visit(setUp.write({ journal: 'beside' }));
    const [problem] = setUp.expectBroken(visited, 'credentials', ['relay.passwordFile']);
    expect(problem?.found).toMatch(/^the provisioner that runs is not connected: RELAY .* bad user name/);
    expect(lab.relay.stats().logins).toBe(logins);
  });
});

describe('beacon, at another broker than our relay', () => {
  /** aedes with these rules, for one visit. */
  async function visitAt(options: AedesOptions, kept?: string): Promise<Visited> {
    const broker = await Aedes.createBroker(options);
    if (kept !== undefined) await keep(broker, kept);
    const server = createServer(broker.handle);
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    try {
      const url = `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`;
      return await visit(setUp.write(setUp.relayWith({ url })));
    } finally {
      await new Promise<void>(resolve => broker.close(() => resolve()));
      server.close();
    }
  }

  function keep(broker: Aedes, payload: string): Promise<void> {
    const topic = beaconTopic('lab');
    const packet = { cmd: 'publish', topic, payload, qos: 0, retain: true, dup: false } as const;
    return new Promise((resolve, reject) =>
      broker.publish(packet, error => (error ? reject(error) : resolve())),
    );
  }

  test('one that lets us read the beacon: it is read back', async () => {
    const visited = await visitAt({});
    expect(visited.code, visited.text).toBe(0);
    expect(visited.text).toContain('the relay keeps dashbutton/v1/sites/lab/beacon: "offline" was read back');
  });

  test('one that keeps nothing, one that forbids it', async () => {
    const forgets: AedesOptions = {
      authorizePublish: (client, packet, done) => {
        if (client !== null) packet.retain = false;
        done(null);
      },
    };
    const forgetful = await visitAt(forgets);
    const [forgot] = setUp.expectBroken(forgetful, 'beacon', ['site']);
    expect(forgot?.found).toMatch(/cannot be read back$/);
    const [older] = setUp.expectBroken(await visitAt(forgets, 'of another day'), 'beacon', ['site']);
    expect(older?.found).toMatch(/cannot be read back$/);
    const strict = await visitAt({ authorizePublish: (_client, _packet, done) => done(new Error('no')) });
    setUp.expectBroken(strict, 'beacon', ['site']);
  });
});
