/** The ways into a management cluster: each kind of login, renewed when it must be, and what is refused. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Connection } from '../../../provisioner/src/kubernetes/connection.ts';
import { managementKube } from '../../../provisioner/src/kubernetes/login.ts';
import { makeAuthority, makeClientPair } from '../../../simulator/ccp/certificates.ts';
import { patience, pause } from '../../fixtures/patience.ts';
import {
  accessOf,
  answer,
  base64,
  errorOf,
  eventually,
  type Handler,
  kubeconfigOf,
  never,
  serve,
  theToken,
} from '../platforms/fixtures/cluster-api-server.ts';
import { startProxy } from '../platforms/fixtures/connect-proxy.ts';
import { heldPipe, holding } from '../platforms/fixtures/held-pipe.ts';

const path = '/api/v1/namespaces/lab/configmaps/x';
const thing = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } };
const anyone: Handler = (_asked, response) => answer(response, 200, thing);

/** Takes one token only. */
const only =
  (good: () => string): Handler =>
  ({ headers }, response) =>
    headers.authorization === `Bearer ${good()}` ? answer(response, 200, thing) : answer(response, 401, '{}');

function folderFor(files: Record<string, string> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'login-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o700 });
  return folder;
}

test('a token in the kubeconfig', async () => {
  const server = await serve(only(() => theToken));
  expect(await server.kube().get(path, never)).toEqual(thing);
});

test('another context than the current one', async () => {
  const server = await serve(only(() => theToken));
  const text = server.kubeconfig();
  const access = { kind: 'kubeconfig', text, folder: '/nowhere', context: 'fleet' } as const;
  expect(await server.kube({}, { access }).get(path, never)).toEqual(thing);
  const nowhere = text.replace('current-context: fleet', 'current-context: ""');
  expect(() => server.kube({}, { access: accessOf(nowhere) })).toThrow('has no current-context');
  expect(await server.kube({}, { access: { ...access, text: nowhere } }).get(path, never)).toEqual(thing);
  expect(() => server.kube({}, { access: { ...access, context: 'x' } })).toThrow('has no context x');
});

test("a client's certificate and key, in the file or beside it", async () => {
  const authority = await makeAuthority('clients');
  const { certPem, keyPem } = await makeClientPair('kate', 'lab', authority);
  const server = await serve(anyone, authority.certPem);
  const data = { 'client-certificate-data': base64(certPem), 'client-key-data': base64(keyPem) };
  await server.kube({}, { access: accessOf(server.kubeconfig(data)) }).get(path, never);
  const folder = folderFor({ 'kate.crt': certPem, 'kate.key': keyPem, 'ca.crt': server.ca });
  const cluster = { server: server.url, 'certificate-authority': 'ca.crt' };
  const text = kubeconfigOf(cluster, { 'client-certificate': 'kate.crt', 'client-key': 'kate.key' });
  const kube = server.kube({}, { access: accessOf(text, folder) });
  await kube.get(path, never);
  expect(server.asked.map(({ client }) => client)).toEqual(['kate', 'kate']);
  // A renewed certificate is shown by the next connection, without a restart.
  const next = await makeClientPair('kate2', 'lab', authority);
  writeFileSync(join(folder, 'kate.crt'), next.certPem);
  writeFileSync(join(folder, 'kate.key'), next.keyPem);
  await kube.get(path, never);
  expect(server.asked.at(-1)?.client).toBe('kate2');
  rmSync(join(folder, 'ca.crt'));
  expect((await errorOf(kube.get(path, never))).message).toBe(
    `login: cannot read ${join(folder, 'ca.crt')}: ENOENT`,
  );
});

test.each(['tokenFile', 'token-file'])('a file with the token, read again after 401: %s', async field => {
  let good = 'first';
  const server = await serve(only(() => good));
  const folder = folderFor({ token: 'first\n' });
  // The file wins over a token beside it, as in kubectl.
  const access = accessOf(server.kubeconfig({ [field]: 'token', token: theToken }), folder);
  const kube = server.kube({}, { access });
  await kube.get(path, never);
  good = 'second';
  writeFileSync(join(folder, 'token'), 'second');
  await kube.get(path, never);
  expect(kube.requests()).toEqual({ get: 3 });
  good = 'third';
  const error = await errorOf(kube.get(path, never));
  expect(error.message).toContain(
    `401: the login is not accepted: check the token in ${join(folder, 'token')}`,
  );
  expect(kube.requests()).toEqual({ get: 5 });
  writeFileSync(join(folder, 'token'), '');
  kube.forget();
  expect((await errorOf(kube.get(path, never))).message).toMatch(/token is empty|401/);
});

