/** The systemd unit: what it must say, and that systemd understands it. */
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { expect, test } from 'vitest';
import { installed } from '../fixtures/installed.ts';
import { parseUnit, verifyUnit } from '../fixtures/systemd-unit.ts';

const name = 'dashbutton-provisioner.service';
const text = readFileSync(new URL(`../../provisioner/${name}`, import.meta.url), 'utf8');

test('starts what is in /opt/dashbutton, after the network, as a user without rights', () => {
  const unit = parseUnit(text);
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

test('may write its journal and nothing else', () => {
  const unit = parseUnit(text);
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

test.skipIf(!installed('systemd-analyze'))(
  'systemd-analyze has nothing against it (needs systemd-analyze)',
  () => {
    // On this machine there is no such user.
    const copy = text.replace('User=dashbutton', `User=${userInfo().username}`).replace(/^Group=.*$/m, '');
    expect(verifyUnit(name, copy)).toEqual({ status: 0, stderr: '' });
  },
);
