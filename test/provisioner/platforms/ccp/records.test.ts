/** Records as the platform writes them (documented shapes, values of our own), and what the driver makes of them. */
import { expect, test } from 'vitest';
import type { Template } from '../../../../provisioner/src/common/platform.ts';
import { addressOf } from '../../../../provisioner/src/kubernetes/endpoint.ts';
import { wordsOf } from '../../../../provisioner/src/platforms/ccp/answer-text.ts';
import * as v2 from '../../../../provisioner/src/platforms/ccp/v2/cluster.ts';
import type { V2Template } from '../../../../provisioner/src/platforms/ccp/v2/template.ts';
import * as v3 from '../../../../provisioner/src/platforms/ccp/v3/cluster.ts';
import { vpcSizing } from '../../../../provisioner/src/platforms/ccp/v3/vpc.ts';
import {
  sampleV3AciOrder,
  sampleV3CalicoOrder,
  sampleV3EksOrder,
} from '../../../../simulator/ccp/sample-order-v3.ts';
import { requestOf, targetOf } from '../fixtures/ccp-platform.ts';

/** Section 3.2: absent values are "" or null; the list has no nodes. */
const v2Record = (change: object): v2.V2Cluster => ({
  uuid: 'u-1',
  provider_client_config_uuid: 'p-1',
  aci_profile_uuid: '',
  name: 'dash01-143530',
  description: 'mine - 192.168.0.0/16',
  workers: 2,
  masters: 1,
  type: 1,
  state: 'READY',
  template: '',
  ssh_user: 'ccpuser',
  ssh_password: 'hunter2',
  ssh_key: 'ssh-ed25519 AAAA',
  labels: null,
  nodes: null,
  Infra: null,
  network_plugin: { name: 'calico', status: '', details: '{"pod_cidr":"192.168.0.0/16"}' },
  ccp_private_ssh_key: '-----BEGIN',
  ...change,
});

const v2Sight = { id: 'u-1', description: 'mine - 192.168.0.0/16' };

test.each([
  [{ state: 'READY' }, { kind: 'ready' }],
  [{ state: 'DELETING' }, { kind: 'deleting' }],
  [{ state: 'deleted' }, { kind: 'deleting' }],
  [{ state: 'ERROR' }, { kind: 'failed', message: 'cluster is in state ERROR' }],
  [{ state: 'create_failed' }, { kind: 'failed', message: 'cluster is in state create_failed' }],
  [{ state: 'DELETE_FAILED' }, { kind: 'failed', message: 'cluster is in state DELETE_FAILED' }],
  [
    { state: 'ERROR', nodes: [{ error_log: '' }, { error_log: 'no\nip' }] },
    { kind: 'failed', message: 'no ip' },
  ],
  [
    { state: 'PROVISIONING', nodes: [{ state: 'READY', is_master: true }, { state: 'PROVISIONED' }] },
    { kind: 'building', phase: 'provisioning nodes 1/3', done: 3, total: 6 },
  ],
  [{ state: null }, { kind: 'building', phase: 'provisioning nodes 0/3', done: 0, total: 6 }],
  [{ state: 'UPGRADING' }, { kind: 'building', phase: 'upgrading 0/3', done: 0, total: 6 }],
])('a record of v2 is understood: %j', (change, expected) => {
  const record = v2.clusterSchema.parse(v2Record(change));
  expect(v2.observationOf(record, 3)).toEqual({ ...v2Sight, ...expected });
});

test('v2: nodes of garbage are none; Calico has a VIP, ACI the master’s address', () => {
  const garbage = v2.clusterSchema.parse(v2Record({ state: 'X', nodes: [7, null], description: null }));
  expect(v2.observationOf(garbage, 3)).toMatchObject({ kind: 'building', done: 0, description: '' });
  expect(v2.masterAddress(v2Record({ master_vip: '10.0.0.1' }))).toBe('10.0.0.1');
  const nodes = [{ public_ip: '10.0.0.3' }, { is_master: true, public_ip: '10.0.0.2' }];
  expect(v2.masterAddress(v2Record({ master_vip: '', nodes }))).toBe('10.0.0.2');
  expect(v2.masterAddress(v2Record({ master_vip: null, nodes: null }))).toBeUndefined();
});

test('v2: the key of the range is chosen for each cluster, and garbage is passed over', () => {
  const plugin = (name: unknown, details: unknown) => ({ network_plugin: { name, details } });
  expect(
    v2.rangesOf([
      plugin('calico', '{"pod_cidr":"192.168.0.0/16"}'),
      plugin('contiv-aci', '{"node_vlan_cidr":"192.168.165.0/24","pod_cidr":"10.0.0.0/8"}'),
      plugin('contiv-vpp', { pod_cidr: '10.1.0.0/16' }),
      plugin('calico', 'not json'),
      plugin('calico', '[]'),
      plugin('calico', '{"pod_cidr":7}'),
      plugin(['calico'], ''),
      plugin('other', '{"pod_cidr":"10.9.0.0/16"}'),
      { network_plugin: null, description: 'dash button, press 1 - 10.2.0.0/16' },
      { network_plugin: 7, description: 'somebody - else' },
      null,
      7,
      [],
    ]),
  ).toEqual(['192.168.0.0/16', '192.168.165.0/24', '10.1.0.0/16', '10.2.0.0/16']);
});

