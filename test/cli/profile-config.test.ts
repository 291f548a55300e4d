/** An import into settings: what is in the file afterwards, and when it is left alone. */
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse, parseDocument } from 'yaml';
import { makeSite, writeProvisionerFile } from '../../cli/demo/site.ts';
import type { ImportOptions } from '../../cli/profile/import.ts';
import { SetupError } from '../../config/src/setup-error.ts';
import { loadConfig } from '../../provisioner/src/settings/config.ts';
import { pause, until } from '../fixtures/patience.ts';
import { aciBody, calicoBody, loggedIn, startLab } from '../simulator/ccp/fixtures/ccp.ts';
import { create, loggedInV3, v3Aci, v3Calico, v3Eks } from '../simulator/ccp/fixtures/v3-lab.ts';
import { importOf, payloadFile, v2Payload, v2Record } from './fixtures/profile-payloads.ts';
import { contents, dashbutton, modeOf, read, workshop, yaml } from './fixtures/workshop.ts';

const file = 'provisioner.yaml';

function importIn(dir: string, payload: unknown = v2Payload(), more: Partial<ImportOptions> = {}) {
  return importOf(payload, { config: join(dir, file), keepIds: true, name: 'big', ...more });
}

async function refusal(dir: string, payload?: unknown, more?: Partial<ImportOptions>): Promise<string> {
  const before = contents(dir);
  const error: unknown = await importIn(dir, payload, more).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(SetupError);
  expect(contents(dir)).toEqual(before);
  const { message } = error as SetupError;
  expect(message).not.toContain('hunter2');
  return message;
}

