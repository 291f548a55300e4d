/** The provisioner through real proxies from Debian: tinyproxy (HTTP CONNECT) and microsocks (SOCKS5). */
import { afterEach, describe, expect, test } from 'vitest';
import { installed } from '../fixtures/installed.ts';
import { patience, until } from '../fixtures/patience.ts';
import { type Lab, startLab } from './fixtures/lab.ts';
import { microsocks, stopPrograms, tinyproxy } from './fixtures/proxies-programs.ts';

let lab: Lab | undefined;

afterEach(async () => {
  await lab?.close();
  lab = undefined;
  await stopPrograms();
});

/** A press through the proxy, and the proxy's own word that the connection went through it. */
async function pressThrough(proxyUrl: string): Promise<Lab> {
  lab = await startLab({ proxy: proxyUrl });
  expect(await lab.provisioner?.whenOnline(patience(5_000)), lab.provisioner?.lastError).toBe(true);
  const house = lab.button();
  house.board.press();
  const ready = await house.showsKind('ready');
  expect(ready.address).toBe(lab.platform.clusters()[0]?.address);
  return lab;
}

const complaint = ({ provisioner }: Lab) => until(() => provisioner?.lastError, 'a complaint');

describe.skipIf(!installed('tinyproxy'))('through tinyproxy (needs tinyproxy)', () => {
  test('a press becomes an address, and the proxy has carried it', async () => {
    const proxy = await tinyproxy();
    const { relay } = await pressThrough(`http://127.0.0.1:${proxy.port}`);
    expect(proxy.log()).toContain(`CONNECT 127.0.0.1:${relay.port} HTTP/1.1`);
  });

  test('a port that the proxy does not allow is named PROXY, with its own status', async () => {
    const proxy = await tinyproxy(['ConnectPort 443']);
    lab = await startLab({ proxy: `http://127.0.0.1:${proxy.port}` });
    expect(await complaint(lab)).toMatch(/^PROXY.*403/);
    expect(lab.provisioner?.connected).toBe(false);
  });
});

describe.skipIf(!installed('microsocks'))('through microsocks (needs microsocks)', () => {
  test('a press becomes an address, and SOCKS5 has carried it', async () => {
    const proxy = await microsocks();
    const { relay } = await pressThrough(`socks5://127.0.0.1:${proxy.port}`);
    expect(proxy.log()).toContain(`connected to 127.0.0.1:${relay.port}`);
  });

  test('a missing login is named PROXY', async () => {
    const proxy = await microsocks(['-u', 'lab', '-P', 'secret']);
    lab = await startLab({ proxy: `socks5://127.0.0.1:${proxy.port}` });
    expect(await complaint(lab)).toMatch(/^PROXY/);
    expect(lab.provisioner?.connected).toBe(false);
  });
});
