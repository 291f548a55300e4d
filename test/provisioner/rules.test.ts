import { expect, test } from 'vitest';
import { rulesOf } from '../../provisioner/src/settings/rules.ts';

test('without settings: five clusters, no waiting, no end, both may give back', () => {
  expect(rulesOf()).toEqual({
    whenReady: 'create',
    maxClusters: 5,
    maxClustersOfAll: Number.POSITIVE_INFINITY,
    coolDownS: 0,
    timeToLiveS: undefined,
    warnBeforeS: 0,
    wakeToWarn: false,
    releaseBy: ['button', 'operator'],
  });
});

test("the button's own rules go before the profile's, one by one", () => {
  const profile = { maxClusters: 3, coolDownS: 60, maxClustersOfAll: 20, timeToLiveS: 3600 };
  expect(rulesOf(profile, { maxClusters: 1, releaseBy: [] })).toMatchObject({
    maxClusters: 1,
    coolDownS: 60,
    maxClustersOfAll: 20,
    timeToLiveS: 3600,
    releaseBy: [],
  });
});

test('a warning takes at most half of the time to live', () => {
  expect(rulesOf({ timeToLiveS: 7200 }).warnBeforeS).toBe(1800);
  expect(rulesOf({ timeToLiveS: 600 }).warnBeforeS).toBe(300);
  expect(rulesOf({ timeToLiveS: 600, warnBeforeS: 60 }).warnBeforeS).toBe(60);
  expect(rulesOf({ warnBeforeS: 60 }).warnBeforeS).toBe(0);
});
