/** Set-ups that are broken in the lab itself, platform or journal: the right step, the right setting. */
import { execFile } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { Journal } from '../../provisioner/src/journal/index.ts';
import { makeAuthority, makeServerPair } from '../../simulator/ccp/certificates.ts';
import { freePort } from '../e2e/fixtures/proxies-programs.ts';
import { nobody, othersMayRun } from '../fixtures/installed.ts';
import { patience } from '../fixtures/patience.ts';
import { type Lab, startLab } from '../provisioner/fixtures/lab.ts';
import { pressRecord } from '../provisioner/fixtures/records.ts';
import { SetUp, visit } from './fixtures/doctor-lab.ts';
import { bin, writeSettings } from './fixtures/operator-lab.ts';

let lab: Lab;
let setUp: SetUp;

beforeAll(async () => {
  setUp = await SetUp.start();
  lab = setUp.lab;
});

afterAll(() => lab.close());

describe('platform login', () => {
  test('it is down; it speaks no TLS', async () => {
    const url = `https://127.0.0.1:${await freePort()}`;
    const [problem] = setUp.expectBroken(
      await visit(setUp.write(setUp.platformWith({ url }))),
      'platform login',
      ['platforms.ccp.url'],
    );
    expect(problem?.found).toMatch(/is not reachable: nothing listens there/);
    const plain = await visit(
      setUp.write(setUp.platformWith({ url: `https://127.0.0.1:${lab.relay.port}` })),
    );
    setUp.expectBroken(plain, 'platform login', ['platforms.ccp.url']);
  });

  test('another fingerprint: the one that was found is printed', async () => {
    const { ca: _, ...rest } = { ca: '', ...(setUp.good().platforms?.ccp as object) };
    const fingerprint = Array.from({ length: 32 }, () => '0A').join(':');
    const wrong = await visit(setUp.write({ platforms: { ccp: { ...rest, fingerprint } } }));
    const [problem] = setUp.expectBroken(wrong, 'platform login', ['platforms.ccp.fingerprint']);
    expect(problem).toMatchObject({ found: lab.ccp.fingerprint256, expected: fingerprint });
    const logins = lab.ccp.calls().filter(({ path }) => path.includes('login')).length;
    expect(
      await visit(setUp.write({ platforms: { ccp: { ...rest, fingerprint: problem?.found } } })),
    ).toMatchObject({ code: 0 });
    expect(lab.ccp.calls().filter(({ path }) => path.includes('login')).length).toBeGreaterThan(logins);
  });

  test('another authority; a name that is not in the certificate', async () => {
    const ca = setUp.file('other.pem', (await makeAuthority('other')).certPem);
    const before = lab.ccp.calls().length;
    const [problem] = setUp.expectBroken(
      await visit(setUp.write(setUp.platformWith({ ca }))),
      'platform login',
      ['platforms.ccp.ca'],
    );
    expect(problem?.found).toContain(lab.ccp.fingerprint256);
    expect(lab.ccp.calls().length).toBe(before);
    const other = await makeServerPair('ccp', ['ccp.example.net']);
    const server = createTlsServer({ key: other.keyPem, cert: other.certPem });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const named = await visit(
      setUp.write(setUp.platformWith({ url, ca: setUp.file('named.pem', other.certPem) })),
    );
    server.close();
    const [name] = setUp.expectBroken(named, 'platform login', ['platforms.ccp.url']);
    expect(name).toMatchObject({
      found: expect.stringContaining('certificate of ccp.example.net'),
      expected: 'a certificate for 127.0.0.1',
    });
  });

  test('a wrong password', async () => {
    const passwordFile = setUp.file('wrong.password', 'falsch');
    const [problem] = setUp.expectBroken(
      await visit(setUp.write(setUp.platformWith({ passwordFile }))),
      'platform login',
      ['platforms.ccp.passwordFile'],
    );
    expect(problem?.found).toMatch(/^login refused, 40\d/);
  });
});