describe('a new profile', () => {
  test('is added; comments, order, mode and all else stay', async () => {
    const dir = workshop();
    const before = read(dir, file);
    const mode = modeOf(dir, file);
    const { out, notes } = await importIn(dir);
    expect(out).toContain('profile big added');
    expect(notes).not.toContain('Left to do');
    const after = read(dir, file);
    // Take the new lines out again: the old file is left.
    const at = after.indexOf('  big:\n');
    const rest = after.slice(at).search(/^\S/m);
    expect(normal(after.slice(0, at) + after.slice(at + rest))).toBe(normal(before));
    expect(after.slice(at, at + rest)).toMatch(/# Guessed .*\n {4}rangePool/);
    expect(yaml(dir, file).profiles.big.template.ssh_key).toMatch(/^ssh-ed25519 /);
    expect(after).not.toContain('hunter2');
    expect(modeOf(dir, file)).toBe(mode);
    expect(existsSync(join(dir, `${file}.lock`))).toBe(false);
  });

  test('takes the only platform there is, or the one that is said', async () => {
    const dir = workshop();
    await importIn(dir);
    expect(yaml(dir, file).profiles.big.platform).toBe('lab-ccp');
    const document = parseDocument(read(dir, file));
    document.setIn(['platforms', 'other'], document.getIn(['platforms', 'lab-ccp']));
    writeFileSync(join(dir, file), document.toString());
    expect(await refusal(dir, v2Payload(), { name: 'huge' })).toMatch(/--platform: there is lab-ccp, other$/);
    await importIn(dir, v2Payload(), { name: 'huge', platform: 'other' });
    expect(yaml(dir, file).profiles.huge.platform).toBe('other');
  });

  test('may be the first', async () => {
    for (const profiles of [{}, undefined, null]) {
      const dir = workshop();
      const settings = { ...yaml(dir, file), profiles, buttons: {} };
      writeFileSync(join(dir, file), JSON.stringify(settings));
      await importIn(dir);
      expect(Object.keys(yaml(dir, file).profiles)).toEqual(['big']);
    }
  });

  test('waits while somebody else is changing the file', async () => {
    const dir = workshop();
    const lock = join(dir, `${file}.lock`);
    writeFileSync(lock, '1\n');
    const before = read(dir, file);
    const importing = importIn(dir);
    await pause(200);
    expect(read(dir, file)).toBe(before);
    rmSync(lock);
    await importing;
    expect(yaml(dir, file).profiles).toHaveProperty('big');
  });
});

describe('a profile that is there', () => {
  test('is not touched without --replace', async () => {
    expect(await refusal(workshop(), v2Payload(), { name: 'house' })).toMatch(
      /has a profile house: .*--replace/,
    );
  });

  test('gets the new template with it, and keeps what a person has decided', async () => {
    const dir = workshop();
    const old = yaml(dir, file).profiles.house;
    const { notes, out } = await importIn(dir, v2Record(), { name: 'house', replace: true });
    expect(out).toContain('house has a new template');
    const { template, ...rest } = yaml(dir, file).profiles.house;
    const { template: oldTemplate, ...oldRest } = old;
    expect(rest).toEqual(oldRest);
    expect(template).not.toEqual(oldTemplate);
    expect(template.description).toBe('for the workshop');
    expect(notes).toMatch(/Stays as it was in profile house: platform, rangePool, rangePrefix/);
    expect(notes).not.toMatch(/room for 16/);
  });

  test('is not replaced where nothing is written', async () => {
    await expect(importOf(v2Payload(), { replace: true })).rejects.toThrow('--replace goes with --config');
  });
});

describe('settings are left alone', () => {
  test('when a place is still to be filled in', async () => {
    const message = await refusal(workshop(), v2Payload(), { keepIds: false });
    expect(message).toMatch(/was not changed, because these values were left out:/);
    expect(message).toMatch(/^ {2}profiles\.big\.template\.ssh_key: <SSH public key/m);
    expect(message).toMatch(
      /^ {2}profiles\.big\.template\.deployer\.provider\.vsphere_client_config_uuid: <uuid/m,
    );
    expect(message).toContain('--keep-ids');
    const hidden = await refusal(workshop(), v2Payload({ datacenter: '<your datacenter>' }));
    expect(hidden).toContain('profiles.big.template.datacenter');
  });

  test('when the profile would be wrong', async () => {
    expect(await refusal(workshop(), v2Payload({ masters: 3 }))).toContain('profiles.big.template.masters');
    expect(await refusal(workshop(), v2Payload(), { name: 'my house' })).toContain('my house');
    expect(await refusal(workshop(), v2Payload(), { platform: 'nowhere' })).toMatch(
      /no such platform; there is lab-ccp/,
    );
  });

  test('when they are wrong already, missing, or no settings', async () => {
    const dir = workshop();
    appendFileSync(join(dir, file), 'colour: blue\n');
    expect(await refusal(dir)).toContain('colour: there is no such setting');
    expect(await refusal(workshop({ settings: false }))).toMatch(/provisioner.yaml .*there is no such file/);
    writeFileSync(join(dir, file), 'site: [lab\n');
    expect(await refusal(dir)).toContain('is not YAML');
    for (const text of ['', '- a\n', 'platforms: 5\n']) {
      writeFileSync(join(dir, file), text);
      expect(await refusal(dir)).toMatch(/provisioner\.yaml/);
    }
    writeFileSync(join(dir, file), '');
    expect(await refusal(dir, v2Payload(), { platform: 'lab-ccp' })).toMatch(/provisioner\.yaml/);
  });
});

describe('an order that the simulator took', () => {
  /** Settings with every key and password that they name. */
  function lab(): { dir: string; config: string } {
    const dir = mkdtempSync(join(tmpdir(), 'dashbutton-import-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const site = makeSite({
      dir,
      site: 'lab',
      buttons: [{ name: 'house-01', profile: 'house', board: 'esp32-ssd1306' }],
    });
    const [caPem = ''] = rootCertificates;
    const platform = { url: 'https://127.0.0.1:8443', caPem, user: 'admin', password: 'x' };
    const config = writeProvisionerFile(site, { relayUrl: 'mqtt://127.0.0.1:1883', platform, expectS: 160 });
    return { dir, config };
  }

  /** Throws with every problem that the provisioner has with the settings. */
  async function expectCleanImport(payload: object): Promise<Record<string, unknown>> {
    const { config } = lab();
    await importOf(payload, { config, keepIds: true, name: 'big' });
    loadConfig(config);
    return parse(readFileSync(config, 'utf8')).profiles.big.template;
  }

  test('is imported on the command line, and the settings stay right', async () => {
    const { dir, config } = lab();
    const path = payloadFile(dir, v2Payload());
    const imported = await dashbutton(
      dir,
      'profile',
      'import',
      path,
      '--keep-ids',
      '--config',
      config,
      '--name',
      'big',
    );
    expect(imported).toMatchObject({ code: 0, stdout: expect.stringContaining('profile big added') });
    expect(await dashbutton(dir, 'provisioner', '--config', config, '--check')).toMatchObject({ code: 0 });
  });

  test("through v2, as sent and as told back, passes the provisioner's check", async () => {
    const simulator = await startLab();
    const call = await loggedIn(simulator);
    for (const order of [calicoBody(simulator, 'adas-1'), aciBody(simulator, 'adas-2', '10.99.5.0/24')]) {
      const reply = await call('POST', '/2/clusters', { json: order });
      expect(reply.status).toBe(201);
      const { name: _, network_plugin, ...rest } = order;
      const { details: __, ...plugin } = network_plugin;
      expect(await expectCleanImport(order)).toEqual({ ...rest, network_plugin: plugin });
      await expectCleanImport(reply.json<object>());
    }
  });

  test('through v3 as well', async () => {
    const simulator = await startLab();
    const call = await loggedInV3(simulator);
    for (const order of [v3Calico('adas-1'), v3Aci('adas-2', '10.99.5.0/24'), v3Eks('adas-3', 20)]) {
      const reply = await create(call, order);
      expect(reply.status).toBe(200);
      await expectCleanImport(order);
      const { id } = reply.json<{ id: string }>();
      const record = await until(async () => {
        const cluster = (await call('GET', `/v3/clusters/${id}/`)).json<{ status: string }>();
        return cluster.status === 'READY' ? cluster : undefined;
      }, 'the cluster');
      await expectCleanImport(record);
    }
  });
});

/** Without empty lines: whether one stands between blocks is the YAML library's taste. */
function normal(text: string): string {
  return parseDocument(text.replace(/\n{2,}/g, '\n')).toString({ lineWidth: 0 });
}
