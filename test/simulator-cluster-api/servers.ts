/** Two API servers for the same tests: the simulator's, and a real one where there is one. */
import { parse } from 'yaml';
import { type Rule, startClusterApiSimulator } from '../../simulator/cluster-api/simulator.ts';
import { assetsFolder, startRealApiServer } from '../kubernetes/real-api-server.ts';
import { Client, clustersPath, namespace, until } from './client.ts';
import { clusterCrd } from './cluster-crd.ts';

export interface TestServer {
  client: Client;
  /** False: the release is too old to know `fieldValidation` (before 1.23). */
  validatesFields: boolean;
  /** The token of somebody with these rights in the namespace and no others. Called once in a server's life. */
  limited(rules: readonly Rule[]): Promise<string>;
  close(): Promise<void>;
}

/** Name for the test's title, and how to start it; no `start` where there is none. */
export const servers: readonly { name: string; start?: () => Promise<TestServer> }[] = [
  { name: 'the simulator', start: simulated },
  realServer(),
];

async function simulated(): Promise<TestServer> {
  const simulator = await startClusterApiSimulator({ namespace, controllers: false });
  const client = new Client(simulator.url, simulator.ca, simulator.token);
  return {
    client,
    validatesFields: true,
    limited: async rules => simulator.addAccount({ name: 'limited', rules }),
    close: async () => {
      await client.close();
      await simulator.close();
    },
  };
}

function realServer(): { name: string; start?: () => Promise<TestServer> } {
  const assets = assetsFolder();
  const name = 'a real kube-apiserver';
  if (assets === undefined) return { name: `${name} (KUBEBUILDER_ASSETS names none)` };
  return { name, start: () => startReal(assets) };
}

async function startReal(assets: string): Promise<TestServer> {
  const real = await startRealApiServer(assets);
  const client = new Client(real.server, real.ca, tokenIn(real.tokenKubeconfig));
  const close = async () => {
    await client.close();
    await real.close();
  };
  try {
    await must(client, '/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace },
    });
    await must(client, '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', clusterCrd);
    await until(async () => (await client.get(clustersPath())).status === 200);
    const { minor } = (await client.get('/version')).json as unknown as { minor: string };
    const limited = async (rules: readonly Rule[]) => {
      await grant(client, rules);
      return tokenIn(real.strangerKubeconfig);
    };
    return { client, validatesFields: Number.parseInt(minor, 10) >= 25, limited, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function grant(client: Client, rules: readonly Rule[]): Promise<void> {
  const path = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const apiGroup = 'rbac.authorization.k8s.io';
  const metadata = { name: 'limited' };
  await must(client, `${path}/roles`, { apiVersion, kind: 'Role', metadata, rules });
  await must(client, `${path}/rolebindings`, {
    apiVersion,
    kind: 'RoleBinding',
    metadata,
    roleRef: { apiGroup, kind: 'Role', name: 'limited' },
    subjects: [{ apiGroup, kind: 'User', name: 'stranger' }],
  });
}

async function must(client: Client, path: string, body: object): Promise<void> {
  const { status, text } = await client.call('POST', path, { body });
  if (status !== 201) throw new Error(`${path}: ${status} ${text}`);
}

function tokenIn(kubeconfig: string): string {
  const { users } = parse(kubeconfig) as { users: { user: { token: string } }[] };
  return users[0]?.user.token ?? '';
}
