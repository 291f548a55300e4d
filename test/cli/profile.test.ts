/** What an import prints: the profile, and what it says about everything that is not in it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { inventory } from '../../simulator/ccp/inventory.ts';
import { sampleV3AciOrder, sampleV3EksOrder } from '../../simulator/ccp/sample-order-v3.ts';
import { v3Aci, v3Calico, v3Eks } from '../simulator/ccp/fixtures/v3-lab.ts';
import {
  importOf,
  payloadFile,
  publicKey,
  secrets,
  v2Payload,
  v2Record,
  v3Record,
} from './fixtures/profile-payloads.ts';
import { contents, dashbutton, workshop } from './fixtures/workshop.ts';

const uuidAnywhere = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}/;

function expectNoSecret(...outputs: string[]) {
  for (const output of outputs) {
    for (const secret of secrets) expect(output).not.toContain(secret);
    expect(output).not.toContain('hunter2');
  }
}

describe('a captured v2 order', () => {
  test('becomes a profile to paste, on the command line, and every other word goes to standard error', async () => {
    const dir = workshop({ settings: false });
    const path = payloadFile(dir, v2Payload());
    const { code, stdout, stderr } = await dashbutton(dir, 'profile', 'import', path, '--name', 'big');
    expect({ code, problems: stderr.match(/dashbutton: .*/)?.[0] }).toEqual({ code: 0, problems: undefined });
    const { big } = parse(`profiles:\n${stdout}`).profiles;
    expect(Object.keys(big)).toEqual([
      'platform',
      'rangePool',
      'rangePrefix',
      'expectS',
      'deadlineS',
      'template',
    ]);
    expect(big).toMatchObject({ platform: 'lab-ccp', rangePrefix: 16, expectS: 160, deadlineS: 1800 });
    expect(stdout).toMatch(/# Guessed .*\n {4}rangePool/);
    expect(stderr).toContain('This is a v2 order for vSphere.');
    expectNoSecret(stdout, stderr);
  });

  test('loses what the press brings, what is secret, and what is not needed; each is named', async () => {
    const { out, notes, template, problems } = await importOf(v2Payload());
    expect(problems).toBeUndefined();
    expectNoSecret(out, notes);
    for (const key of [
      'name',
      'ssh_password',
      'harbor_admin_server_password',
      'ntp_servers',
      'aci_profile_uuid',
    ]) {
      expect(template).not.toHaveProperty(key);
    }
    expect(template).toMatchObject({
      type: 1,
      description: 'for the workshop',
      workers: 2,
      network_plugin: { name: 'calico', status: '' },
      labels: [{ key: 'team', value: 'ada' }],
      registries_root_ca: [''],
    });
    expect(template.network_plugin).not.toHaveProperty('details');
    expect(template.deployer).not.toHaveProperty('proxy_cmd');
    const dropped = (reason: string) =>
      notes
        .match(new RegExp(`^  ${reason} +(.*)$`, 'm'))?.[1]
        ?.split(', ')
        .sort();
    expect(dropped('secret')).toEqual([
      'deployer.provider.client_config.password',
      'harbor_admin_server_password',
      'labels[1]',
      'ssh_password',
    ]);
    expect(dropped('comes from the press')).toEqual([
      'description (its end)',
      'name',
      'network_plugin.details',
    ]);
    expect(dropped('not needed')).toEqual(['deployer.provider.client_config', 'deployer.proxy_cmd']);
    expect(dropped('nothing in it')).toEqual(['aci_profile_uuid', 'ntp_servers']);
  });

  test('leaves out uuids and keys, marks their places, and says so of each', async () => {
    const { out, notes, template } = await importOf(v2Payload());
    expect(out).not.toMatch(uuidAnywhere);
    expect(out).not.toContain(publicKey);
    expect(template).toMatchObject({
      provider_client_config_uuid: '<uuid of the provider: dashbutton doctor lists them>',
      ingress_vip_pool_id: '<uuid of the subnet: dashbutton doctor lists them>',
      ssh_key: expect.stringMatching(/^<SSH public key: /),
      deployer: {
        provider: { vsphere_client_config_uuid: expect.stringMatching(/^<uuid of the provider: /) },
      },
    });
    for (const path of [
      'provider_client_config_uuid',
      'ingress_vip_pool_id',
      'node_ip_pool_uuid',
      'deployer.provider.vsphere_client_config_uuid',
    ]) {
      expect(notes).toMatch(new RegExp(`^  ${path} +uuid of the \\w+: left out`, 'm'));
    }
    expect(notes).toMatch(/^ {2}ssh_key +SSH public key: left out/m);
    expect(notes).toContain('Left to do: put your own values into the 5 places marked <…>');
  });

  test('keeps them with --keep-ids', async () => {
    const { notes, template } = await importOf(v2Payload(), { keepIds: true });
    expect(template).toMatchObject({
      provider_client_config_uuid: inventory.provider.uuid,
      ingress_vip_pool_id: inventory.subnet.uuid,
      ssh_key: publicKey,
    });
    expect(notes).toMatch(/^ {2}ssh_key +SSH public key: kept/m);
    expect(notes).not.toMatch(/left out|Left to do/);
  });

  test('takes another key from a file, and no private one', async () => {
    const dir = workshop({ settings: false });
    const other = publicKey.replace(/ demo$/, ' ada@example.net');
    const sshKey = join(dir, 'id.pub');
    writeFileSync(sshKey, `${other}\r\n`);
    const { notes, template } = await importOf(v2Payload(), { sshKey });
    expect(template.ssh_key).toBe(other);
    expect(notes).toMatch(/^ {2}ssh_key +SSH public key: put in/m);
    writeFileSync(sshKey, '-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2\n');
    await expect(importOf(v2Payload(), { sshKey })).rejects.toThrow(/^--ssh-key \S+ is a private key[^\n]*$/);
    writeFileSync(sshKey, 'ssh-rsa hunter2 hunter2');
    await expect(importOf(v2Payload(), { sshKey })).rejects.toThrow(
      /is no public key: expected one line[^\n]*$/,
    );
  });

  test.each([
    ['-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----'],
    ['ssh-rsa aHVudGVyMmh1bnRlcjI= behind a public name'],
    ['hunter2'],
    [`${publicKey}\nhunter2`],
    [{ hunter2: 'hunter2' }],
  ])('never keeps what is no public key in the place of one (%#)', async ssh_key => {
    const { out, notes, template } = await importOf(v2Payload({ ssh_key }), { keepIds: true });
    expect(template.ssh_key).toMatch(/^<SSH public key/);
    expect(notes).toMatch(/^ {2}ssh_key +SSH public key: dropped: it is no public key/m);
    expectNoSecret(out, notes);
    expect(out).not.toContain('aHVudGVyMmh1bnRlcjI');
  });

  test('of ACI is understood, too', async () => {
    const aci = {
      aci_profile_uuid: inventory.aciProfile.uuid,
      ingress_vip_pool_id: undefined,
      node_ip_pool_uuid: undefined,
      load_balancer_ip_num: undefined,
      network_plugin: { name: 'contiv-aci', status: '', details: '{"node_vlan_cidr":"10.99.5.0/24"}' },
    };
    const { profile, template, problems } = await importOf(v2Payload(aci));
    expect(problems).toBeUndefined();
    expect(profile).toMatchObject({ rangePool: '10.99.0.0/20', rangePrefix: 24 });
    expect(template.aci_profile_uuid).toMatch(/^<uuid of the ACI profile: /);
  });

  test("that is a whole record loses the platform's answers, in one line", async () => {
    const { out, notes, template, problems } = await importOf(v2Record(), { keepIds: true });
    expect(problems).toBeUndefined();
    expectNoSecret(out, notes);
    const fresh = await importOf(v2Payload(), { keepIds: true });
    expect(template).toEqual({ ...fresh.template, network_plugin: { name: 'calico' } });
    expect(notes).toMatch(/an answer of the platform.* uuid, state, master_vip, ccp_public_ssh_key, nodes/);
    expect(notes).toMatch(/^ {2}secret .*ccp_private_ssh_key/m);
    expect(notes).toMatch(/^ {2}secret .*nodes\[0\]\.cloud_init_data/m);
  });

  test('that the provisioner would refuse is printed, with its problems', async () => {
    const { problems } = await importOf(v2Payload({ masters: 3, workers: 0 }));
    expect(problems?.message).toContain('profiles.house.template.masters: expected 1');
    expect(problems?.message).toContain('profiles.house.template.workers');
    expect(problems?.message).not.toContain('uuid');
    const wrongName = await importOf(v2Payload(), { name: 'my house' });
    expect(wrongName.problems?.message).toContain('my house');
  });

  test('keeps fields that nobody knows, and says which', async () => {
    const { notes, template } = await importOf(v2Payload({ colour: 'blue', '\u001b[2J': 1 }));
    expect(template).toMatchObject({ colour: 'blue' });
    expect(notes).toMatch(/look at them: colour, "\\u001b\[2J"/);
    expect(notes).not.toContain('\u001b');
  });

  test('gets its old description back without what a press has added', async () => {
    const description = 'lab - dash button house-01, press 7 - 10.151.0.0/16';
    expect((await importOf(v2Payload({ description }))).template.description).toBe('lab');
    expect((await importOf(v2Payload({ description: '10.151.0.0/16' }))).template).not.toHaveProperty(
      'description',
    );
  });
});

