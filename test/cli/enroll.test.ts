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
import { describe, expect, test } from 'vitest';
import { readDeviceFile } from '../../cli/enroll/device-file.ts';
import { enroll } from '../../cli/enroll/enroll.ts';
import type { EnrollOptions } from '../../cli/enroll/plan.ts';
import { revoke } from '../../cli/enroll/revoke.ts';
import { readUsers } from '../../relay/src/auth/users.ts';
import { verify } from '../../relay/src/auth/verifier.ts';
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
} from './fixtures/workshop.ts';

const nobody = () => Promise.reject(new Error('nobody is to be asked'));

function enrollIn(dir: string, button = 'desk', more: Partial<EnrollOptions> = {}): Promise<string> {
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
  test('makes every file, on the command line', async () => {
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

  test('gives both sides the same keys', async () => {
    const dir = workshop();
    await enrollIn(dir);
    const { key, siteKey, relay, wifi, board } = device(dir);
    expect(`${key}\n`).toBe(read(dir, 'desk.key'));
    expect(`${siteKey}\n`).toBe(read(dir, 'site.key'));
    expect(board).toBe('firebeetle-2-esp32-e');
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

  test('without settings prints what belongs there', async () => {
    const dir = workshop({ settings: false });
    const out = join(dir, 'desk.device.json');
    const files = {
      users: join(dir, 'users.yaml'),
      config: join(dir, 'lab.yaml'),
      wifi: join(dir, 'wifi.yaml'),
    };
    const relay = ['mqtt://relay:1884'];
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

  test('several relays: up to three, the first one first, and the users file is for each of them', async () => {
    const dir = workshop({ settings: false });
    const files = {
      users: join(dir, 'users.yaml'),
      config: join(dir, 'lab.yaml'),
      wifi: join(dir, 'wifi.yaml'),
    };
    const button = {
      button: 'desk',
      site: 'lab',
      profile: 'cloud',
      out: join(dir, 'desk.device.json'),
      ...files,
    };
    const relay = ['mqtts://a.example', 'mqtt://b.example:1884', 'mqtt://c.example'];
    await expect(enroll({ ...button, relay: [...relay, 'mqtt://d.example'] }, nobody)).rejects.toThrow(
      /4 relays, and a button has at most 3/,
    );
    await expect(enroll({ ...button, relay: ['mqtt://a', 'mqtt://a'] }, nobody)).rejects.toThrow(/twice/);
    const said = await enroll({ ...button, relay }, nobody);
    expect(said).toMatch(/copy .*users\.yaml to each of the 3 relays/);
    expect(device(dir)).toMatchObject({
      relay: { host: 'a.example', port: 8883, tls: true },
      otherRelays: [
        { host: 'b.example', port: 1884, tls: false },
        { host: 'c.example', port: 1883, tls: false },
      ],
    });
    const old = device(dir);
    await enroll({ ...button, rekey: true }, nobody);
    expect(device(dir).otherRelays).toEqual(old.otherRelays);
  });

  test('asks for the Wi-Fi only when everything else is right', async () => {
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
    expect(said).toContain(
      '"Café" is joined as it is, in UTF-8, as phones send it; the display shows it as "Cafe"',
    );
    // One 8-bit character per byte that is on the air, in a file of ASCII.
    expect(device(dir).wifi).toEqual([{ ssid: 'Caf\xc3\xa9', password: '' }]);
    expect(read(dir, 'desk.device.json')).toMatch(/^[\n -~]*$/);
  });
});

describe('the names of networks', () => {
  // U+2019 and an emoji, 31 bytes with the letters of a language, and a name that tries out YAML.
  const names = ['Ada’s iPhone', '📱 Здесь был я', `${'Ж'.repeat(15)}!`, 'x'.repeat(31), 'a "b" \\c'];

  test('go into device.json byte by byte, as the air has them, in ASCII', async () => {
    const dir = workshop();
    writeFileSync(join(dir, 'wifi.yaml'), JSON.stringify(names.map(ssid => ({ ssid }))));
    const said = await enrollIn(dir);
    expect(read(dir, 'desk.device.json')).toMatch(/^[\n -~]*$/);
    const bytes = device(dir).wifi.map(({ ssid }: { ssid: string }) => Buffer.from(ssid, 'latin1'));
    expect(bytes.map(String)).toEqual(names);
    expect(bytes[0].toString('hex')).toBe('416461e2809973206950686f6e65');
    expect(said).toContain('"Ada’s iPhone" is joined as it is');
    expect(said).toContain('the display shows it as "Ada\'s iPhone"');
  });

  test('that an older device.json has and the chip cuts are asked for anew', async () => {
    const dir = workshop();
    await enrollIn(dir);
    const old = readDeviceFile(join(dir, 'desk.device.json'));
    const wifi = [{ ssid: 'y'.repeat(32), password: wifiPassword }];
    writeFileSync(join(dir, 'desk.device.json'), JSON.stringify({ ...old, wifi }));
    await expect(enrollIn(dir, 'desk', { rekey: true })).rejects.toThrow(/has 32 bytes.*--wifi$/m);
    await enrollIn(dir, 'desk', { rekey: true, wifi: join(dir, 'wifi.yaml') });
    expect(device(dir).wifi).toEqual([{ ssid: 'Ada phone', password: wifiPassword }]);
  });
});

describe('the reading of the battery', () => {
  /** What a button tells whose converter and divider are so, with the calibration that it has, in volts. */
  function told(cell: number, truth: Calibration, calibration: Calibration): string {
    const pinMv = (cell * 1000) / truth.ratio - truth.offsetMv;
    return (((pinMv + calibration.offsetMv) * calibration.ratio) / 1000).toFixed(2);
  }

  interface Calibration {
    ratio: number;
    offsetMv: number;
  }

  function expectFit(truth: Calibration, calibration: Calibration | undefined) {
    for (const cell of [3.3, 3.7, 4.2]) {
      expect(Math.abs(Number(told(cell, truth, calibration as Calibration)) - cell)).toBeLessThan(0.04);
    }
  }

  test.each([
    ['firebeetle-2-esp32-e', { ratio: 2, offsetMv: 142 }, { ratio: 2.07, offsetMv: 190 }],
    ['heltec-wifi-kit-32', { ratio: 3.2, offsetMv: 142 }, { ratio: 3.05, offsetMv: 70 }],
  ])('is made from two points, and fits between and beyond them: %s', async (board, row, truth) => {
    const dir = workshop();
    await enrollIn(dir, 'desk', { board });
    expect(device(dir)).not.toHaveProperty('battery');
    const points = (calibration: Calibration) =>
      [3.5, 4.1].map(cell => `${cell}=${told(cell, truth, calibration)}`).join();
    const said = await enrollIn(dir, 'desk', { rekey: true, battery: points(row) });
    const { battery } = readDeviceFile(join(dir, 'desk.device.json'));
    expect(said).toContain(`a ratio of ${battery?.ratio} and an offset of ${battery?.offsetMv} mV`);
    expectFit(truth, battery);
    // It stays with new keys, and is the ground of the next one.
    await enrollIn(dir, 'desk', { rekey: true });
    expect(device(dir).battery).toEqual(battery);
    await enrollIn(dir, 'desk', { rekey: true, battery: points(battery as Calibration) });
    expectFit(truth, device(dir).battery);
    // It was this board's.
    await enrollIn(dir, 'desk', { rekey: true, board: 'esp32-ssd1306' });
    expect(device(dir)).not.toHaveProperty('battery');
  });

  test('a device.json with a battery that is none is refused', async () => {
    const dir = workshop();
    await enrollIn(dir);
    const path = join(dir, 'desk.device.json');
    writeFileSync(path, JSON.stringify({ ...device(dir), battery: { ratio: 0, offsetMv: '142' } }));
    expect(() => readDeviceFile(path)).toThrow(/battery.ratio: .*\n.*battery.offsetMv: /);
  });
});

describe('the files of others', () => {
  test('keep their comments, their entries and their modes', async () => {
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
    expect(comments('users.yaml')).toEqual([
      '# who may connect',
      expect.stringContaining('yaml-language-server'),
      '# the last line',
    ]);
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

  test('stay links when they are links', async () => {
    const dir = workshop();
    renameSync(join(dir, 'provisioner.yaml'), join(dir, 'real.yaml'));
    symlinkSync('real.yaml', join(dir, 'provisioner.yaml'));
    await enrollIn(dir);
    expect(lstatSync(join(dir, 'provisioner.yaml')).isSymbolicLink()).toBe(true);
    expect(yaml(dir, 'real.yaml').buttons.desk).toBeDefined();
  });

  test('lose nobody when six are enrolled at once', async () => {
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
  test('changes every key and nothing else', async () => {
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

  test('is needed for a button that is there, and refused for one that is not', async () => {
    const dir = workshop();
    await expect(enrollIn(dir, 'desk', { rekey: true })).rejects.toThrow('leave --rekey out');
    await enrollIn(dir);
    const before = contents(dir);
    await expect(enrollIn(dir)).rejects.toThrow(/desk is enrolled already, in \S+users.yaml and .*--rekey/);
    expect(contents(dir)).toEqual(before);
  });
});

describe('revoke', () => {
  test('removes the entries and the key, and says what remains', async () => {
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
