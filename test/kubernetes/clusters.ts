/** Two clusters for the same tests: the simulator's API server, and a real one where there is one. */

import { Agent, request } from 'undici';
import { credentialsOf } from '../../provisioner/src/kubernetes/kubeconfig.ts';
import { startApiServer } from '../../simulator/ccp/api-server.ts';
import { ClusterIdentity } from '../../simulator/ccp/identity.ts';
import { kubeconfig } from '../../simulator/ccp/kubeconfig.ts';
import { assetsFolder, startRealApiServer } from './real-api-server.ts';

export interface TestCluster {
  access: { server: string; ca: string; kubeconfig: string };
  /** GET past the code under test. */
  get(path: string): Promise<{ status: number; json: Answer }>;
  /** Makes these the only nodes; `true` is Ready. */
  setNodes(ready: readonly boolean[]): Promise<void>;
  close(): Promise<void>;
}

/** What tests read of an object. */
export interface Answer {
  metadata: { name: string; resourceVersion: string; labels?: Record<string, string> };
  data?: Record<string, string>;
  spec?: Record<string, unknown>;
  items?: Answer[];
}

/** Name for the test's title, and how to start it; no `start` where there is none. */
export const clusters: readonly { name: string; start?: () => Promise<TestCluster> }[] = [
  { name: 'a simulated cluster', start: simulated },
  realCluster(),
];

async function simulated(): Promise<TestCluster> {
  const identity = new ClusterIdentity();
  let nodes: { name: string; isMaster: boolean; ready: boolean; address: string }[] = [];
  const server = await startApiServer({
    address: '127.0.0.1',
    bindAddress: false,
    identity,
    kubernetesVersion: '1.16.3',
    nodes: () => nodes,
  });
  const access = {
    server: server.url,
    ca: (await identity.authority()).certPem,
    kubeconfig: await kubeconfig(server.url, identity),
  };
  const caller = callerFor(access.kubeconfig);
  return {
    access,
    get: path => caller.call('GET', path),
    setNodes: async ready => {
      nodes = ready.map((is, i) => ({
        name: `node-${i}`,
        isMaster: i === 0,
        ready: is,
        address: '127.0.0.1',
      }));
    },
    close: async () => {
      await caller.close();
      await server.close();
    },
  };
}

function realCluster(): { name: string; start?: () => Promise<TestCluster> } {
  const assets = assetsFolder();
  const name = 'a real kube-apiserver';
  if (assets === undefined) return { name: `${name} (KUBEBUILDER_ASSETS names none)` };
  return {
    name,
    start: async () => {
      const { server, ca, kubeconfig, close } = await startRealApiServer(assets);
      const caller = callerFor(kubeconfig);
      return {
        access: { server, ca, kubeconfig },
        get: path => caller.call('GET', path),
        setNodes: async ready => {
          await caller.call('DELETE', '/api/v1/nodes');
          for (const [i, is] of ready.entries()) await caller.call('POST', '/api/v1/nodes', nodeFor(i, is));
        },
        close: async () => {
          await caller.close();
          await close();
        },
      };
    },
  };
}

/** As a kubelet registers itself: with its status. */
function nodeFor(i: number, ready: boolean) {
  const conditions = [{ type: 'Ready', status: ready ? 'True' : 'False' }];
  return { apiVersion: 'v1', kind: 'Node', metadata: { name: `node-${i}` }, status: { conditions } };
}

function callerFor(kubeconfig: string) {
  const { server, ca, client, token } = credentialsOf(kubeconfig);
  const dispatcher = new Agent({ connect: { ca, ...client } });
  return {
    call: async (method: 'GET' | 'POST' | 'DELETE', path: string, body?: object) => {
      const reply = await request(`${server}${path}`, {
        dispatcher,
        method,
        headers: {
          'content-type': 'application/json',
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        body: body === undefined ? null : JSON.stringify(body),
      });
      const json = (await reply.body.json()) as Answer;
      if (method !== 'GET' && reply.statusCode >= 300) throw new Error(`${path}: ${JSON.stringify(json)}`);
      return { status: reply.statusCode, json };
    },
    close: () => dispatcher.destroy(),
  };
}