test('a server with tokenFile and ca', async () => {
  const server = await serve(only(() => theToken));
  const tokenFile = join(folderFor({ token: theToken }), 'token');
  const access = { kind: 'token', server: `${server.url}/`, tokenFile, ca: server.ca } as const;
  expect(await server.kube({}, { access }).get(path, never)).toEqual(thing);
});

test("the pod's service account", async () => {
  const server = await serve(only(() => theToken));
  const root = folderFor();
  const folder = join(root, 'var/run/secrets/kubernetes.io/serviceaccount');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'token'), theToken);
  writeFileSync(join(folder, 'ca.crt'), server.ca);
  const access = { kind: 'in-cluster' } as const;
  expect(() => server.kube({ root }, { access })).toThrow('inCluster: this is no pod');
  vi.stubEnv('KUBERNETES_SERVICE_HOST', '127.0.0.1');
  vi.stubEnv('KUBERNETES_SERVICE_PORT', new URL(server.url).port);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  expect(await server.kube({ root }, { access }).get(path, never)).toEqual(thing);
});

test('tls-server-name, as, and a path before the API', async () => {
  const server = await serve(({ headers, url }, response) =>
    answer(
      response,
      headers['impersonate-user'] === 'kate' && url.pathname === `/fleet${path}` ? 200 : 400,
      thing,
    ),
  );
  const cluster = { server: `${server.url}/fleet/`, 'tls-server-name': 'localhost' };
  const access = accessOf(server.kubeconfig({ token: theToken, as: 'kate' }, cluster));
  expect(await server.kube({}, { access }).get(path, never)).toEqual(thing);
  const other = accessOf(server.kubeconfig(undefined, { 'tls-server-name': 'elsewhere' }));
  expect((await errorOf(server.kube({}, { access: other }).get(path, never))).message).toContain('elsewhere');
});

test.each([
  [
    { token: theToken },
    { 'insecure-skip-tls-verify': true },
    'wants the certificate unchecked (insecure-skip',
  ],
  [{ token: theToken }, { server: 'http://127.0.0.1:1' }, 'names a server without TLS'],
  [{ token: theToken }, { server: theToken }, 'names no server'],
  [{ token: theToken }, { 'proxy-url': `ftp://${theToken}@x` }, 'proxy-url in the kubeconfig names no proxy'],
  [{ 'auth-provider': { name: 'oidc', config: { x: theToken } } }, {}, 'has an auth-provider'],
  [{ username: 'kate', password: theToken }, {}, 'has a user name and password'],
  [{ token: theToken, 'as-groups': ['x'] }, {}, 'as-groups'],
  [{ exec: { apiVersion: 'client.authentication.k8s.io/v1alpha1', command: 'x' } }, {}, 'v1 or its v1beta1'],
  [{ exec: { apiVersion: 'client.authentication.k8s.io/v1' } }, {}, 'command: expected a text'],
  [
    { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'x', interactiveMode: 'Always' } },
    {},
    'needs a person',
  ],
])('what is refused in a kubeconfig is named, case %#', async (user, cluster, words) => {
  const text = kubeconfigOf({ server: 'https://127.0.0.1:1', ...cluster }, user);
  const error = await errorOf(Promise.resolve().then(() => managementKube({ access: accessOf(text) })));
  expect(error.message).toContain(words);
  expect(error.transient).toBe(false);
});

test.each([
  '',
  '{',
  '- a',
  `token: ${theToken}\n  x`,
  'contexts: [{name: a, context: {cluster: b, user: c}}]',
])('a text that is no kubeconfig is refused, case %#', async text => {
  const access = { ...accessOf(text), context: 'a' } as const;
  const error = await errorOf(Promise.resolve().then(() => managementKube({ access })));
  expect(error.message).toMatch(/^the kubeconfig (is not|has no)/);
});

/** A command that counts its runs in a file and prints what `status` in shell words says. */
const script = (body: string) => `#!/bin/sh\ncd "$(dirname "$0")"\necho run >>runs\n${body}\n`;
const printing = (status: string) =>
  script(
    `printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":%s}' ${status}`,
  );

async function byCommand(
  body: string,
  handler: Handler,
  exec: Record<string, unknown> = {},
  execTimeoutMs = 20_000,
) {
  const folder = folderFor({ login: body });
  const server = await serve(handler);
  const command = { apiVersion: 'client.authentication.k8s.io/v1', command: './login', ...exec };
  const access = accessOf(server.kubeconfig({ exec: command, token: 'passedBy' }), folder);
  const kube = server.kube({ execTimeoutMs }, { access });
  const runs = () => readFileSync(join(folder, 'runs'), 'utf8').trimEnd().split('\n').length;
  return { kube, runs, folder, server };
}