const v3Template = { ...sampleV3CalicoOrder() } as Template;

/** Section 4.2. */
const v3Record = (change: object): v3.V3Cluster => ({
  id: 'i-1',
  type: 'vsphere',
  name: 'team-a',
  status: 'CREATING',
  kubeconfig: '',
  description: 'ours',
  master_group: { name: 'master-group', size: 1, nodes: [] },
  node_groups: [{ name: 'node-group', size: 2, nodes: null }],
  network_plugin_profile: { name: 'calico', details: { pod_cidr: '10.1.0.0/16', typhaReplicas: 1 } },
  ...change,
});

const v3Sight = { id: 'i-1', description: 'ours' };
const running = { name: 'n', phase: 'Running', status: 'READY' };

test.each([
  [{}, { kind: 'building', phase: 'creating nodes 0/3', done: 0, total: 3 }],
  [{ status: null }, { kind: 'building', phase: 'creating nodes 0/3', done: 0, total: 3 }],
  [
    {
      master_group: { nodes: [running] },
      node_groups: [{ nodes: [{ phase: 'CreationPending' }, { status: 'READY' }] }],
    },
    { kind: 'building', phase: 'creating nodes 2/3', done: 2, total: 3 },
  ],
  [
    { node_groups: [{ nodes: [running, running] }, { nodes: [running, running] }, 7, { nodes: 'x' }] },
    { kind: 'building', phase: 'creating nodes 4/4', done: 4, total: 4 },
  ],
  [{ status: 'UPGRADING' }, { kind: 'building', phase: 'upgrading 0/3', done: 0, total: 3 }],
  [{ status: 'READY' }, { kind: 'ready' }],
  [{ status: 'Ready' }, { kind: 'ready' }],
  [{ status: 'NOT_READY' }, { kind: 'building', phase: 'not ready 0/3', done: 0, total: 3 }],
  [{ status: 'DELETING' }, { kind: 'deleting' }],
  [{ status: 'delete_requested' }, { kind: 'deleting' }],
  [{ status: 'ERROR' }, { kind: 'failed', message: 'cluster is in state ERROR' }],
  [
    { status: 'ERROR', status_reason: 'no quota' },
    { kind: 'failed', message: 'no quota' },
  ],
  [
    {
      status: 'Failed',
      status_detail: 'see nodes',
      node_groups: [{ nodes: [{ status_detail: 'fine' }, { phase: 'Failed', status_reason: 'disk\tfull' }] }],
    },
    { kind: 'failed', message: 'disk full' },
  ],
])('a record of v3 on vSphere is understood: %j', (change, expected) => {
  const record = v3.clusterSchema.parse(v3Record(change));
  expect(v3.observationOf(record, v3Template)).toEqual({ ...v3Sight, ...expected });
});

test.each([
  ['CREATING', 'creating', 0, 4],
  ['CREATING_VPC', 'creating vpc', 1, 4],
  ['Creating_master', 'creating master', 2, 4],
  ['CREATING_WORKERS', 'creating workers', 3, 4],
  ['WAITING_FOR_SOMETHING_VERY_LONG', 'waiting for something ve', 0, 0],
])('a record of EKS is understood: %s', (status, phase, done, total) => {
  const template = sampleV3EksOrder();
  const seen = v3.observationOf(v3Record({ status }), template);
  expect(seen).toEqual({ ...v3Sight, kind: 'building', phase, done, total });
});

test('how many steps are expected', () => {
  const { node_groups, ...rest } = sampleV3CalicoOrder();
  const three = { ...rest.master_group, size: 3 };
  expect(v3.stepsOf(v3Template)).toBe(3);
  expect(v3.stepsOf({ ...rest, master_group: three, node_groups: [...node_groups, ...node_groups] })).toBe(7);
  expect(v3.stepsOf(sampleV3EksOrder())).toBe(4);
  expect(v2.nodesOf({ masters: 1, workers: 4 } as V2Template)).toBe(5);
});

test('v3: ranges by each cluster’s own network, from the echo, or from our mark', () => {
  const spec = { network_plugin_profile: { name: 'calico', details: { pod_cidr: '10.5.0.0/16' } } };
  expect(
    v3.rangesOf([
      v3Record({}),
      {
        network_plugin_profile: { name: 'contiv-aci', details: { pod_cidr: '10.9.0.0/16' } },
        routable_cidr: '10.2.0.0/24',
      },
      { vpc_sizing: { subnet: '10.3.0.0/16', public_subnets: [] } },
      { network_plugin_profile: { name: 'calico', details: '{"pod_cidr":"10.4.0.0/16"}' } },
      { spec },
      { type: 'eks', description: 'press 7 - 10.6.0.0/20' },
      { spec: 7, vpc_sizing: [], network_plugin_profile: { details: { pod_cidr: 7 } } },
      null,
      'x',
    ]),
  ).toEqual(['10.1.0.0/16', '10.2.0.0/24', '10.3.0.0/16', '10.4.0.0/16', '10.5.0.0/16', '10.6.0.0/20']);
});

