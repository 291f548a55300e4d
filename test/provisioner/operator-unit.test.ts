/** The systemd unit: what it must say, and that systemd understands it. */

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { installed } from '../installed.ts';

const name = 'dashbutton-provisioner.service';
const text = readFileSync(new URL(`../../provisioner/${name}`, import.meta.url), 'utf8');

/** Values by `Section.Key`; a key that stands there twice has both. */
function parse(unit: string): Map<string, string[]> {
  const values = new Map<string, string[]>();
  let section = '';
  for (const line of unit.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const header = /^\[(\w+)\]$/.exec(line)?.[1];
    const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (header !== undefined) section = header;
    else if (key !== undefined && value !== undefined)
      values.set(`${section}.${key}`, [...(values.get(`${section}.${key}`) ?? []), value]);
    else throw new Error(`not a line of a unit: ${line}`);
  }
  return values;
}

it('starts what is in /opt/dashbutton, after the network, as a user without rights', () => {
  const unit = parse(text);
  const one = (key: string) => unit.get(key)?.at(-1);
  expect(one('Unit.After')).toBe('network-online.target');
  expect(one('Unit.Wants')).toBe('network-online.target');
  expect(one('Service.ExecStart')).toMatch(
    /node \/opt\/dashbutton\/cli\/bin\.js provisioner --config \/etc\/dashbutton\//,
  );
  expect(one('Service.User')).toBe('dashbutton');
  expect(one('Service.Restart')).toBe('on-failure');
  // The provisioner's own limit is 5 s.
  expect(Number(one('Service.TimeoutStopSec'))).toBeGreaterThan(5);
  expect(one('Install.WantedBy')).toBe('multi-user.target');
});

it('may write its journal and nothing else', () => {
  const unit = parse(text);
  const directives = {
    StateDirectory: 'dashbutton',
    StateDirectoryMode: '0700',
    UMask: '0077',
    NoNewPrivileges: 'yes',
    PrivateTmp: 'yes',
    ProtectSystem: 'strict',
    ProtectHome: 'yes',
    CapabilityBoundingSet: '',
  };
  for (const [key, value] of Object.entries(directives))
    expect([key, unit.get(`Service.${key}`)]).toEqual([key, [value]]);
  expect(unit.has('Service.ReadWritePaths')).toBe(false);
  // Where the journal goes, and how secrets get in: an administrator reads it here.
  expect(text).toContain('journal: /var/lib/dashbutton/journal');
  expect(text).toMatch(/^#LoadCredential=/m);
});

it.skipIf(!installed('systemd-analyze'))('systemd-analyze has nothing against it', () => {
  const dir = mkdtempSync(join(tmpdir(), 'dashbutton-unit-'));
  const user = userInfo().username;
  // On this machine: no such user, nothing installed.
  const here = new URL('../../', import.meta.url).pathname.replace(/\/$/, '');
  const copy = text
    .replaceAll('/opt/dashbutton', here)
    .replace('User=dashbutton', `User=${user}`)
    .replace(/^Group=.*$/m, '');
  try {
    mkdirSync(join(dir, 'system'));
    writeFileSync(join(dir, 'system', name), copy);
    const verified = spawnSync('systemd-analyze', ['verify', '--man=no', join(dir, 'system', name)], {
      encoding: 'utf8',
      timeout: 25_000,
    });
    expect(verified).toMatchObject({ status: 0, stderr: '' });
  } finally {
    rmSync(dir, { recursive: true });
  }
});
