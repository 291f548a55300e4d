/** What of a kubeconfig is used, and what is refused. */
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { clientFor } from '../../provisioner/src/kubernetes/client.ts';
import { credentialsOf } from '../../provisioner/src/kubernetes/kubeconfig.ts';
import { PlatformError } from '../../provisioner/src/platforms/platform.ts';

const secret = 'c2VjcmV0LXRoaW5n'; // "secret-thing"
const base64 = (text: string) => Buffer.from(text).toString('base64');
const cluster = { server: 'https://10.0.0.1:6443', 'certificate-authority-data': base64('the authority') };

function kubeconfig(change: { cluster?: object; user?: object; more?: object } = {}): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'b',
    contexts: [
      { name: 'a', context: { cluster: 'none', user: 'none' } },
      { name: 'b', context: { cluster: 'two', user: 'me' } },
    ],
    clusters: [
      { name: 'one', cluster: { server: 'https://10.0.0.9' } },
      { name: 'two', cluster: { ...cluster, ...change.cluster } },
    ],
    users: [{ name: 'me', user: change.user ?? { token: secret } }],
    ...change.more,
  });
}

function errorOf(text: string): PlatformError {
  try {
    credentialsOf(text);
  } catch (error) {
    expect(error).toBeInstanceOf(PlatformError);
    return error as PlatformError;
  }
  throw new Error('it was taken');
}

test("takes the current context's cluster and user", () => {
  expect(credentialsOf(kubeconfig())).toEqual({
    server: cluster.server,
    ca: 'the authority',
    token: secret,
  });
  const user = { 'client-certificate-data': base64('cert'), 'client-key-data': base64('key') };
  expect(credentialsOf(kubeconfig({ user, cluster: { 'tls-server-name': 'kubernetes' } }))).toEqual({
    server: cluster.server,
    ca: 'the authority',
    serverName: 'kubernetes',
    client: { cert: 'cert', key: 'key' },
  });
});

test('empty fields, as some writers leave them, are no reason to refuse', () => {
  const user = { token: secret, exec: null, 'client-certificate': '', username: '' };
  expect(() =>
    credentialsOf(kubeconfig({ user, cluster: { 'insecure-skip-tls-verify': false } })),
  ).not.toThrow();
});

test.each([
  [
    'a command',
    { user: { exec: { command: 'aws-iam-authenticator', args: [secret] } } },
    /wants the command aws-iam-authenticator, which is not run here; switch/,
  ],
  ['a command beside a token', { user: { token: secret, exec: { command: 'sh' } } }, /wants the command sh,/],
  ['a command that is none', { user: { exec: [secret] } }, /wants the command \(none\)/],
  [
    'a plug-in',
    { user: { 'auth-provider': { name: 'gcp', config: { key: secret } } } },
    /wants the login plug-in gcp, which is not run here/,
  ],
  [
    'no check of the certificate',
    { cluster: { 'insecure-skip-tls-verify': true } },
    /wants the certificate unchecked/,
  ],
  [
    'a file for the authority',
    { cluster: { 'certificate-authority': `/etc/${secret}` } },
    /names a file for the authority/,
  ],
  ['a proxy', { cluster: { 'proxy-url': `http://${secret}@127.0.0.1` } }, /wants a proxy/],
  ['no TLS', { cluster: { server: 'http://10.0.0.1' } }, /without TLS/],
  ['a file for the token', { user: { tokenFile: '/etc/passwd' } }, /names a file for the token/],
  [
    'the same as the library spells it',
    { user: { 'token-file': '/etc/passwd' } },
    /names a file for the token/,
  ],
  [
    'a file for the certificate',
    { user: { token: secret, 'client-certificate': '/x' } },
    /names a file for the certificate/,
  ],
  ['a file for the key', { user: { token: secret, 'client-key': '/x' } }, /names a file for the key/],
  ['a password', { user: { username: 'me', password: secret } }, /by name and password/],
  ['another user', { user: { token: secret, as: 'root' } }, /act as somebody else/],
])('refuses %s for good, and tells no secret', (_name, change, message) => {
  const error = errorOf(kubeconfig(change));
  expect(error.message).toMatch(message);
  expect(error.transient).toBe(false);
  expect(`${error.message} ${error.stack} ${String(error.cause)}`).not.toContain(secret);
});

test.each([
  ['no YAML', `a: [${secret}`, /is not YAML/],
  ['nothing', '', /has no current context/],
  ['no current context', kubeconfig({ more: { 'current-context': '' } }), /has no current context/],
  ['a context that is not there', kubeconfig({ more: { 'current-context': 'c' } }), /has no current context/],
  [
    'a context whose cluster is not there',
    kubeconfig({ more: { 'current-context': 'a' } }),
    /has no current context/,
  ],
  [
    'no authority',
    kubeconfig({ cluster: { 'certificate-authority-data': '' } }),
    /with the data of its authority/,
  ],
  ['no server', kubeconfig({ cluster: { server: '' } }), /names no https server/],
  ['no login', kubeconfig({ user: {} }), /neither a token nor a certificate/],
  ['half a login', kubeconfig({ user: { 'client-key-data': base64(secret) } }), /neither a token nor/],
  ['a login that cannot be read', kubeconfig({ user: { token: 5 } }), /cannot be read/],
])('%s may be mended a moment later', (_name, text, message) => {
  const error = errorOf(text);
  expect(error.message).toMatch(message);
  expect(error.transient).toBe(true);
  expect(`${error.message} ${error.stack}`).not.toContain(secret);
});

test('the cluster has to be the one that was asked whether it is ready', async () => {
  const access = { kubeconfig: kubeconfig(), server: 'https://10.0.0.1:6443/', ca: 'the authority\n' };
  await clientFor(access).close();
  for (const other of [{ server: 'https://10.0.0.9:6443' }, { ca: 'another authority' }]) {
    expect(() => clientFor({ ...access, ...other })).toThrow(/for another server or authority/);
  }
});
