/** The systemd unit: what it must say, and that systemd understands it. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { defaultLimits } from '../../relay/src/limits/limits.ts';
import { installed } from '../fixtures/installed.ts';
import { parseUnit, verifyUnit } from '../fixtures/systemd-unit.ts';

const name = 'dashbutton-relay.service';
const text = readFileSync(new URL(`../../relay/${name}`, import.meta.url), 'utf8');
const unit = parseUnit(text);
const one = (key: string) => unit.get(key)?.at(-1);

test('starts what is in /opt/dashbutton, after the network, again and again', () => {
  expect(one('Unit.After')).toBe('network-online.target');
  expect(one('Unit.Wants')).toBe('network-online.target');
  expect(one('Service.ExecStart')).toMatch(
    /node \/opt\/dashbutton\/cli\/bin\.js relay --config \/etc\/dashbutton\//,
  );
  // A reload, not an end: what the relay does on SIGHUP.
  expect(one('Service.ExecReload')).toBe('/bin/kill -HUP $MAINPID');
  expect(one('Service.Restart')).toBe('always');
  expect(1000 * Number(one('Service.TimeoutStopSec'))).toBeGreaterThan(defaultLimits.closeTimeoutMs);
  expect(Number(one('Service.LimitNOFILE'))).toBeGreaterThan(defaultLimits.connections);
  expect(one('Install.WantedBy')).toBe('multi-user.target');
});

test('is nobody, and may write nothing', () => {
  const directives = {
    DynamicUser: 'yes',
    NoNewPrivileges: 'yes',
    PrivateTmp: 'yes',
    ProtectSystem: 'strict',
    ProtectHome: 'yes',
    UMask: '0077',
    // For port 443 alone.
    CapabilityBoundingSet: 'CAP_NET_BIND_SERVICE',
  };
  for (const [key, value] of Object.entries(directives))
    expect([key, unit.get(`Service.${key}`)]).toEqual([key, [value]]);
  for (const key of ['User', 'ReadWritePaths', 'StateDirectory', 'LogsDirectory'])
    expect(unit.has(`Service.${key}`)).toBe(false);
});

test.skipIf(!installed('systemd-analyze'))('systemd has nothing against it (needs systemd-analyze)', () => {
  // On this machine there is no such group.
  expect(verifyUnit(name, text.replace(/^SupplementaryGroups=.*$/m, ''))).toEqual({ status: 0, stderr: '' });
});
