/**
 * A real kube-apiserver with its etcd on loopback, for tests. The convention is that of controller-runtime's envtest:
 * KUBEBUILDER_ASSETS names a folder with the programs `kube-apiserver` and `etcd`. No kubelet and no controller runs.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import {
  accessSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { stringify } from 'yaml';
import { makeAuthority, makeClientPair, makeServerPair } from '../../simulator/ccp/certificates.ts';

/** Both start in some seconds; a busy machine with two cores takes longer. */
const startTimeoutMs = 120_000;
const lookEveryMs = 200;
/** After that it is killed. */
const stopTimeoutMs = 10_000;

export interface RealApiServer {
  /** `https://127.0.0.1:port` */
  server: string;
  /** PEM of its authority. */
  ca: string;
  /** For the administrator: user `admin` in the group `system:masters`, by certificate. */
  kubeconfig: string;
  /** The same by token only. */
  tokenKubeconfig: string;
  /** A user without any rights, by token. */
  strangerKubeconfig: string;
  /** Ends both programs and removes their files. */
  close(): Promise<void>;
}

/** The folder with the programs, or undefined when the environment names none. Throws when one is not in it. */
export function assetsFolder(): string | undefined {
  const folder = process.env.KUBEBUILDER_ASSETS;
  if (folder === undefined || folder === '') return undefined;
  for (const program of ['kube-apiserver', 'etcd']) accessSync(join(folder, program), constants.X_OK);
  return folder;
}

/** Starts both and waits until the API server is ready. Throws with the last lines of its log when it is not. */
export async function startRealApiServer(assets: string): Promise<RealApiServer> {
  const folder = mkdtempSync(join(tmpdir(), 'kube-apiserver-')); // mode 0700: keys lie in it
  const children: ChildProcess[] = [];
  const close = async () => {
    for (const child of children.toReversed()) await stop(child);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const [etcdPort, peerPort, port] = [await freePort(), await freePort(), await freePort()];
    const server = `https://127.0.0.1:${port}`;
    const keys = await writeKeys(folder);
    const etcd = `http://127.0.0.1:${etcdPort}`;
    const peer = `http://127.0.0.1:${peerPort}`;
    children.push(start(assets, 'etcd', folder, etcdFlags(join(folder, 'data'), etcd, peer)));
    children.push(start(assets, 'kube-apiserver', folder, apiServerFlags(folder, etcd, port)));
    await ready(server, keys.ca, children, folder);
    return {
      server,
      ca: keys.ca,
      kubeconfig: kubeconfigOf(server, keys.ca, keys.admin),
      tokenKubeconfig: kubeconfigOf(server, keys.ca, { token: keys.token }),
      strangerKubeconfig: kubeconfigOf(server, keys.ca, { token: keys.strangerToken }),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function writeKeys(folder: string) {
  const authority = await makeAuthority('kubernetes');
  const server = await makeServerPair('kube-apiserver', ['127.0.0.1', 'localhost'], authority);
  const admin = await makeClientPair('admin', 'system:masters', authority);
  const token = randomBytes(24).toString('hex');
  const strangerToken = randomBytes(24).toString('hex');
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text, { mode: 0o600 });
  write('ca.crt', authority.certPem);
  write('server.crt', server.certPem);
  write('server.key', server.keyPem);
  const accounts = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  write('accounts.key', String(accounts.privateKey.export({ type: 'sec1', format: 'pem' })));
  write('accounts.pub', String(accounts.publicKey.export({ type: 'spki', format: 'pem' })));
  write('tokens.csv', `${token},admin,1,system:masters\n${strangerToken},stranger,2\n`);
  return { ca: authority.certPem, admin: { cert: admin.certPem, key: admin.keyPem }, token, strangerToken };
}

function etcdFlags(data: string, client: string, peer: string): string[] {
  mkdirSync(data, { mode: 0o700 });
  return [
    `--data-dir=${data}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
  ];
}

function apiServerFlags(folder: string, etcd: string, port: number): string[] {
  const file = (name: string) => join(folder, name);
  return [
    `--etcd-servers=${etcd}`,
    '--bind-address=127.0.0.1',
    // Else it takes the machine's first address, and has none without a network.
    '--advertise-address=127.0.0.1',
    `--secure-port=${port}`,
    `--tls-cert-file=${file('server.crt')}`,
    `--tls-private-key-file=${file('server.key')}`,
    `--client-ca-file=${file('ca.crt')}`,
    `--token-auth-file=${file('tokens.csv')}`,
    `--service-account-issuer=https://127.0.0.1:${port}`,
    `--service-account-key-file=${file('accounts.pub')}`,
    `--service-account-signing-key-file=${file('accounts.key')}`,
    '--service-cluster-ip-range=10.96.0.0/24',
    '--authorization-mode=RBAC',
    // Nobody makes the accounts that it would wait for.
    '--disable-admission-plugins=ServiceAccount',
  ];
}

function start(assets: string, program: string, folder: string, flags: string[]): ChildProcess {
  const log = openSync(join(folder, `${program}.log`), 'w', 0o600);
  const child = spawn(join(assets, program), flags, { stdio: ['ignore', log, log], env: {} });
  child.on('error', () => {}); // told by `ready`, which looks at its exit
  return child;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>(resolve => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
  await gone;
  clearTimeout(timer);
}

async function ready(server: string, ca: string, children: ChildProcess[], folder: string): Promise<void> {
  const names = ['etcd', 'kube-apiserver'];
  for (let waitedMs = 0; waitedMs < startTimeoutMs; waitedMs += lookEveryMs) {
    const ended = children.findIndex(child => child.pid === undefined || child.exitCode !== null);
    const name = names[ended];
    if (name !== undefined) throw new Error(`${name} ended:\n${lastLines(join(folder, `${name}.log`))}`);
    if ((await statusOf(`${server}/readyz`, ca)) === 200) return;
    await new Promise(resolve => setTimeout(resolve, lookEveryMs));
  }
  throw new Error(`kube-apiserver is not ready:\n${lastLines(join(folder, 'kube-apiserver.log'))}`);
}

/** 0 when there is no answer. */
async function statusOf(url: string, ca: string): Promise<number> {
  const dispatcher = new Agent({ connect: { ca } });
  try {
    return (await request(url, { dispatcher, signal: AbortSignal.timeout(5_000) })).statusCode;
  } catch {
    return 0;
  } finally {
    await dispatcher.destroy();
  }
}

function lastLines(path: string): string {
  return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-15).join('\n');
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise(resolve => server.close(resolve));
  return port;
}

/** A kubeconfig with one cluster, one user and one context. */
function kubeconfigOf(
  server: string,
  ca: string,
  login: { token: string } | { cert: string; key: string },
): string {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const user =
    'token' in login
      ? login
      : { 'client-certificate-data': base64(login.cert), 'client-key-data': base64(login.key) };
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'real', cluster: { server, 'certificate-authority-data': base64(ca) } }],
    users: [{ name: 'somebody', user }],
    contexts: [{ name: 'real', context: { cluster: 'real', user: 'somebody' } }],
    'current-context': 'real',
  });
}
