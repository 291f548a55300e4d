/** The doctor on a way through real proxies of Debian; through small ones of our own: doctor-way.test.ts. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { freePort, microsocks, stopPrograms, tinyproxy } from '../e2e/fixtures/proxies-programs.ts';
import { installed } from '../fixtures/installed.ts';
import type { Lab } from '../provisioner/fixtures/lab.ts';
import { SetUp, visit } from './fixtures/doctor-lab.ts';

let lab: Lab;
let setUp: SetUp;

beforeAll(async () => {
  setUp = await SetUp.start();
  lab = setUp.lab;
});

afterAll(() => lab.close());
afterEach(stopPrograms);

test.skipIf(!installed('microsocks'))('microsocks wants a login (needs microsocks)', async () => {
  const { port } = await microsocks(['-u', 'lab', '-P', 'geheim']);
  const without = await visit(setUp.write({ proxy: `socks5://127.0.0.1:${port}` }));
  setUp.expectBroken(without, 'proxy', ['proxy']);
  const proxyPasswordFile = setUp.file('proxy.password', 'falsch');
  const wrong = await visit(setUp.write({ proxy: `socks5://lab@127.0.0.1:${port}`, proxyPasswordFile }));
  setUp.expectBroken(wrong, 'proxy', ['proxyPasswordFile']);
  setUp.file('proxy.password', 'geheim');
  const right = await visit(setUp.write({ proxy: `socks5://lab@127.0.0.1:${port}`, proxyPasswordFile }));
  expect(right.code, right.text).toBe(0);
  expect(right.text).toContain('opens a tunnel with a login as lab');
  expect(right.text + wrong.text).not.toMatch(/geheim|falsch/);
});

test.skipIf(!installed('tinyproxy'))(
  'tinyproxy wants a login, refuses the port (needs tinyproxy)',
  async () => {
    const { port } = await tinyproxy(['BasicAuth lab geheim']);
    setUp.expectBroken(await visit(setUp.write({ proxy: `http://127.0.0.1:${port}` })), 'proxy', ['proxy']);
    const strict = await tinyproxy(['ConnectPort 443']);
    const [problem] = setUp.expectBroken(
      await visit(setUp.write({ proxy: `http://127.0.0.1:${strict.port}` })),
      'proxy',
      ['proxy'],
    );
    expect(problem?.found).toMatch(/403/);
  },
);
test.skipIf(!installed('tinyproxy'))('nothing listens behind a good proxy (needs tinyproxy)', async () => {
  const { port } = await tinyproxy();
  const url = `mqtt://127.0.0.1:${await freePort()}`;
  const visited = await visit(
    setUp.write({ ...setUp.relayWith({ url }), proxy: `http://127.0.0.1:${port}` }),
  );
  const [problem] = setUp.expectBroken(visited, 'relay', ['relay.url']);
  expect(problem?.expected).toContain('reachable from the proxy');
});
