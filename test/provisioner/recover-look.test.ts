/** What is believed of a platform's lists: never one reading, never half of the answers. */
import { expect, test } from 'vitest';
import {
  type Listed,
  type Observation,
  type Platform,
  PlatformError,
} from '../../provisioner/src/common/platform.ts';
import { Contradiction } from '../../provisioner/src/recover/contradiction.ts';
import { lookAt } from '../../provisioner/src/recover/found.ts';
import type { Profile } from '../../provisioner/src/settings/config.ts';

const never = new AbortController().signal;

function listed(press: number, change: Partial<Listed> = {}): Listed {
  return {
    id: `id-${press}`,
    name: `house-01-${press}`,
    description: `words - dash button house-01 of lab, press ${press} - 10.1.0.0/20`,
    ranges: ['10.1.0.0/20'],
    isBuilding: false,
    ...change,
  };
}

const profile = (kind: string): Profile => ({
  ...{ platform: 'ccp', rangePool: '10.0.0.0/8', rangePrefix: 20, expectS: 1, deadlineS: 1 },
  template: { kind },
});
const settings = {
  site: 'lab',
  profiles: { cloud: profile('v3'), house: profile('v2'), far: { ...profile('x'), platform: 'other' } },
  buttons: {},
};

/** Answers one list after the other, then the last again; shows what is in any of them, to the template of `house`. */
function platformOf(
  lists: (Listed[] | Error)[],
  seen: (name: string) => Observation | undefined = () => undefined,
): Platform {
  let next = 0;
  const all = lists.flatMap(list => (list instanceof Error ? [] : list));
  return {
    check: async () => {},
    checkTemplate: async () => [],
    stepsOf: () => 1,
    clusters: async () => {
      const list = lists[Math.min(next++, lists.length - 1)] ?? [];
      if (list instanceof Error) throw list;
      return list;
    },
    recent: () => undefined,
    create: () => Promise.reject(new Error('nothing may be ordered')),
    equip: () => Promise.reject(new Error('nothing may be changed')),
    remove: () => Promise.reject(new Error('nothing may be removed')),
    observe: async ({ name, template }) => {
      const here = all.find(each => each.name === name);
      if (template.kind !== 'v2' || here === undefined) return { kind: 'absent' };
      return seen(name) ?? { kind: 'ready', id: here.id, description: here.description };
    },
    access: async () => {
      throw new PlatformError('no kubeconfig yet', { transient: true });
    },
    close: async () => {},
  };
}

const look = (platform: Platform) => lookAt('ccp', async () => platform, settings, 1, never);
const error = new PlatformError('500: no words', { transient: true });

test('a list that is cut short the first or the second time: what either shows stands', async () => {
  for (const lists of [
    [[listed(1)], [listed(1), listed(2)]],
    [[listed(1), listed(2)], [listed(1)]],
  ]) {
    const { found } = await look(platformOf(lists));
    expect(found.map(({ press, profile, isProfileKnown }) => [press, profile, isProfileKnown])).toEqual([
      [1, 'house', false],
      [2, 'house', false],
    ]);
  }
});

test('a reading that fails is no empty list, whichever it is', async () => {
  await expect(look(platformOf([error]))).rejects.toThrow('500');
  await expect(look(platformOf([[listed(1)], error]))).rejects.toThrow('500');
});

test('others: another site’s, nobody’s, a mark on another name', async () => {
  const other = listed(2, { description: 'dash button house-01 of other, press 2' });
  const copied = listed(3, { name: 'mine' });
  const { found, notes } = await look(platformOf([[other, copied, listed(4, { description: '' })]]));
  expect(found).toEqual([]);
  expect(notes).toEqual(['mine on ccp bears the mark of house-01-3: it is left alone']);
});

test('two of one name, or one that is listed and not shown: nothing is decided', async () => {
  await expect(look(platformOf([[listed(1), listed(1, { id: 'other' })]]))).rejects.toThrow(Contradiction);
  const absent = platformOf([[listed(1)]], () => ({ kind: 'absent' }));
  await expect(look(absent)).rejects.toThrow(/house-01-1 is listed, but not shown/);
  const another = platformOf([[listed(1)]], () => ({ kind: 'ready', id: 'another', description: '' }));
  await expect(look(another)).rejects.toThrow(/is listed, but not shown/);
});

test('gone between two looks is gone; the profile of a mark comes first', async () => {
  const going = platformOf([[listed(1)], [listed(1)], []], () => ({ kind: 'absent' }));
  expect((await look(going)).found).toEqual([]);
  const marked = listed(1, { origin: { profile: 'house' } });
  expect((await look(platformOf([[marked]]))).found).toMatchObject([
    { profile: 'house', isProfileKnown: true },
  ]);
});
