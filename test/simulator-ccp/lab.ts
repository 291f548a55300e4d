/** What every test of the platform simulator needs: a running one, a client, and bodies of creates. */
import { randomInt } from 'node:crypto';
import { Agent, request } from 'undici';
import { onTestFinished } from 'vitest';
import { sampleOrder } from '../../simulator/ccp/sample-order.ts';
import {
  type CcpSimulator,
  type CcpSimulatorOptions,
  startCcpSimulator,
} from '../../simulator/ccp/simulator.ts';

/** 160 s become 20 ms. */
export const fast = 8000;

/**
 * A block of addresses that no other test is likely to have: several test runs on one machine would otherwise meet
 * at port 6443 of the same address.
 */
export function anyPool(): string {
  return `127.${randomInt(100, 250)}.${randomInt(16) * 16}.0/20`;
}

/** A simulator that ends with the test. By default a fast one whose clusters can be read by name at once. */
export async function startLab(options: CcpSimulatorOptions = {}): Promise<CcpSimulator> {
  const simulator = await startCcpSimulator({
    speed: fast,
    visibleAfterMs: 0,
    addressPool: anyPool(),
    ...options,
  });
  onTestFinished(() => simulator.close());
  return simulator;
}

/** What the tests read of a cluster. */
export interface ClusterJson {
  uuid: string;
  name: string;
  state: string;
  workers: number;
  master_vip: string;
  ingress_vips: string[];
  network_plugin: { name: string; status: string; details: string };
  nodes: NodeJson[];
}

export interface NodeJson {
  name: string;
  is_master: boolean;
  state: string;
  public_ip: string;
  private_ip: string;
  error_log: string;
}

export interface Reply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  /** The text parsed. Throws when it is no JSON. */
  json: <T = ClusterJson>() => T;
}

export interface Extras {
  json?: unknown;
  body?: string;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** Calls a server that shows exactly this certificate, or one signed by it. */
export function caller(ca: string, base: string, common: Record<string, string> = {}) {
  const dispatcher = new Agent({ connect: { ca } });
  onTestFinished(() => dispatcher.destroy());
  return async (method: string, path: string, extras: Extras = {}): Promise<Reply> => {
    const { json, body = json === undefined ? null : JSON.stringify(json), headers, signal } = extras;
    const type: Record<string, string> = json === undefined ? {} : { 'content-type': 'application/json' };
    const reply = await request(`${base}${path}`, {
      dispatcher,
      method: method as 'GET',
      headers: { ...common, ...type, ...headers },
      body,
      ...(signal === undefined ? {} : { signal }),
    });
    const text = await reply.body.text();
    return { status: reply.statusCode, headers: reply.headers, text, json: () => JSON.parse(text) };
  };
}

/** A login with a form body, as the 2019 scripts sent it. */
export function formLogin(user: string, password: string): Extras {
  return {
    body: new URLSearchParams({ username: user, password }).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  };
}

/** A client that has logged in and sends the token. */
export async function loggedIn(simulator: CcpSimulator) {
  const anonymous = caller(simulator.caPem, simulator.url);
  const login = await anonymous('POST', '/2/system/login', formLogin(simulator.user, simulator.password));
  return caller(simulator.caPem, simulator.url, { 'x-auth-token': String(login.headers['x-auth-token']) });
}

/** Asks again and again until `done` says yes; fails after some seconds of nothing. */
export async function until<T>(look: () => T | Promise<T>, done: (value: T) => boolean): Promise<T> {
  for (let i = 0; i < 500; i++) {
    const value = await look();
    if (done(value)) return value;
    await new Promise(resolve => setTimeout(resolve, 5));
  }
  throw new Error('it did not happen within seconds');
}

/** The smallest create with Calico that has every required field. */
export function calicoBody(simulator: CcpSimulator, name: string, changes: object = {}) {
  return {
    ...sampleOrder(),
    name,
    ingress_vip_pool_id: simulator.inventory.subnet.uuid,
    load_balancer_ip_num: 1,
    network_plugin: { name: 'calico', status: '', details: '{"pod_cidr":"10.151.0.0/16"}' },
    ...changes,
  };
}

/** The same with ACI. */
export function aciBody(simulator: CcpSimulator, name: string, nodeCidr: string, changes: object = {}) {
  return {
    ...sampleOrder(),
    name,
    networks: [],
    aci_profile_uuid: simulator.inventory.aciProfile.uuid,
    network_plugin: {
      name: 'contiv-aci',
      status: '',
      details: JSON.stringify({ node_vlan_cidr: nodeCidr }),
    },
    ...changes,
  };
}