test('a command: run once for many, and again after 401', async () => {
  let good = 'first';
  const { kube, runs, folder } = await byCommand(
    printing(`"{\\"token\\":\\"$(cat token)\\"}"`),
    only(() => good),
  );
  writeFileSync(join(folder, 'token'), 'first');
  await Promise.all(Array.from({ length: 5 }, () => kube.get(path, never)));
  await kube.get(path, never);
  expect(runs()).toBe(1);
  good = 'second';
  writeFileSync(join(folder, 'token'), 'second');
  await Promise.all(Array.from({ length: 5 }, () => kube.get(path, never)));
  expect(runs()).toBe(2);
  good = 'third';
  expect((await errorOf(kube.get(path, never))).message).toContain("kubeconfig's command ./login logs in as");
  expect(runs()).toBe(3);
});

test('a command whose answer runs out is run again before that', async () => {
  const soon = new Date(Date.now() + 5_000).toISOString();
  const later = new Date(Date.now() + 600_000).toISOString();
  for (const [expires, expected] of [
    [soon, 2],
    [later, 1],
  ] as const) {
    const status = `'{"token":"${theToken}","expirationTimestamp":"${expires}"}'`;
    const { kube, runs } = await byCommand(
      printing(status),
      only(() => theToken),
    );
    await kube.get(path, never);
    await kube.get(path, never);
    expect(runs()).toBe(expected);
  }
});

test('a command gets its arguments, its environment and the cluster; it may answer with a certificate', async () => {
  const authority = await makeAuthority('clients');
  const { certPem, keyPem } = await makeClientPair('kate', 'lab', authority);
  const status = JSON.stringify({ clientCertificateData: certPem, clientKeyData: keyPem });
  const folder = folderFor({
    login: script('printf "%s" "$1 $CITY $KUBERNETES_EXEC_INFO" >told; cat answer'),
    answer: `{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":${status}}`,
  });
  const server = await serve(anyone, authority.certPem);
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: './login',
    args: ['for'],
    env: [{ name: 'CITY', value: 'Bern' }],
    provideClusterInfo: true,
  };
  await server.kube({}, { access: accessOf(server.kubeconfig({ exec }), folder) }).get(path, never);
  expect(server.asked[0]?.client).toBe('kate');
  const told = readFileSync(join(folder, 'told'), 'utf8');
  expect(told).toMatch(/^for Bern /);
  expect(JSON.parse(told.slice('for Bern '.length))).toMatchObject({
    apiVersion: 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    spec: { interactive: false, cluster: { server: server.url } },
  });
});

