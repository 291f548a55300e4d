/** What of a kubeconfig that a platform gives is used, and what is refused; login.test.ts has the operator's own. */
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { PlatformError } from '../../../provisioner/src/common/platform.ts';
import { accessOf } from '../../../provisioner/src/kubernetes/endpoint.ts';
import { readKubeconfig } from '../../../provisioner/src/kubernetes/kubeconfig.ts';

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

/** Cluster and user. */
function read(text: string) {
  const { cluster, user } = readKubeconfig(text);
  return { cluster, ...user() };
}

function errorOf(text: string): PlatformError {
  try {
    read(text);
  } catch (error) {
    expect(error).toBeInstanceOf(PlatformError);
    return error as PlatformError;
  }
  throw new Error('it was taken');
}

test('what the parser only warns of is shown to nobody: its words hold a line of the text', async () => {
  const warnings: string[] = [];
  const heard = (warning: Error) => warnings.push(warning.message);
  process.on('warning', heard);
  try {
    errorOf(`users:\n- name: me\n  user: { token: !secret ${secret} }\n`);
    await new Promise(resolve => setImmediate(resolve));
  } finally {
    process.off('warning', heard);
  }
  expect(warnings).toEqual([]);
});

test("takes the current context's cluster and user", () => {
  const two = { name: 'two', server: cluster.server, skipTLSVerify: false, caData: base64('the authority') };
  expect(read(kubeconfig())).toEqual({ cluster: two, user: { name: 'me', token: secret } });
  const data = { 'client-certificate-data': base64('cert'), 'client-key-data': base64('key') };
  const more = {
    'tls-server-name': 'kubernetes',
    'proxy-url': 'http://proxy:3128',
    server: `${two.server}/a/`,
  };
  expect(read(kubeconfig({ user: data, cluster: more }))).toEqual({
    cluster: {
      ...two,
      server: `${two.server}/a`,
      tlsServerName: 'kubernetes',
      proxyUrl: 'http://proxy:3128',
    },
    user: { name: 'me', certData: base64('cert'), keyData: base64('key') },
  });
  expect(accessOf(kubeconfig())).toMatchObject({ address: '10.0.0.1', server: cluster.server });
});

test('a long authority may stand on several lines, and a public one nowhere', () => {
  const lines = base64('the authority').replace(/(.{5})/g, '$1\n');
  const caOf = (data: string) =>
    readKubeconfig(kubeconfig({ cluster: { 'certificate-authority-data': data } })).cluster.caData;
  expect(caOf(lines)).toBe(base64('the authority'));
  expect(caOf('')).toBeUndefined();
});

test('what is refused of the user leaves the server known', () => {
  const text = kubeconfig({ user: { exec: { command: 'aws-iam-authenticator' } } });
  expect(readKubeconfig(text).cluster.server).toBe(cluster.server);
  expect(accessOf(text).server).toBe(cluster.server);
});

test('empty fields, as some writers leave them, are no reason to refuse', () => {
  const user = { token: secret, exec: null, 'client-certificate': '', username: '' };
  expect(() => read(kubeconfig({ user, cluster: { 'insecure-skip-tls-verify': false } }))).not.toThrow();
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
    /has an auth-provider, which Kubernetes has given up/,
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
  [
    'a login in the URL',
    { cluster: { server: `https://me:${secret}@10.0.0.1` } },
    /more than host, port and path/,
  ],
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
  ['a password', { user: { username: 'me', password: secret } }, /has a user name and password/],
  ['another user', { user: { token: secret, as: 'root' } }, /act as somebody else/],
])('refuses %s for good, and tells no secret', (_name, change, message) => {
  const error = errorOf(kubeconfig(change));
  expect(error.message).toMatch(message);
  expect(error.transient).toBe(false);
  expect(`${error.message} ${error.stack} ${String(error.cause)}`).not.toContain(secret);
});

test.each([
  ['no YAML', `a: [${secret}`, /is not YAML/],
  ['nothing', '', /is not a kubeconfig/],
  ['a list', `- ${secret}`, /is not a kubeconfig/],
  ['no current context', kubeconfig({ more: { 'current-context': '' } }), /has no current-context/],
  ['no contexts', kubeconfig({ more: { contexts: secret } }), /has no context b/],
  ['a context that is not there', kubeconfig({ more: { 'current-context': 'c' } }), /has no context c/],
  [
    'a context whose cluster is not there',
    kubeconfig({ more: { 'current-context': 'a' } }),
    /has no cluster for the context a/,
  ],
  ['no user', kubeconfig({ more: { users: [] } }), /has no user for the context b/],
  [
    'an authority that is none',
    kubeconfig({ cluster: { 'certificate-authority-data': '%' } }),
    /wrong certificate-authority-data/,
  ],
  ['no server', kubeconfig({ cluster: { server: '' } }), /names no server/],
  ['no login', kubeconfig({ user: {} }), /neither a token nor a certificate/],
  ['half a login', kubeconfig({ user: { 'client-key-data': base64(secret) } }), /neither a token nor/],
  ['a login that cannot be read', kubeconfig({ user: { token: 5 } }), /wrong token/],
])('%s may be mended a moment later', (_name, text, message) => {
  const error = errorOf(text);
  expect(error.message).toMatch(message);
  expect(error.transient).toBe(true);
  expect(`${error.message} ${error.stack}`).not.toContain(secret);
});