describe('a captured v3 order', () => {
  test('of vSphere with Calico', async () => {
    const { notes, profile, template, problems } = await importOf(v3Calico('adas-test'));
    expect(problems).toBeUndefined();
    expect(profile).toMatchObject({
      rangePool: '10.144.0.0/12',
      rangePrefix: 16,
      expectS: 160,
      deadlineS: 1800,
    });
    expect(template).toMatchObject({
      provider: '<uuid of the provider: dashbutton doctor lists them>',
      subnet_id: '<uuid of the subnet: dashbutton doctor lists them>',
      master_group: { ssh_key: expect.stringMatching(/^<SSH/), size: 1, gpus: [] },
    });
    expect(template.network_plugin_profile).toEqual({ name: 'calico', details: {} });
    expect(notes).toContain('a create payload has no add-ons; name them in the profile: addOns:');
    expect(notes).toMatch(/^ {2}node_groups\[0\]\.ssh_key +SSH public key: left out/m);
  });

  test('of vSphere with ACI', async () => {
    const { profile, template, problems } = await importOf(v3Aci('adas-test', '10.140.2.0/24'), {
      keepIds: true,
    });
    expect(problems).toBeUndefined();
    expect(profile).toMatchObject({ rangePool: '10.140.0.0/20', rangePrefix: 24 });
    expect(template).toEqual(sampleV3AciOrder());
  });

  test('of EKS', async () => {
    const { out, notes, profile, template, problems } = await importOf(v3Eks('adas-test', 20));
    expect(problems).toBeUndefined();
    expect(out).toMatch(/^ {2}cloud:$/m);
    expect(profile).toMatchObject({
      rangePool: '10.16.0.0/12',
      rangePrefix: 16,
      expectS: 900,
      deadlineS: 3600,
    });
    const { access_role_arn, provider, ssh_keys, ...rest } = sampleV3EksOrder();
    expect(template).toMatchObject(rest);
    expect(template).not.toHaveProperty('vpc_sizing');
    expect(out).not.toContain('123456789012');
    expect([access_role_arn, provider, ...ssh_keys].filter(one => out.includes(one))).toEqual([]);
    expect(notes).toMatch(/^ {2}access_role_arn +ARN of the role: left out/m);
    expect((await importOf(v3Eks('adas-test', 20), { keepIds: true })).template).toEqual(sampleV3EksOrder());
  });

  test('that is a whole record', async () => {
    const { out, notes, template, problems } = await importOf(v3Record(), { keepIds: true });
    expect(problems).toBeUndefined();
    expectNoSecret(out, notes);
    const fresh = await importOf(v3Calico('adas-test'), { keepIds: true });
    expect(template).toEqual({ ...fresh.template });
    for (const path of ['kubeconfig', 'kubernetes_config_secret', 'docker_http_proxy', 'spec.ssh_password']) {
      expect(notes).toMatch(new RegExp(`^  secret .*\\b${path.replace('.', '\\.')}\\b`, 'm'));
    }
    expect(notes).toMatch(/master_group\.nodes, node_groups\[0\]\.nodes/);
  });

  test('never has add-ons in it', async () => {
    const { notes, template } = await importOf(v3Calico('adas-test', { addons: [{ name: 'ccp-monitor' }] }));
    expect(template).not.toHaveProperty('addons');
    expect(notes).toMatch(/add-ons are a setting of the profile: addOns +addons/);
  });
});