describe('template objects', () => {
  test('a datastore and a subnet that are not there: both, with what there is', async () => {
    const change = { datastore: 'lab-datastre', node_ip_pool_uuid: '00000000-0000-4000-8000-000000000000' };
    const problems = setUp.expectBroken(
      await visit(setUp.write(setUp.templateWith(change))),
      'template objects',
      ['profiles.house.template.datastore', 'profiles.house.template.node_ip_pool_uuid'],
    );
    expect(problems[0]).toMatchObject({
      found: 'there is no lab-datastre',
      expected: 'one of lab-datastore',
    });
    expect(problems[1]?.expected).toContain(lab.ccp.inventory.subnet.uuid);
  });

  test('only the profile that was asked for', async () => {
    const bad = { ...setUp.house(), template: { ...setUp.house().template, datastore: 'x' } };
    const path = setUp.write({ profiles: { house: setUp.house(), big: bad } });
    setUp.expectBroken(await visit(path), 'template objects', ['profiles.big.template.datastore']);
    expect((await visit(path, { profile: 'house' })).code).toBe(0);
  });

  test('no range is left', async () => {
    const own = await startLab();
    const path = writeSettings(own, {
      profiles: { house: { ...setUp.house(), rangePool: '172.16.0.0/20' } },
    });
    const journal = await Journal.open(own.config.journal);
    const record = pressRecord(1, { step: 'building', range: '172.16.0.0/24', cluster: 'house-01-1' });
    await journal.write({ presses: [record] });
    await journal.close();
    // Of another lab: what its platform has not is no matter here.
    const visited = await visit(path);
    await own.close();
    const [problem] = setUp.expectBroken(visited, 'template objects', ['profiles.house.rangePool']);
    expect(problem?.found).toBe('none of its 1 ranges /20 in 172.16.0.0/20 is free');
  });
});

describe('journal', () => {
  /** A journal with one press, in a folder of its own. */
  async function journalAt(name: string): Promise<string> {
    const journal = await Journal.open(join(lab.folder, name));
    await journal.write({ presses: [pressRecord(1, { step: 'ready' })] });
    await journal.close();
    return join(lab.folder, name);
  }

  test('damaged: it is named, and nobody logs in where a provisioner might run', async () => {
    const folder = await journalAt('damaged');
    const log = join(folder, readdirSync(folder).find(name => name.endsWith('.log')) ?? '');
    const bytes = readFileSync(log);
    bytes[20] = (bytes[20] ?? 0) ^ 1;
    writeFileSync(log, bytes);
    const before = lab.relay.stats().logins;
    const visited = await visit(setUp.write({ journal: 'damaged' }));
    const [problem] = setUp.expectBroken(visited, 'journal', ['journal'], ['credentials', 'beacon']);
    expect(problem?.found).toMatch(/damaged/);
    expect(lab.relay.stats().logins).toBe(before);
  });

  const forOthers = test.skipIf(!othersMayRun(bin));
  forOthers('its folder cannot be made, or not written (needs a Node.js that others may start)', async () => {
    const asRoot = process.getuid?.() === 0;
    mkdirSync(join(lab.folder, 'closed'), { mode: 0o555 });
    const folder = await journalAt('read-only');
    const paths = [setUp.write({ journal: 'closed/journal' }), setUp.write({ journal: 'read-only' })];
    if (asRoot) {
      chmodSync(lab.folder, 0o755);
      const own = readdirSync(lab.folder).filter(name => name !== 'closed');
      const inside = readdirSync(folder).map(name => join('read-only', name));
      for (const name of [...own, ...inside]) chownSync(join(lab.folder, name), nobody, nobody);
    }
    chmodSync(folder, 0o500);
    const [made, written] = await Promise.all(
      paths.map(path => asSomebody(path, asRoot ? { uid: nobody, gid: nobody } : {})),
    );
    expect(made?.code, made?.text).toBe(1);
    expect(made?.problems).toEqual([
      expect.objectContaining({
        setting: 'journal',
        found: expect.stringMatching(/closed cannot be written: EACCES.*mode 555/),
      }),
    ]);
    expect(written?.code, written?.text).toBe(1);
    expect(written?.problems).toEqual([
      expect.objectContaining({ setting: 'journal', found: expect.stringMatching(/Permission denied/) }),
    ]);
    chmodSync(folder, 0o700);
  });
});

async function asSomebody(path: string, who: { uid?: number; gid?: number }) {
  const text = await new Promise<{ code: number; text: string }>(resolve => {
    const args = [bin, 'doctor', '--json', '--config', path];
    execFile(process.execPath, args, { timeout: patience(10_000), ...who }, (error, stdout, stderr) => {
      void resolve({
        code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1,
        text: stdout + stderr,
      });
    });
  });
  const lines = text.text.split('\n').filter(line => line.startsWith('{'));
  return { ...text, problems: lines.flatMap(line => parse(line).problems) };
}
