/** Debian's Mosquitto, with the same users, the same rules and the same certificate. */
import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker } from './brokers.ts';
import { stopProcess } from './child.ts';

/** How long it may take to read its files and listen (ms): less than one second, on a busy machine more. */
const startTimeoutMs = 20_000;

/** Where the program is; a daemon's folder is not in everybody's path. Undefined when it is not installed. */
export function findMosquitto(): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.map(folder => join(folder, 'mosquitto')).find(path => existsSync(path));
}

/** Starts it with the files `passwords`, `access`, `cert.pem`, `key.pem` of `folder`. */
export async function startMosquitto(program: string, folder: string): Promise<Broker> {
  const [port, tlsPort] = [await freePort(), await freePort()];
  const lines = [
    `listener ${port} 127.0.0.1`,
    `listener ${tlsPort} 127.0.0.1`,
    `certfile ${join(folder, 'cert.pem')}`,
    `keyfile ${join(folder, 'key.pem')}`,
    `password_file ${join(folder, 'passwords')}`,
    `acl_file ${join(folder, 'access')}`,
    'allow_anonymous false',
    'set_tcp_nodelay true',
    // By its manual 1,000 messages may wait for a client; version 2.0.11 was seen to drop some of 500.
    'max_queued_messages 0',
    'log_dest none',
    // Started by root it would give up root, and then could not read the certificate's key.
    `user ${userInfo().username}`,
  ];
  const config = join(folder, `mosquitto-${port}.conf`);
  writeFileSync(config, `${lines.join('\n')}\n`);
  const child = spawn(program, ['-c', config], { stdio: 'ignore' });
  const kill = () => child.kill();
  // Node's own children notice when we are gone; this one would live on.
  process.once('exit', kill);
  const stop = () => stopProcess(child).finally(() => process.off('exit', kill));
  const giveUpAt = performance.now() + startTimeoutMs;
  while (!(await opens(tlsPort))) {
    if (child.exitCode === null && performance.now() < giveUpAt) {
      await sleep(50);
      continue;
    }
    await stop();
    throw new Error(`mosquitto does not listen (exit code ${child.exitCode})`);
  }
  return { pid: child.pid ?? 0, port, tlsPort, stop };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise(resolve => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}

function opens(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => resolve(true));
    socket.once('error', () => resolve(false)).once('connect', () => socket.destroy());
  });
}
