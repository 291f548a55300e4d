/** What the tests of v3 need besides lab.ts: a client, complete orders, and waiting for what comes later. */
import {
  sampleV3AciOrder,
  sampleV3CalicoOrder,
  sampleV3EksOrder,
} from '../../simulator/ccp/sample-order-v3.ts';
import type { CcpSimulator } from '../../simulator/ccp/simulator.ts';
import { caller, type Extras, type Reply, until } from './lab.ts';

export type Client = (method: string, path: string, extras?: Extras) => Promise<Reply>;

/** What the tests read of a v3 cluster. */
export interface V3ClusterJson {
  id: string;
  name: string;
  status: string;
  description: string;
  kubeconfig: string;
  master_vip: string;
  load_balancer_num: number;
  master_group: V3GroupJson;
  node_groups: V3GroupJson[];
}

export interface V3GroupJson {
  name: string;
  size: number;
  nodes: V3NodeJson[];
}

export interface V3NodeJson {
  name: string;
  status: string;
  phase: string;
  public_ip: string;
  private_ip: string;
  status_detail?: string;
  status_reason?: string;
}

/** A client that has logged in with JSON and sends the token. */
export async function loggedInV3(simulator: CcpSimulator): Promise<Client> {
  const json = { username: simulator.user, password: simulator.password };
  const login = await caller(simulator.caPem, simulator.url)('POST', '/v3/system/login', { json });
  return caller(simulator.caPem, simulator.url, { 'x-auth-token': String(login.headers['x-auth-token']) });
}

export function v3Calico(name: string, changes: object = {}) {
  const network_plugin_profile = { name: 'calico', details: { pod_cidr: '10.151.0.0/16' } };
  return { ...sampleV3CalicoOrder(), name, network_plugin_profile, ...changes };
}

export function v3Aci(name: string, routable_cidr: string, changes: object = {}) {
  return { ...sampleV3AciOrder(), name, routable_cidr, ...changes };
}

/** @param second the second part of the VPC's addresses, 10.`second`.0.0/16 */
export function v3Eks(name: string, second: number, changes: object = {}) {
  const part = (third: number) => `10.${second}.${third}.0/24`;
  const vpc_sizing = {
    subnet: `10.${second}.0.0/16`,
    public_subnets: [0, 1, 2].map(part),
    private_subnets: [10, 11, 12].map(part),
  };
  return { ...sampleV3EksOrder(), name, vpc_sizing, ...changes };
}

export const create = (call: Client, json: object) => call('POST', '/v3/clusters/', { json });

export const read = async (call: Client, id: string) =>
  (await call('GET', `/v3/clusters/${id}/`)).json<V3ClusterJson>();

/** Creates and waits until it is neither CREATING nor one of the stages of it. */
export async function createAndWait(call: Client, json: object): Promise<V3ClusterJson> {
  const { id } = (await create(call, json)).json<V3ClusterJson>();
  return until(
    () => read(call, id),
    cluster => !cluster.status.startsWith('CREATING'),
  );
}