test.each([
  [script(`echo ${theToken} >&2; exit 3`), {}, 'failed (3): run it by hand', true],
  [script(`echo ${theToken}`), {}, 'printed no ExecCredential', false],
  [printing("'{}'"), {}, 'printed neither a token nor a certificate', false],
  [
    printing(`'{"token":"x"}'`).replace('k8s.io/v1', 'k8s.io/v1beta1'),
    {},
    'printed client.authentication',
    false,
  ],
  [script('head -c 2000000 /dev/zero'), {}, 'prints too much', true],
  [
    '',
    { command: './none', installHint: 'get it there', args: [theToken] },
    'cannot be run (ENOENT): get it',
    false,
  ],
])('a command that fails, case %#', async (body, exec, words, transient) => {
  const { kube, server } = await byCommand(body, anyone, exec);
  const error = await errorOf(kube.get(path, never));
  expect(error.message).toMatch(/^login: the kubeconfig's command \.\/\w+ /);
  expect(error.message).toContain(words);
  expect(error.transient).toBe(transient);
  expect(server.asked).toHaveLength(0);
});

/** A command that waits for a program of its own, which waits for ever. */
async function hanging(execTimeoutMs?: number) {
  const { kube, folder } = await byCommand(script(holding), anyone, {}, execTimeoutMs);
  return { kube, pipe: heldPipe(folder) };
}

test('a command that hangs is ended with all that it has started, and nobody need wait for it', async () => {
  const { kube, pipe } = await hanging(2_000);
  const giveUp = new AbortController();
  const given = errorOf(kube.get(path, giveUp.signal));
  const late = errorOf(kube.get(path, never));
  await pipe.held();
  giveUp.abort();
  expect((await given).message).toContain('given up');
  expect(await late).toMatchObject({
    transient: true,
    message: expect.stringContaining('not answered within 2 s'),
  });
  await pipe.released();
});

test('who closes ends a command that runs, with all that it has started', async () => {
  const { kube, pipe } = await hanging();
  const call = errorOf(kube.get(path, never));
  await pipe.held();
  await kube.close();
  expect(await call).toMatchObject({ transient: true, message: expect.stringContaining('was ended') });
  await pipe.released();
});

test('a process that exits ends the command that it waits for', async () => {
  const before = process.listeners('exit');
  const { kube, pipe } = await hanging();
  const call = errorOf(kube.get(path, never));
  await pipe.held();
  // As `process.exit` would; kill.test.ts has a signal, in earnest.
  for (const exit of process.listeners('exit').filter(one => !before.includes(one))) exit(0);
  await pipe.released();
  expect((await call).message).toContain('failed (SIGKILL)');
  expect(process.listeners('exit')).toEqual(before);
});

test('the proxy: of the settings, of the kubeconfig, of the environment, none', async () => {
  const server = await serve(anyone);
  const proxy = await startProxy();
  const target = new URL(server.url).host;
  const through = async (setting: string | undefined, proxyUrl?: string) => {
    proxy.tunnels.length = 0;
    const access = accessOf(
      server.kubeconfig(undefined, proxyUrl === undefined ? {} : { 'proxy-url': proxyUrl }),
    );
    const kube = server.kube({}, { access, ...(setting === undefined ? {} : { proxy: setting }) });
    expect(await kube.get(path, never)).toEqual(thing);
    await kube.close();
    return [...proxy.tunnels];
  };
  expect(await through(undefined)).toEqual([]);
  expect(await through(proxy.url)).toEqual([target]);
  expect(await through(undefined, proxy.url)).toEqual([target]);
  expect(await through('none', proxy.url)).toEqual([]);
  vi.stubEnv('HTTPS_PROXY', proxy.url);
  vi.stubEnv('NO_PROXY', '');
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  // Not used unless it is asked for, and never to this very machine.
  expect(await through(undefined)).toEqual([]);
  expect(await through('environment')).toEqual([]);
});

test('the proxy of the environment, and its exceptions', async () => {
  const proxy = await startProxy();
  vi.stubEnv('HTTPS_PROXY', proxy.url.replace('//', `//user:${theToken}@`));
  vi.stubEnv('NO_PROXY', '');
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  const text = kubeconfigOf({ server: 'https://fleet.invalid:6443' }, { token: theToken });
  const ask = async () => {
    const kube = managementKube({ access: accessOf(text), proxy: 'environment' });
    const error = await errorOf(kube.get(path, never));
    await kube.close();
    return error;
  };
  expect(await ask()).toMatchObject({
    transient: true,
    message: expect.stringContaining('no answer: proxy'),
  });
  expect(proxy.tunnels).toEqual(['fleet.invalid:6443']);
  vi.stubEnv('NO_PROXY', '.invalid');
  await ask();
  expect(proxy.tunnels).toHaveLength(1);
});

test('a proxy that is not there is named', async () => {
  const server = await serve(anyone);
  const kube = server.kube({}, { proxy: 'http://127.0.0.1:9' });
  const error = await errorOf(kube.get(path, never));
  expect(error.message).toContain('proxy 127.0.0.1:9 (from the setting proxy) is not reachable');
});

test('a server of another authority: what to compare', async () => {
  const server = await serve(anyone);
  const { certPem } = await makeAuthority('other');
  const text = server.kubeconfig(undefined, { 'certificate-authority-data': base64(certPem) });
  const error = await errorOf(server.kube({}, { access: accessOf(text) }).get(path, never));
  expect(error.message).toContain('is not the one that is trusted here: take a fresh kubeconfig or ca');
  expect(server.asked).toEqual([]);
});

test('a client certificate that is none, directly and through a proxy', async () => {
  const server = await serve((_asked, response) => answer(response, 200, {}));
  const proxy = await startProxy();
  const garbage = base64('no certificate at all');
  const access = accessOf(
    server.kubeconfig({ 'client-certificate-data': garbage, 'client-key-data': garbage }),
  );
  for (const setting of [proxy.url, 'none']) {
    const kube = server.kube({}, { access, proxy: setting });
    const { message } = await errorOf(kube.version(never));
    expect(message).toMatch(/^login: .*certificate/);
  }
});

test('who closes does not wait for a call that a renewed certificate has left on an old connection', async () => {
  const server = await serve((asked, response) => {
    if (asked.url.pathname !== '/hangs') answer(response, 200, {});
  });
  const connection = new Connection(undefined);
  const ask = (at: string, tls: object) => {
    const call = { method: 'GET', url: `${server.url}${at}`, headers: {} } as const;
    return connection.call(call, { ca: server.ca, ...tls }, 60_000, never);
  };
  const hanging = ask('/hangs', {}).catch(() => 'rejected');
  await eventually(() => server.asked.length === 1);
  expect((await ask('/answers', { serverName: 'localhost' })).status).toBe(200);
  await connection.close();
  expect(await Promise.race([hanging, pause(patience(10_000))])).toBe('rejected');
});
