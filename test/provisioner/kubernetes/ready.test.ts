/**
 * The proof behind the word "ready": which endpoint a kubeconfig leads to, what it is asked with whose login, and which
 * answer is believed. Real servers with real certificates.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, isIPv6 } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { askReady } from '../../../provisioner/src/kubernetes/ready.ts';
import {
  type Authority,
  makeAuthority,
  makeClientPair,
  makeServerPair,
} from '../../../simulator/ccp/certificates.ts';
import { programFile } from '../../fixtures/programs.ts';
import { base64, theToken } from '../platforms/fixtures/cluster-api-server.ts';
import { startProxy } from '../platforms/fixtures/connect-proxy.ts';

const never = new AbortController().signal;

/** What one of the servers answers: a status, or a page. Who has no login is told so. */
type Answers = (path: string, who: string) => number | 'page';

interface Place {
  url: string;
  close(): Promise<void>;
}

let authority: Authority;
let client: { certPem: string; keyPem: string };
let [own, named, six] = [] as unknown as [Place, Place, Place];
let answers: Answers = () => 200;
/** `own /readyz by token` */
const asked: string[] = [];

beforeAll(async () => {
  authority = await makeAuthority('kubernetes');
  client = await makeClientPair('kate', 'system:masters', authority);
  own = await serve('own', '127.0.0.1', '127.0.0.1');
  named = await serve('named', '127.0.0.1', 'api.example.net');
  six = await serve('six', '::1', '::1');
});
afterAll(() => Promise.all([own, named, six].map(place => place.close())));
beforeEach(() => {
  asked.length = 0;
  answers = () => 200;
});

