/** Pools of address ranges that cannot work are refused before any press, each with its own words. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { settingsSchema } from '../../provisioner/src/settings/config-schema.ts';

const example = readFileSync(new URL('../../provisioner/example.yaml', import.meta.url), 'utf8');

/** What is said of a profile whose settings are changed so; `template.x` is within its template. */
function problems(profile: 'house' | 'cloud', changes: Record<string, unknown>): string[] {
  const settings = parse(example);
  for (const [path, value] of Object.entries(changes)) {
    const [first = '', second] = path.split('.');
    const its = settings.profiles[profile];
    if (second !== undefined) its[first][second] = value;
    else if (value === undefined) delete its[first];
    else its[first] = value;
  }
  const checked = settingsSchema.safeParse(settings);
  return (checked.error?.issues ?? []).map(({ path, message }) => `${path.slice(2).join('.')}: ${message}`);
}

const advice = 'choose another pool, or take that out with exclude';
const network = 'expected an IPv4 network like 172.16.0.0/12, no bits set behind the prefix';
const without = { exclude: undefined };

const bad: [string, 'house' | 'cloud', Record<string, unknown>, string[]][] = [
  ['not a network', 'house', { rangePool: 'ten', ...without }, [`rangePool: ${network}`]],
  ['bits behind the prefix', 'house', { rangePool: '10.1.0.0/12', ...without }, [`rangePool: ${network}`]],
  ['IPv6', 'house', { rangePool: 'fd00::/8', ...without }, [`rangePool: ${network}`]],
  ['no prefix', 'house', { rangePool: '10.0.0.0', ...without }, [`rangePool: ${network}`]],
  [
    'prefix above the pool’s',
    'house',
    { rangePool: '10.0.0.0/24', ...without },
    ['rangePrefix: expected at least 24, the prefix of rangePool'],
  ],
  [
    'too many ranges',
    'house',
    { rangePool: '10.0.0.0/8', rangePrefix: 25, ...without },
    ['rangePrefix: makes more than 65536 ranges: choose a smaller rangePool'],
  ],
  [
    '0/8',
    'house',
    { rangePool: '0.0.0.0/8', ...without },
    [`rangePool: overlaps 0.0.0.0/8, which means "this network" and is no address: ${advice}`],
  ],
  [
    'loopback',
    'house',
    { rangePool: '127.0.0.0/12', ...without },
    [`rangePool: overlaps 127.0.0.0/8, which is loopback: each machine is that itself: ${advice}`],
  ],
  [
    'link-local',
    'house',
    { rangePool: '169.254.0.0/16', ...without },
    [`rangePool: overlaps 169.254.0.0/16, which is link-local: no router passes it on: ${advice}`],
  ],
  [
    'multicast',
    'house',
    { rangePool: '224.0.0.0/12', ...without },
    [`rangePool: overlaps 224.0.0.0/4, which is multicast: groups, no machines: ${advice}`],
  ],
  [
    'reserved',
    'house',
    { rangePool: '240.0.0.0/12', ...without },
    [`rangePool: overlaps 240.0.0.0/4, which is reserved: systems refuse it: ${advice}`],
  ],
  [
    'link-local within a larger one',
    'house',
    { rangePool: '169.240.0.0/12', ...without },
    [`rangePool: overlaps 169.254.0.0/16, which is link-local: no router passes it on: ${advice}`],
  ],
  [
    'a network of the platform',
    'house',
    { rangePool: '10.16.0.0/12', ...without },
    [`rangePool: overlaps 10.20.0.0/16, one of the networks of its platform: ${advice}`],
  ],
  [
    'kubeadm’s services',
    'cloud',
    { rangePool: '10.64.0.0/10' },
    [
      `rangePool: overlaps 10.96.0.0/12, kubeadm's network of services (services of its template says another): ${advice}`,
    ],
  ],
  [
    'services of the template',
    'cloud',
    { 'template.services': '10.160.0.0/16' },
    [`rangePool: overlaps 10.160.0.0/16, services of its template: ${advice}`],
  ],
  [
    'too small for five machines',
    'cloud',
    { rangePrefix: 22 },
    [
      'rangePrefix: expected at most 21: each node takes a /24 of it for its pods, and the template orders 5 machines',
    ],
  ],
  [
    'too small for a node',
    'cloud',
    {
      rangePrefix: 25,
      rangePool: '10.128.0.0/12',
      'template.workers': [],
      'template.controlPlane': { replicas: 1 },
    },
    ['rangePrefix: expected at most 24: each node takes a /24 of it for its pods'],
  ],
  [
    'too small for Calico',
    'house',
    { rangePool: '10.0.0.0/16', rangePrefix: 29, ...without },
    [
      'rangePrefix: expected at most 27: the template orders 3 machines, and each needs 8 addresses of it at least, for the pods of the system',
    ],
  ],
  ['exclude without a network', 'house', { exclude: ['docker'] }, [`exclude.0: ${network}`]],
  [
    'exclude elsewhere',
    'house',
    { exclude: ['10.0.0.0/8'] },
    ['exclude.0: is not within rangePool 172.16.0.0/12: correct it or leave it out'],
  ],
  [
    'exclude of everything',
    'house',
    { exclude: ['172.16.0.0/13', '172.24.0.0/13'] },
    ['exclude: takes all of rangePool 172.16.0.0/12 out: no cluster could get a range'],
  ],
];

test.each(bad)('a pool that cannot work is refused: %s', (_what, profile, changes, lines) => {
  expect(problems(profile, changes)).toEqual(lines);
});

test('each has words of its own', () => {
  expect(bad.length).toBeGreaterThanOrEqual(20);
});

test('what is taken out with exclude does not matter', () => {
  expect(problems('house', {})).toEqual([]);
  const exclude = ['169.254.0.0/17', '169.254.128.0/17'];
  expect(problems('house', { rangePool: '169.240.0.0/12', exclude })).toEqual([]);
  expect(problems('cloud', { rangePool: '10.64.0.0/10', exclude: ['10.96.0.0/12'] })).toEqual([]);
});
