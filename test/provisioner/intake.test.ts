import { describe, expect, test } from 'vitest';
import { explain } from '../../firmware/src/explain.ts';
import { type Decision, decide, type Known } from '../../provisioner/src/presses/policy.ts';
import { type RuleSettings, rulesOf } from '../../provisioner/src/settings/rules.ts';
import { pressBody } from './fixtures/lab.ts';

const now = 1_700_000_000;
const fresh = { ...pressBody(7), time: now };

const rules = rulesOf();
const unknown: Known = { lastPress: 0, heard: false, standing: 0, standingOfAll: 0, rules };
const by = (settings: RuleSettings) => ({ rules: rulesOf(settings) });
const show = by({ whenReady: 'show' });
const quota = { kind: 'reject', code: 'QUOTA' } as const;
const release = { action: 'release' as const };

const table: [string, Partial<Known>, Partial<typeof fresh>, Partial<Decision>][] = [
  ['a new number', {}, {}, { kind: 'accept' }],
  ['exactly as old as allowed', {}, { time: now - 120 }, { kind: 'accept' }],
  ['a second too old', {}, { time: now - 121 }, { kind: 'reject', code: 'STALE' }],
  ['exactly as far ahead as allowed', {}, { time: now + 120 }, { kind: 'accept' }],
  ['a second too far ahead', {}, { time: now + 121 }, { kind: 'reject', code: 'STALE' }],
  ['heard before', { heard: true, lastPress: 7 }, {}, { kind: 'repeat' }],
  ['heard before, and stale', { heard: true, lastPress: 7 }, { time: 0 }, { kind: 'repeat' }],
  ['heard before, while building', { heard: true, lastPress: 7, building: 7 }, {}, { kind: 'repeat' }],
  ['an old number that was never heard', { lastPress: 8 }, {}, { kind: 'replay' }],
  ['the last number, but never heard', { lastPress: 7 }, {}, { kind: 'replay' }],
  ['a replay while building', { lastPress: 8, building: 8 }, {}, { kind: 'replay' }],
  ['a new wish while building', { lastPress: 6, building: 6 }, {}, { kind: 'join', of: 6 }],
  ['a stale wish while building', { lastPress: 6, building: 6 }, { time: 0 }, { kind: 'join', of: 6 }],
  ['a new wish while one is ready', { live: 5 }, {}, { kind: 'accept' }],
  ['the same, to be shown', { live: 5, ...show }, {}, { kind: 'show', of: 5 }],
  ['to be shown, and stale', { live: 5, ...show }, { time: 0 }, { kind: 'show', of: 5 }],
  ['to be shown, but none is ready', show, {}, { kind: 'accept' }],
  ['to be shown, while building', { live: 5, building: 6, ...show }, {}, { kind: 'join', of: 6 }],
  ['to be shown, while one goes', { live: 4, releasing: 5, ...show }, {}, quota],
  ['a new wish while one goes', { releasing: 5 }, {}, quota],
  ['release', { live: 5 }, release, { kind: 'release', of: 5 }],
  ['release, to be shown', { live: 5, ...show }, release, { kind: 'release', of: 5 }],
  ['release, stale', { live: 5 }, { ...release, time: 0 }, { kind: 'reject', code: 'STALE' }],
  ['release, heard before', { heard: true, live: 5 }, release, { kind: 'repeat' }],
  ['release, replayed', { lastPress: 7, live: 5 }, release, { kind: 'replay' }],
  ['release of nothing', {}, release, quota],
  ['release while building: called off', { building: 6, live: 5 }, release, { kind: 'release', of: 6 }],
  [
    'a stale release while building',
    { building: 6 },
    { ...release, time: 0 },
    { kind: 'reject', code: 'STALE' },
  ],
  [
    'release while building, not allowed',
    { building: 6, ...by({ releaseBy: ['operator'] }) },
    release,
    quota,
  ],
  ['as many as one may have', { standing: 5 }, {}, quota],
  ['one less than that', { standing: 4 }, {}, { kind: 'accept' }],
  ['one of one', { standing: 1, ...by({ maxClusters: 1 }) }, {}, quota],
  [
    'one of one, while building it',
    { standing: 1, building: 6, ...by({ maxClusters: 1 }) },
    {},
    { kind: 'join' },
  ],
  [
    'one of one, to be shown',
    { standing: 1, live: 5, ...by({ maxClusters: 1, whenReady: 'show' }) },
    {},
    { kind: 'show' },
  ],
  ['all of the profile', { standingOfAll: 20, rules: rulesOf({ maxClustersOfAll: 20 }) }, {}, quota],
  ['one less', { standingOfAll: 19, rules: rulesOf({ maxClustersOfAll: 20 }) }, {}, { kind: 'accept' }],
  ['too soon', { sinceOrderS: 59.5, ...by({ coolDownS: 60 }) }, {}, quota],
  ['not too soon', { sinceOrderS: 60, ...by({ coolDownS: 60 }) }, {}, { kind: 'accept' }],
  ['the first of all, with a cool-down', by({ coolDownS: 60 }), {}, { kind: 'accept' }],
  ['too many, and stale', { standing: 5 }, { time: 0 }, { kind: 'reject', code: 'STALE' }],
  [
    'release, too soon for an order',
    { live: 5, sinceOrderS: 1, ...by({ coolDownS: 60 }) },
    release,
    { kind: 'release' },
  ],
  ['release by the operator only', { live: 5, ...by({ releaseBy: ['operator'] }) }, release, quota],
  ['release by nobody', { live: 5, ...by({ releaseBy: [] }) }, release, quota],
  ['release while it goes', { releasing: 5, live: 4 }, release, { kind: 'join', of: 5 }],
];

describe('intake', () => {
  test.each(table)('what becomes of a press: %s', (_, known, change, expected) => {
    const decision = decide({ ...unknown, ...known }, { ...fresh, ...change }, now);
    expect(decision).toMatchObject(expected);
  });

  test('says how many, of how many, and how long to wait', () => {
    const line = (known: Partial<Known>) => {
      const decision = decide({ ...unknown, ...known }, fresh, now);
      return decision.kind === 'reject' ? decision.line : decision.kind;
    };
    expect(line({ standing: 5 })).toBe('5 of 5 clusters stand: give one back');
    expect(line({ sinceOrderS: 18.5, ...by({ coolDownS: 60 }) })).toBe('Too soon: press again in 42 s');
    expect(line({ standingOfAll: 3, rules: rulesOf({ maxClustersOfAll: 3 }) })).toBe(
      'All 3 clusters of this lab are taken: give one back',
    );
  });

  test('a rejected button is told what to do once', () => {
    const decisions = table.map(([, known, change]) =>
      decide({ ...unknown, ...known }, { ...fresh, ...change }, now),
    );
    const screens = decisions.flatMap(it => (it.kind === 'reject' ? [explain(it.code, it.line)] : []));
    expect(screens.length).toBeGreaterThan(8);
    for (const screen of screens) {
      const { code, line, advice } = screen as Extract<typeof screen, { kind: 'error' }>;
      // What can be done about a rule depends on the rule: only its line knows.
      if (code === 'QUOTA') expect(advice).toBe('');
      else expect(line.toLowerCase()).not.toContain(advice.toLowerCase());
    }
  });

  test('what a rejected button reads fits its display', () => {
    for (const time of [0, now * 1.2, now - 121]) {
      const decision = decide(unknown, { ...fresh, time: Math.floor(time) }, now);
      expect(decision.kind === 'reject' && decision.line.length <= 80).toBe(true);
    }
  });
});