async function serve(name: string, host: string, certified: string): Promise<Place> {
  const { certPem, keyPem } = await makeServerPair('kube-apiserver', [certified], authority);
  const tls = {
    cert: certPem,
    key: keyPem,
    ca: authority.certPem,
    requestCert: true,
    rejectUnauthorized: false,
  };
  const server = createServer(tls, (request, response) => {
    const who = callerOf(request);
    asked.push(`${name} ${request.url} by ${who}`);
    answer(response, answers(request.url ?? '', who));
  });
  server.on('tlsClientError', () => {});
  server.listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

function callerOf(request: IncomingMessage): string {
  const { CN: name } = (request.socket as TLSSocket).getPeerCertificate()?.subject ?? {};
  if (name !== undefined) return String(name);
  return request.headers.authorization === `Bearer ${theToken}` ? 'token' : 'nobody';
}

function answer(response: ServerResponse, status: number | 'page'): void {
  const type = status === 'page' ? 'text/html; charset=utf-8' : 'text/plain';
  response.writeHead(status === 'page' ? 200 : status, { 'content-type': type, location: '/elsewhere' });
  response.end(status === 'page' ? '<html>Welcome' : 'ok');
}

interface Change {
  cluster?: Record<string, unknown>;
  user?: Record<string, unknown>;
  more?: Record<string, unknown>;
}

/** A kubeconfig for `own`, with changes; an `undefined` leaves the field out. */
function kubeconfig({ cluster = {}, user = { token: theToken }, more = {} }: Change = {}): string {
  const ca = base64(authority.certPem);
  return stringify({
    clusters: [{ name: 'c', cluster: { server: own.url, 'certificate-authority-data': ca, ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
    ...more,
  });
}

const exec = {
  apiVersion: 'client.authentication.k8s.io/v1',
  command: 'aws-iam-authenticator',
  args: [theToken],
};
/** A hub, as Rancher is one: strangers get the same no for every cluster, also for those that are not there. */
const hub: Answers = (path, who) =>
  who === 'nobody' ? 401 : path === '/k8s/clusters/c-m-7/readyz' ? 200 : 404;
const knowsUsers: Answers = (_path, who) => (who === 'nobody' ? 403 : 200);
/** As Cluster API's in-memory provider. */
const noReadyz: Answers = path => (path === '/' ? 200 : 404);

interface Row {
  name: string;
  /** Called when the servers stand. */
  with: () => Change;
  answers?: Answers;
  /** What the servers heard. */
  asks: string[];
  /** Left out: believed to be ready. */
  says?: RegExp;
}

const table: Row[] = [
  { name: 'a token', with: () => ({}), answers: knowsUsers, asks: ['own /readyz by token'] },
  {
    name: "a client's certificate",
    with: () => ({
      user: { 'client-certificate-data': base64(client.certPem), 'client-key-data': base64(client.keyPem) },
    }),
    answers: knowsUsers,
    asks: ['own /readyz by kate'],
  },
  {
    name: 'a path in the URL, as in Rancher',
    with: () => ({ cluster: { server: `${own.url}/k8s/clusters/c-m-7/` } }),
    answers: hub,
    asks: ['own /k8s/clusters/c-m-7/readyz by token'],
  },
  {
    name: 'a path to a cluster that the hub does not have',
    with: () => ({ cluster: { server: `${own.url}/k8s/clusters/c-m-8` } }),
    answers: hub,
    asks: ['own /k8s/clusters/c-m-8/readyz by token', 'own /k8s/clusters/c-m-8/ by token'],
    says: /^readyz is not served, and \/ says 404$/,
  },
  {
    name: 'no authority, and no public one knows it',
    with: () => ({ cluster: { 'certificate-authority-data': undefined } }),
    asks: [],
    says: /certificate.* take a fresh kubeconfig or ca$/,
  },
  {
    name: "somebody else's authority",
    with: () => ({ cluster: { 'certificate-authority-data': base64(strangers) } }),
    asks: [],
    says: /certificate/,
  },
  {
    name: 'tls-server-name',
    with: () => ({ cluster: { server: named.url, 'tls-server-name': 'api.example.net' } }),
    asks: ['named /readyz by token'],
  },
  {
    name: 'a tls-server-name that the certificate does not have',
    with: () => ({ cluster: { 'tls-server-name': 'elsewhere.example.net' } }),
    asks: [],
    says: /does not match certificate's altnames/,
  },
  {
    name: 'the current context, the second of two',
    with: () => ({
      more: {
        clusters: [
          { name: 'a', cluster: { server: named.url } },
          {
            name: 'b',
            cluster: { server: own.url, 'certificate-authority-data': base64(authority.certPem) },
          },
        ],
        users: [
          { name: 'a', user: { token: 'another' } },
          { name: 'b', user: { token: theToken } },
        ],
        contexts: ['a', 'b'].map(name => ({ name, context: { cluster: name, user: name } })),
        'current-context': 'b',
      },
    }),
    answers: knowsUsers,
    asks: ['own /readyz by token'],
  },
  {
    name: 'IPv6',
    with: () => ({ cluster: { server: six.url } }),
    asks: ['six /readyz by token'],
  },
  {
    name: 'exec: the cluster itself says no to strangers',
    with: () => ({ user: { exec } }),
    answers: knowsUsers,
    asks: ['own /readyz by nobody'],
  },
  {
    name: 'exec, and no /readyz to tell without him',
    with: () => ({ user: { exec } }),
    answers: noReadyz,
    asks: ['own /readyz by nobody'],
    says: /^readyz says 404 without a login: the kubeconfig wants the command aws-iam-authenticator, which/,
  },
  {
    name: 'no /readyz',
    with: () => ({}),
    answers: noReadyz,
    asks: ['own /readyz by token', 'own / by token'],
  },
  {
    name: 'no /readyz, and a login that / does not take',
    with: () => ({ user: { token: 'old' } }),
    answers: path => (path === '/' ? 401 : 404),
    asks: ['own /readyz by nobody', 'own / by nobody'],
    says: /^readyz is not served, and \/ says 401$/,
  },
  {
    name: 'a login that is not accepted',
    with: () => ({ user: { token: 'old' } }),
    answers: () => 401,
    asks: ['own /readyz by nobody'],
    says: /^the kubeconfig's login is not accepted \(401\)$/,
  },
  {
    name: 'a user who may not know how it is',
    with: () => ({}),
    answers: () => 403,
    asks: ['own /readyz by token'],
  },
  {
    name: 'a portal that has a page for every path',
    with: () => ({}),
    answers: () => 'page',
    asks: ['own /readyz by token'],
    says: /^readyz says 200 with a page for people$/,
  },
  ...[302, 429, 500, 503].map(status => ({
    name: `an answer that is no yes, ${status}`,
    with: () => ({}),
    answers: () => status,
    asks: ['own /readyz by token'],
    says: new RegExp(`^readyz says ${status}$`),
  })),
  {
    name: 'insecure-skip-tls-verify',
    with: () => ({ cluster: { 'insecure-skip-tls-verify': true, 'certificate-authority-data': undefined } }),
    asks: [],
    says: /wants the certificate unchecked/,
  },
  {
    name: 'no user at all',
    with: () => ({ more: { users: [] } }),
    answers: () => 401,
    asks: ['own /readyz by nobody'],
  },
  {
    name: 'nobody who listens',
    with: () => ({ cluster: { server: 'https://127.0.0.1:1' } }),
    asks: [],
    says: /^connect ECONNREFUSED 127\.0\.0\.1:1$/,
  },
];
let strangers = '';
beforeAll(async () => {
  strangers = (await makeAuthority('kubernetes')).certPem;
});

test.each(table)('which endpoint is asked, and what is believed: $name', async row => {
  answers = row.answers ?? answers;
  const why = await askReady({ kubeconfig: kubeconfig(row.with()) }, never);
  if (row.says === undefined) expect(why).toBeUndefined();
  else expect(why).toMatch(row.says);
  expect(asked).toEqual(row.asks);
  expect(why ?? '').not.toContain(theToken);
});

test('proxy-url: the name is looked up behind it, and a port that is left out is 443', async () => {
  const proxy = await startProxy(new URL(named.url).host);
  const server = 'https://api.example.net';
  const through = kubeconfig({ cluster: { server, 'proxy-url': proxy.url } });
  expect(await askReady({ kubeconfig: through }, never)).toBeUndefined();
  expect(proxy.tunnels).toEqual(['api.example.net:443']);
  expect(asked).toEqual(['named /readyz by token']);
  const nowhere = kubeconfig({ cluster: { server, 'proxy-url': `http://u:${theToken}@127.0.0.1:1` } });
  const why = await askReady({ kubeconfig: nowhere }, never);
  expect(why).toMatch(/^proxy 127\.0\.0\.1:1 \(from proxy-url in the kubeconfig\) is not reachable/);
  expect(why).not.toContain(theToken);
});

test('a public authority: the system knows it, and a stranger\'s "no" proves nothing there', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'public-'));
  const ca = join(folder, 'ca.pem');
  writeFileSync(ca, authority.certPem);
  const ask = async (change: Change) => {
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: ca };
    const child = spawn(process.execPath, [programFile('ask-ready')], {
      env,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child.stdin.end(kubeconfig({ ...change, cluster: { 'certificate-authority-data': undefined } }));
    const [why] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    return why;
  };
  try {
    expect(await ask({})).toBe('');
    expect(asked).toEqual(['own /readyz by token']);
    answers = () => 401;
    expect(await ask({ user: { exec } })).toMatch(
      /^readyz says 401 without a login: the kubeconfig wants the/,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