test('v3: ids by name; two of one name are two, one listed twice is one', () => {
  const list = [
    null,
    { id: 'a', name: 'x' },
    { id: 'b', name: 'y' },
    { id: '', name: 'x' },
    { id: 'a', name: 'x' },
  ];
  expect(v3.idsOf(list, 'x')).toEqual(['a']);
  expect(v3.idsOf([...list, { id: 'c', name: 'x' }], 'x')).toEqual(['a', 'c']);
  expect(v3.idsOf(list, 'z')).toEqual([]);
});

test('what goes out: name, description and range in the place of each network', () => {
  const order = (template: Template) =>
    requestOf(targetOf('n', { ...template, description: 'lab' }), '10.1.0.0/16');
  const calico = v3.payloadFor(
    order({ ...v3Template, network_plugin_profile: { name: 'calico', details: { x: 1 } } }),
  );
  expect(calico).toMatchObject({
    name: 'n',
    description: 'lab - dash button house-01, press 1 of n - 10.1.0.0/16',
    network_plugin_profile: { name: 'calico', details: { x: 1, pod_cidr: '10.1.0.0/16' } },
  });
  expect(calico).not.toHaveProperty('routable_cidr');
  const aci = { ...sampleV3AciOrder(), network_plugin_profile: { name: 'contiv-aci' } };
  expect(v3.payloadFor(order(aci))).toMatchObject({
    routable_cidr: '10.1.0.0/16',
    network_plugin_profile: { name: 'contiv-aci', details: {} },
  });
  expect(v3.payloadFor(order(sampleV3EksOrder()))).toMatchObject({ vpc_sizing: vpcSizing('10.1.0.0/16') });
});

test('a range becomes a VPC of three public and three private subnets', () => {
  expect(vpcSizing('10.1.0.0/16')).toEqual({
    subnet: '10.1.0.0/16',
    public_subnets: ['10.1.0.0/19', '10.1.32.0/19', '10.1.64.0/19'],
    private_subnets: ['10.1.96.0/19', '10.1.128.0/19', '10.1.160.0/19'],
  });
  expect(vpcSizing('10.1.2.128/25').private_subnets).toEqual([
    '10.1.2.176/28',
    '10.1.2.192/28',
    '10.1.2.208/28',
  ]);
  for (const range of ['10.0.0.0/15', '10.0.0.0/26', 'x', '10.0.0.0', 'fd00::/20']) {
    expect(() => vpcSizing(range)).toThrow(/is no VPC: expected \/16 to \/25/);
  }
});

test.each([
  ['', '400: no words'],
  ['<html><h1>Bad Gateway</h1></html>', '400: no words'],
  ['no room\n\tin the lab \u00e4', '400: no room in the lab'],
  ['{"detail": "Not found."}', '400: Not found.'],
  [
    '{"name": ["taken"], "node_groups": [{"size": ["too big", "odd"]}]}',
    '400: name: taken; node_groups: size: too big odd',
  ],
  ['{"non_field_errors": ["no"], "message": "yes"}', '400: no; yes'],
  ['{"ssh_key": ["required"], "password": "hunter2"}', '400: ssh_key: required'],
  ['["one", "two"]', '400: one; two'],
  ['{}', '400: no words'],
  ['{"a": {"b": {"c": {"d": {"e": "deep"}}}}}', '400: no words'],
  [JSON.stringify(v2Record({ state: 'ERROR' })), '400: cluster is in state ERROR'],
])('words of %s', (body, expected) => {
  expect(wordsOf({ status: 400, headers: {}, body })).toBe(expected);
});

test('words are short, whatever comes', () => {
  const long = wordsOf({ status: 500, headers: {}, body: 'x'.repeat(100_000) });
  expect(long).toHaveLength(205);
  expect(long.endsWith('..')).toBe(true);
});

test('an address is what a person would type, and never too long for a status', () => {
  expect(addressOf('https://10.0.0.1:6443', '10.0.0.2')).toBe('10.0.0.2');
  expect(addressOf('https://10.0.0.1:7443')).toBe('10.0.0.1:7443');
  const eks = (region: string) =>
    `${'0123456789ABCDEF'.repeat(2).toLowerCase()}.gr7.${region}.eks.amazonaws.com`;
  expect(addressOf(`https://${eks('us-west-2')}`)).toBe(eks('us-west-2'));
  const cut = addressOf(`https://${eks('ap-southeast-1')}:443/`);
  expect(cut).toHaveLength(64);
  expect(cut.endsWith('..')).toBe(true);
});