describe('the range', () => {
  const rangeOf = async (details: unknown) => {
    const { profile, notes, problems } = await importOf(
      v2Payload({ network_plugin: { name: 'calico', details } }),
    );
    expect(problems).toBeUndefined();
    return { pool: profile.rangePool, prefix: profile.rangePrefix, notes };
  };

  test.each([
    ['10.151.0.0/16', '10.144.0.0/12', 16],
    ['10.20.30.0/24', '10.20.16.0/20', 24],
    ['192.168.165.32/27', '192.168.164.0/23', 27],
    // Fewer than 16 fit into the private network.
    ['192.168.64.0/18', '192.168.0.0/16', 18],
    // All of a private network: a bigger one, or smaller ranges of it.
    ['192.168.0.0/16', '172.16.0.0/12', 16],
    ['172.16.0.0/12', '172.16.0.0/12', 16],
    ['10.0.0.0/8', '10.0.0.0/8', 12],
    // Not private, but seen in laboratories.
    ['172.200.0.0/16', '172.192.0.0/12', 16],
    ['11.0.0.0/8', '11.0.0.0/8', 12],
    // Nothing to go by: the example's.
    ['10.0.0.0/30', '172.16.0.0/12', 20],
    ['0.0.0.0/0', '172.16.0.0/12', 20],
    ['fd00::/64', '172.16.0.0/12', 20],
    ['garbage', '172.16.0.0/12', 20],
  ])('%s makes the pool %s of ranges /%i', async (captured, pool, prefix) => {
    expect(await rangeOf(JSON.stringify({ pod_cidr: captured }))).toMatchObject({ pool, prefix });
    expect(await rangeOf({ pod_cidr: captured })).toMatchObject({ pool, prefix });
  });

  test.each([
    ['172.16.0.0/12', ['172.17.0.0/16'], /, without Docker's own network 172\.17\.0\.0\/16/],
    ['172.16.0.0/20', undefined, /around the captured range/],
    ['172.16.0.0/17', ['172.17.0.0/16'], /, without Docker's own network/],
    ['172.17.0.0/24', undefined, /; 172\.17\.0\.0\/16 is Docker's own network/],
    ['10.151.0.0/16', undefined, /around the captured range/],
  ])('%s never proposes what is Docker’s', async (captured, exclude, words) => {
    const { profile, notes, problems } = await importOf(
      v2Payload({ network_plugin: { name: 'calico', details: { pod_cidr: captured } } }),
    );
    expect(problems).toBeUndefined();
    expect(profile.exclude).toEqual(exclude);
    expect(notes).toMatch(words);
  });

  test('is missing, or its details are no JSON', async () => {
    for (const details of ['{', undefined, 5, '[]', 'null']) {
      expect(await rangeOf(details)).toMatchObject({ pool: '172.16.0.0/12', prefix: 20 });
    }
  });

  test('of an EKS cluster has to be a VPC', async () => {
    for (const [subnet, pool, prefix] of [
      ['10.0.0.0/12', '172.16.0.0/12', 20],
      ['10.1.2.0/26', '172.16.0.0/12', 20],
      ['10.0.0.0/16', '10.0.0.0/12', 16],
    ] as const) {
      const { profile, problems } = await importOf({ ...v3Eks('x', 1), vpc_sizing: { subnet } });
      expect({ problems, ...profile }).toMatchObject({ rangePool: pool, rangePrefix: prefix });
      expect(problems).toBeUndefined();
    }
  });

  test("is said to be a guess, and the default's pool is explained", async () => {
    const around = await rangeOf('{"pod_cidr":"10.151.0.0/16"}');
    expect(around.notes).toMatch(
      /Guessed, confirm each:[\s\S]*rangePool +10\.144\.0\.0\/12: around .* room for 16 clusters/,
    );
    const whole = await rangeOf('{"pod_cidr":"192.168.0.0/16"}');
    expect(whole.notes).toMatch(
      /the platform's default\) is all of its private network.* enough for one cluster/,
    );
    const foreign = await rangeOf('{"pod_cidr":"172.200.0.0/16"}');
    expect(foreign.notes).toContain('these addresses are not private ones (RFC 1918)');
  });
});

test('changes no file when it only prints', async () => {
  const dir = workshop();
  const path = payloadFile(dir, v2Payload());
  const before = contents(dir);
  await importOf(v2Payload(), { payload: path });
  expect(contents(dir)).toEqual(before);
});
