/** The provisioner through real proxies from Debian: tinyproxy (HTTP CONNECT) and microsocks (SOCKS5). */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Lab, startLab } from './lab.ts';

let undo: (() => unknown)[] = [];
let lab: Lab | undefined;

afterEach(async () => {
  await lab?.close();
  lab = undefined;
  for (const action of undo.reverse()) await action();
  undo = [];
});

/** True when the program is installed. In CI it has to be: a skipped test there would prove nothing. */
function installed(program: string): boolean {
  try {
    execFileSync('which', [program], { stdio: 'ignore' });
    return true;
  } catch {
    if (process.env.DASHBUTTON_REQUIRE_PACKAGES) throw new Error(`${program} is not installed`);
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise(resolve => server.close(resolve));
  return port;
}

/** Waits until something listens. */
async function listening(port: number, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (child.exitCode !== null) throw new Error(`the proxy ended with ${child.exitCode}`);
    const open = await new Promise<boolean>(resolve => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (open) return;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  throw new Error(`nothing listens on ${port}`);
}

interface RunningProxy {
  port: number;
  /** Everything it has written about its connections. */
  log(): string;
}

async function tinyproxy(lines: string[] = []): Promise<RunningProxy> {
  const dir = mkdtempSync(join(tmpdir(), 'tinyproxy-'));
  const port = await freePort();
  const logFile = join(dir, 'log');
  const settings = [
    `Port ${port}`,
    'Listen 127.0.0.1',
    'Timeout 60',
    `LogFile "${logFile}"`,
    'LogLevel Connect',
    'MaxClients 20',
    'Allow 127.0.0.1',
    ...lines,
  ];
  writeFileSync(join(dir, 'conf'), `${settings.join('\n')}\n`);
  const child = spawn('tinyproxy', ['-d', '-c', join(dir, 'conf')], { stdio: 'ignore' });
  undo.push(() => rmSync(dir, { recursive: true, force: true }));
  undo.push(() => child.kill('SIGKILL'));
  await listening(port, child);
  return { port, log: () => readFileSync(logFile, 'utf8') };
}

async function microsocks(args: string[] = []): Promise<RunningProxy> {
  const port = await freePort();
  const child = spawn('microsocks', ['-i', '127.0.0.1', '-p', String(port), ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', chunk => {
    log += chunk;
  });
  undo.push(() => child.kill('SIGKILL'));
  await listening(port, child);
  return { port, log: () => log };
}

/** A press through the proxy, and the proxy's own word that the connection went through it. */
async function pressThrough(proxyUrl: string): Promise<Lab> {
  lab = await startLab({ proxy: proxyUrl });
  expect(await lab.provisioner?.whenOnline(10_000), lab.provisioner?.lastError).toBe(true);
  const house = lab.button();
  house.board.press();
  const ready = await house.showsKind('ready');
  expect(ready.address).toBe(lab.platform.clusters()[0]?.address);
  return lab;
}

describe.skipIf(!installed('tinyproxy'))('through tinyproxy (Debian package tinyproxy)', () => {
  it('a press becomes an address, and the proxy has carried it', async () => {
    const proxy = await tinyproxy();
    const { relay } = await pressThrough(`http://127.0.0.1:${proxy.port}`);
    expect(proxy.log()).toContain(`CONNECT 127.0.0.1:${relay.port} HTTP/1.1`);
  });

  it('a port that the proxy does not allow is named PROXY, with its own status', async () => {
    const proxy = await tinyproxy(['ConnectPort 443']);
    lab = await startLab({ proxy: `http://127.0.0.1:${proxy.port}` });
    expect(await lab.provisioner?.whenOnline(2000)).toBe(false);
    expect(lab.provisioner?.lastError).toMatch(/^PROXY.*403/);
  });
});

describe.skipIf(!installed('microsocks'))('through microsocks (Debian package microsocks)', () => {
  it('a press becomes an address, and the proxy has carried it', async () => {
    const proxy = await microsocks();
    const { relay } = await pressThrough(`socks5://127.0.0.1:${proxy.port}`);
    expect(proxy.log()).toContain(`connected to 127.0.0.1:${relay.port}`);
  });

  it('a missing login is named PROXY', async () => {
    const proxy = await microsocks(['-u', 'lab', '-P', 'secret']);
    lab = await startLab({ proxy: `socks5://127.0.0.1:${proxy.port}` });
    expect(await lab.provisioner?.whenOnline(2000)).toBe(false);
    expect(lab.provisioner?.lastError).toMatch(/^PROXY/);
  });
});
