/** Real programs from Debian for the tests of the way out: four proxies and another broker, each on a free port. */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { programPath } from '../installed.ts';

/** How long a program may take until it listens: squid needs one second, more on a busy machine (milliseconds). */
const startLimitMs = 20_000;

/** Where Linux has shared memory. */
const sharedMemory = '/dev/shm';

/** A name that stands in squid's own list of hosts and in no DNS: only this proxy knows it. */
export const secretName = 'relay.lab.invalid';

export const login = { user: 'lab', password: 'p:ä%ss word' };

/** Programs of the running test, ended by {@link stopPrograms}. */
const undo: (() => unknown)[] = [];

export async function stopPrograms(): Promise<void> {
  for (const action of undo.splice(0).reverse()) await action();
}

export interface RunningProgram {
  port: number;
  /** Everything it has written about its connections. */
  log(): string;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise(resolve => server.close(resolve));
  return port;
}

/** A folder into which a program may write that gives up root when it starts. */
function scratch(name: string): string {
  const dir = mkdtempSync(join(tmpdir(), `${name}-`));
  chmodSync(dir, 0o777);
  undo.push(() => rmSync(dir, { recursive: true, force: true, maxRetries: 3 }));
  return dir;
}

/** Starts a program and waits until its port is open. Its words are what it prints, and the file `logFile`. */
async function run(program: string, args: string[], port: number, logFile?: string): Promise<RunningProgram> {
  // A group of its own: danted and squid have children, which would live on and hold the port.
  const child = spawn(programPath(program), args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (printed += chunk));
  const ended = new Promise<void>(resolve => child.once('close', () => resolve()));
  const kill = async () => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      process.kill(-child.pid, 'SIGKILL');
    }
    await ended;
  };
  undo.push(kill);
  const log = () =>
    printed + (logFile !== undefined && existsSync(logFile) ? readFileSync(logFile, 'utf8') : '');
  await listening(port, child, log);
  return { port, log, kill };
}

async function listening(port: number, child: ChildProcess, log: () => string): Promise<void> {
  const giveUpAt = performance.now() + startLimitMs;
  while (performance.now() < giveUpAt) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${log()}`);
    const open = await new Promise<boolean>(resolve => {
      const socket = connect(port, '127.0.0.1', () => resolve(true));
      socket.once('error', () => resolve(false)).once('connect', () => socket.destroy());
    });
    if (open) return;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  throw new Error(`nothing listens on ${port}: ${log()}`);
}

/** Debian: tinyproxy. CONNECT to any port unless `lines` say otherwise. It knows no %, : or blank in a login. */
export async function tinyproxy(lines: string[] = []): Promise<RunningProgram> {
  const dir = scratch('tinyproxy');
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
  return run('tinyproxy', ['-d', '-c', join(dir, 'conf')], port, logFile);
}

/** Debian: microsocks. */
export async function microsocks(args: string[] = []): Promise<RunningProgram> {
  const port = await freePort();
  return run('microsocks', ['-i', '127.0.0.1', '-p', String(port), ...args], port);
}

/** Debian: squid. It knows {@link secretName}; `access` are its http_access lines and what they need. */
export async function squid(
  access: (dir: string) => string[] = () => ['http_access allow all'],
): Promise<RunningProgram> {
  const dir = scratch('squid');
  const port = await freePort();
  const logFile = join(dir, 'access.log');
  writeFileSync(join(dir, 'hosts'), `127.0.0.1 localhost ${secretName}\n`);
  const settings = [
    `http_port 127.0.0.1:${port}`,
    `hosts_file ${join(dir, 'hosts')}`,
    'pid_filename none',
    'pinger_enable off',
    `cache_log ${join(dir, 'cache.log')}`,
    `access_log stdio:${logFile}`,
    'cache deny all',
    'cache_mem 8 MB',
    `coredump_dir ${dir}`,
    'shutdown_lifetime 0 seconds',
    ...access(dir),
  ];
  writeFileSync(join(dir, 'conf'), `${settings.join('\n')}\n`);
  // Its shared memory is named after the service: another one's, or what a killed one of another user left, is in the way.
  const service = `dashbutton${port}`;
  undo.push(() => {
    for (const name of existsSync(sharedMemory) ? readdirSync(sharedMemory) : []) {
      if (name.startsWith(`${service}-`)) rmSync(join(sharedMemory, name), { force: true });
    }
  });
  return run('squid', ['-N', '-n', service, '-f', join(dir, 'conf')], port, logFile);
}

/** Squid's access lines for one login, checked by a helper as squid calls them: `user password`, percent-encoded. */
export function squidLogin(dir: string): string[] {
  const helper = join(dir, 'login.sh');
  const line = `${login.user} ${encodeURIComponent(login.password).replaceAll('%3A', ':')}`;
  writeFileSync(
    helper,
    `#!/bin/sh\nwhile read -r line; do [ "$line" = '${line}' ] && echo OK || echo ERR; done\n`,
    { mode: 0o755 },
  );
  return [
    `auth_param basic program ${helper}`,
    'auth_param basic children 1 startup=1',
    'acl known proxy_auth REQUIRED',
    'http_access allow known',
    'http_access deny all',
  ];
}

/** Debian: dante-server. With `method` username it asks for a login of the system, which a test cannot have. */
export async function danted(method: 'none' | 'username' = 'none'): Promise<RunningProgram> {
  const dir = scratch('danted');
  const port = await freePort();
  const settings = [
    'logoutput: stdout',
    `internal: 127.0.0.1 port = ${port}`,
    'external: lo',
    'clientmethod: none',
    `socksmethod: ${method}`,
    'client pass { from: 127.0.0.0/8 to: 0.0.0.0/0 }',
    'socks pass { from: 127.0.0.0/8 to: 0.0.0.0/0 log: connect }',
  ];
  writeFileSync(join(dir, 'conf'), `${settings.join('\n')}\n`);
  return run('danted', ['-f', join(dir, 'conf'), '-p', join(dir, 'pid')], port);
}

/** Debian: mosquitto, with one door for TCP (`port`) and one for WebSocket (`webPort`); anybody may come in. */
export async function mosquitto(): Promise<RunningProgram & { webPort: number }> {
  const dir = scratch('mosquitto');
  const [port, webPort] = [await freePort(), await freePort()];
  const settings = [
    `listener ${port} 127.0.0.1`,
    `listener ${webPort} 127.0.0.1`,
    'protocol websockets',
    'allow_anonymous true',
    'set_tcp_nodelay true',
  ];
  writeFileSync(join(dir, 'conf'), `${settings.join('\n')}\n`);
  return { ...(await run('mosquitto', ['-c', join(dir, 'conf')], port)), webPort };
}
