/** Enrolling, giving new keys, revoking: what is in the files afterwards, and what is not in the output. */
import {
  appendFileSync,
  chmodSync,
  existsSync,
  lstatSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { enroll } from '../../cli/enroll/enroll.ts';
import { revoke } from '../../cli/enroll/revoke.ts';
import { readUsers } from '../../relay/src/users.ts';
import { verify } from '../../relay/src/verifier.ts';
import {
  contents,
  dashbutton,
  device,
  modeOf,
  read,
  secretsIn,
  wifiPassword,
  workshop,
  yaml,
} from './workshop.ts';

const nobody = () => Promise.reject(new Error('nobody is to be asked'));

function enrollIn(
  dir: string,
  button = 'desk',
  more: { rekey?: boolean; wifi?: string } = {},
): Promise<string> {
  const at = (name: string) => join(dir, name);
  const files = { users: at('users.yaml'), config: at('provisioner.yaml'), out: at(`${button}.device.json`) };
  const first = more.rekey ? {} : { site: 'lab', profile: 'house', wifi: at('wifi.yaml') };
  return enroll({ button, ...files, ...first, ...more }, nobody);
}

const revokeIn = (dir: string, button = 'desk') =>
  revoke({ button, users: join(dir, 'users.yaml'), config: join(dir, 'provisioner.yaml') });

function expectNoSecret(dir: string, ...outputs: string[]) {
  const secrets = secretsIn(dir);
  expect(secrets.length).toBeGreaterThan(4);
  for (const secret of secrets) for (const output of outputs) expect(output).not.toContain(secret);
}

describe('a first enrolment', () => {
  it('makes every file, on the command line', async () => {
    const dir = workshop();
    const ended = await dashbutton(dir, 'enroll', 'desk', '--profile', 'house', '--wifi', 'wifi.yaml');
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toContain('dashbutton flash desk');
    for (const name of ['desk.device.json', 'desk.key', 'site.key', 'relay.password', 'users.yaml']) {
      expect([name, modeOf(dir, name).toString(8)]).toEqual([name, '600']);
    }
    expect(Object.keys(contents(dir)).sort()).toEqual(
      [
        'desk.device.json',
        'desk.key',
        'provisioner.yaml',
        'relay.password',
        'site.key',
        'users.yaml',
        'wifi.yaml',
      ].sort(),
    );
    expectNoSecret(dir, ended.stdout, ended.stderr);
  });

  it('gives both sides the same keys', async () => {
    const dir = workshop();
    await enrollIn(dir);
    const { key, siteKey, relay, wifi, board } = device(dir);
    expect(`${key}\n`).toBe(read(dir, 'desk.key'));
    expect(`${siteKey}\n`).toBe(read(dir, 'site.key'));
    expect(board).toBe('heltec-wifi-kit-32');
    expect(relay).toMatchObject({ host: 'relay.example.net', port: 8883, tls: true });
    expect(wifi).toEqual([{ ssid: 'Ada phone', password: wifiPassword }]);
    const users = readUsers(join(dir, 'users.yaml'));
    expect([...users.values()].map(user => [user.name, user.role, user.site])).toEqual([
      ['lab', 'provisioner', 'lab'],
      ['desk', 'button', 'lab'],
    ]);
    expect(await verify(users.get('desk')?.verifier ?? '', relay.password)).toBe(true);
    expect(await verify(users.get('lab')?.verifier ?? '', read(dir, 'relay.password').trim())).toBe(true);
    expect(yaml(dir, 'provisioner.yaml').buttons.desk).toEqual({ profile: 'house', keyFile: 'desk.key' });
  });

  it('without settings prints what belongs there', async () => {
    const dir = workshop({ settings: false });
    const out = join(dir, 'desk.device.json');
    const files = {
      users: join(dir, 'users.yaml'),
      config: join(dir, 'lab.yaml'),
      wifi: join(dir, 'wifi.yaml'),
    };
    const relay = 'mqtt://relay:1884';
    const said = await enroll(
      { button: 'desk', site: 'lab', profile: 'cloud', relay, out, ...files },
      nobody,
    );
    expect(said).toContain('desk: { profile: cloud, keyFile: desk.key }');
    expect(said).toContain('siteKeyFile: lab.site.key');
    expect(existsSync(files.config)).toBe(false);
    expect(device(dir).relay).toMatchObject({ host: 'relay', port: 1884, tls: false });
    expectNoSecret(dir, said);
  });

  it('asks for the Wi-Fi only when everything else is right', async () => {
    const dir = workshop();
    const files = { users: join(dir, 'users.yaml'), config: join(dir, 'provisioner.yaml') };
    const out = join(dir, 'desk.device.json');
    const asked: string[] = [];
    const ask = async () => {
      asked.push('asked');
      return [{ ssid: 'Café', password: '' }];
    };
    await expect(enroll({ button: 'desk', profile: 'none', ...files, out }, ask)).rejects.toThrow(
      'no such profile',
    );
    expect(asked).toEqual([]);
    const said = await enroll({ button: 'desk', profile: 'house', ...files, out }, ask);
    expect(asked).toEqual(['asked']);
    expect(said).toContain('"Café" has letters beyond ASCII');
    // One 8-bit character per byte that is on the air, in a file of ASCII.
    expect(device(dir).wifi).toEqual([{ ssid: 'Caf\xc3\xa9', password: '' }]);
    expect(read(dir, 'desk.device.json')).toMatch(/^[\n -~]*$/);
  });
});

describe('the files of others', () => {
  it('keep their comments, their entries and their modes', async () => {
    const dir = workshop();
    const comments = (name: string) => read(dir, name).match(/#.*/g);
    const settingsComments = comments('provisioner.yaml');
    await enrollIn(dir, 'first');
    const users = `# who may connect\n${read(dir, 'users.yaml')}  # the last line\n`;
    writeFileSync(join(dir, 'users.yaml'), users);
    chmodSync(join(dir, 'users.yaml'), 0o640);
    chmodSync(join(dir, 'provisioner.yaml'), 0o644);
    const old = yaml(dir, 'provisioner.yaml');
    const siteKey = read(dir, 'site.key');

    await enrollIn(dir, 'second');
    expect(comments('users.yaml')).toEqual(['# who may connect', '# the last line']);
    expect(comments('provisioner.yaml')).toEqual(settingsComments);
    expect(settingsComments?.length).toBeGreaterThan(10);
    expect(read(dir, 'users.yaml')).toContain(users.split('\n').slice(0, 5).join('\n'));
    expect(modeOf(dir, 'users.yaml')).toBe(0o640);
    expect(modeOf(dir, 'provisioner.yaml')).toBe(0o644);
    const { second, ...others } = yaml(dir, 'provisioner.yaml').buttons;
    expect({ ...yaml(dir, 'provisioner.yaml'), buttons: others }).toEqual(old);
    expect(second.keyFile).toBe('second.key');
    expect(read(dir, 'site.key')).toBe(siteKey);
    expect([...readUsers(join(dir, 'users.yaml')).keys()]).toEqual(['lab', 'first', 'second']);
  });

  it('stay links when they are links', async () => {
    const dir = workshop();
    renameSync(join(dir, 'provisioner.yaml'), join(dir, 'real.yaml'));
    symlinkSync('real.yaml', join(dir, 'provisioner.yaml'));
    await enrollIn(dir);
    expect(lstatSync(join(dir, 'provisioner.yaml')).isSymbolicLink()).toBe(true);
    expect(yaml(dir, 'real.yaml').buttons.desk).toBeDefined();
  });

  it('lose nobody when six are enrolled at once', async () => {
    const dir = workshop();
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const more = names.map(name =>
      dashbutton(dir, 'enroll', name, '--profile', 'house', '--wifi', 'wifi.yaml'),
    );
    for (const ended of await Promise.all(more)) expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect([...readUsers(join(dir, 'users.yaml')).keys()].sort()).toEqual([...names, 'lab'].sort());
    expect(Object.keys(yaml(dir, 'provisioner.yaml').buttons)).toEqual(expect.arrayContaining(names));
    const siteKeys = names.map(name => device(dir, name).siteKey);
    expect(new Set(siteKeys).size).toBe(1);
    expect(Object.keys(contents(dir)).filter(name => /\.(lock|new)$/.test(name))).toEqual([]);
  });
});

describe('--rekey', () => {
  it('changes every key and nothing else', async () => {
    const dir = workshop();
    writeFileSync(join(dir, 'wifi.yaml'), `- { ssid: Café, password: ${wifiPassword} }\n`);
    await enrollIn(dir);
    expect(device(dir).wifi[0].ssid).toBe('Caf\xc3\xa9');
    const settings = read(dir, 'provisioner.yaml');
    const old = { device: device(dir), secrets: secretsIn(dir), users: readUsers(join(dir, 'users.yaml')) };
    appendFileSync(join(dir, 'users.yaml'), '# kept\n');
    const said = await enrollIn(dir, 'desk', { rekey: true });
    expect(said).toContain('new keys');
    expect(said).toContain('flash desk');
    const now = device(dir);
    expect(now.key).not.toBe(old.device.key);
    expect(now.relay.password).not.toBe(old.device.relay.password);
    expect(now).toMatchObject({
      siteKey: old.device.siteKey,
      wifi: old.device.wifi,
      board: old.device.board,
    });
    expect(`${now.key}\n`).toBe(read(dir, 'desk.key'));
    const users = readUsers(join(dir, 'users.yaml'));
    expect(await verify(users.get('desk')?.verifier ?? '', now.relay.password)).toBe(true);
    expect(await verify(users.get('desk')?.verifier ?? '', old.device.relay.password)).toBe(false);
    expect(users.get('lab')).toEqual(old.users.get('lab'));
    expect(read(dir, 'users.yaml')).toContain('# kept');
    expect(read(dir, 'provisioner.yaml')).toBe(settings);
    for (const secret of old.secrets) expect(said).not.toContain(secret);
    expectNoSecret(dir, said);
  });

  it('is needed for a button that is there, and refused for one that is not', async () => {
    const dir = workshop();
    await expect(enrollIn(dir, 'desk', { rekey: true })).rejects.toThrow('leave --rekey out');
    await enrollIn(dir);
    const before = contents(dir);
    await expect(enrollIn(dir)).rejects.toThrow(/desk is enrolled already, in \S+users.yaml and .*--rekey/);
    expect(contents(dir)).toEqual(before);
  });
});

describe('revoke', () => {
  it('removes the entries and the key, and says what remains', async () => {
    const dir = workshop();
    await enrollIn(dir, 'first');
    await enrollIn(dir);
    const secrets = secretsIn(dir);
    const said = await revokeIn(dir);
    expect(said).toContain('What remains:');
    for (const secret of secrets) expect(said).not.toContain(secret);
    expect([...readUsers(join(dir, 'users.yaml')).keys()]).toEqual(['lab', 'first']);
    expect(yaml(dir, 'provisioner.yaml').buttons).not.toHaveProperty('desk');
    expect(yaml(dir, 'provisioner.yaml').buttons).toHaveProperty('first');
    expect(existsSync(join(dir, 'desk.key'))).toBe(false);
    expect(existsSync(join(dir, 'first.key'))).toBe(true);
    expect(read(dir, 'provisioner.yaml')).toContain('# Signs the beacon');
    await expect(revokeIn(dir)).rejects.toThrow('no button "desk"');
    await expect(revokeIn(dir, 'lab')).rejects.toThrow('not a button');
  });
});
