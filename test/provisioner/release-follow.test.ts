/** One release against a platform that takes its time: the simulator removes at once. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLog } from '../../config/src/log.ts';
import type { Status } from '../../protocol/src/messages.ts';
import { decode, keyFromBytes } from '../../protocol/src/node/envelope.ts';
import { statusSchema } from '../../protocol/src/node/schemas.ts';
import { pastBuildsMs, pastReleasesMs } from '../../provisioner/src/builds/clusters.ts';
import { Release } from '../../provisioner/src/builds/release.ts';
import { rangesInUse } from '../../provisioner/src/builds/reservations.ts';
import { Journal } from '../../provisioner/src/journal/index.ts';
import { newButton } from '../../provisioner/src/journal/records.ts';
import {
  type Observation,
  type Platform,
  PlatformError,
  type Target,
} from '../../provisioner/src/platforms/platform.ts';
import { Desk } from '../../provisioner/src/presses/desk.ts';
import { rulesOf } from '../../provisioner/src/settings/rules.ts';
import { eventually } from './lab.ts';
import { pressRecord } from './records.ts';

const range = '172.16.0.0/20';
const sight = { id: 'an-id', description: '' };
const key = keyFromBytes(Buffer.alloc(32, 3));
let folder: string;
let journal: Journal;
let statuses: Status[];
/** What the platform shows, and what its remove does. */
let shown: Observation;
let remove: () => Promise<void>;
let removes: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dashbutton-'));
  journal = await Journal.open(join(folder, 'journal'));
  const release = { by: 'button' as const, press: 2, percent: 0, askedAt: Date.now() };
  await journal.write({
    presses: [
      pressRecord(1, { step: 'releasing', range, release }),
      pressRecord(2, { step: 'joined', of: 1, cluster: '' }),
    ],
    button: { ...newButton('house-01'), lastPress: 2 },
  });
  statuses = [];
  shown = { ...sight, kind: 'ready' };
  remove = async () => {};
  removes = [];
});

afterEach(async () => {
  await journal.close();
  rmSync(folder, { recursive: true, force: true });
});

function start(deadlineS = 60): { release: Release; done: Promise<void> } {
  const publish = (topic: string, payload: Buffer) => {
    const status = decode(key, topic, payload, statusSchema);
    if (!status.ok) throw new Error(status.detail);
    statuses.push(status.message);
  };
  const platform = {
    observe: async () => shown,
    remove: (target: Target, id: string) => {
      removes.push(`${target.name} ${id}`);
      return remove();
    },
  } as unknown as Platform;
  const release = new Release(
    {
      site: 'lab',
      rules: rulesOf(),
      journal,
      desk: new Desk({ journal, keys: new Map([['house-01', key]]), publish }),
      platform,
      profile: { platform: '', rangePool: '', rangePrefix: 20, expectS: 1, deadlineS, template: {} },
      log: silentLog,
      now: Date.now,
      random: () => 0,
    },
    pressRecord(1),
  );
  return { release, done: release.run() };
}

const step = () => journal.press('house-01', 1)?.step;

test('asked once, followed until it is gone; the range is free only then', async () => {
  const { done } = start();
  await eventually(() => statuses.at(-1)?.percent === 50);
  expect(statuses.at(-1)).toMatchObject({ press: 2, state: 'releasing', upTo: 100, cluster: 'house-01-1' });
  shown = { ...sight, kind: 'deleting' };
  await new Promise(resolve => setTimeout(resolve, 1_200));
  expect([step(), rangesInUse(journal.presses())]).toEqual(['releasing', [range]]);
  shown = { kind: 'absent' };
  await done;
  expect(removes).toEqual(['house-01-1 an-id']);
  expect([step(), rangesInUse(journal.presses())]).toEqual(['released', []]);
  expect(statuses.at(-1)).toMatchObject({ state: 'released', percent: 100 });
  const release = journal.press('house-01', 1)?.release;
  expect((release?.endedAt ?? 0) - (release?.askedAt ?? 0)).toBeGreaterThan(1_000);
});

test('stopped after the order was taken: the next process asks again and never goes back in percent', async () => {
  const first = start();
  await eventually(() => statuses.at(-1)?.percent === 50);
  first.release.stop();
  await first.done;
  // The platform has forgotten nothing: asking again is refused, and that is no failure now.
  remove = async () => {
    shown = { kind: 'absent' };
    throw new PlatformError('409: already being deleted', { transient: false });
  };
  await start().done;
  expect(removes).toHaveLength(2);
  expect(step()).toBe('released');
  const percents = statuses.map(status => status.percent);
  expect(percents).toEqual([...percents].sort((a, b) => a - b));
});

test('a refusal of the first order ends it; one after a lost call does not', async () => {
  remove = () => Promise.reject(new PlatformError('403: not yours', { transient: false }));
  await start().done;
  expect(statuses.at(-1)).toMatchObject({ state: 'failed', code: 'PLATFORM', line: '403: not yours' });
  expect([step(), journal.press('house-01', 2)?.step]).toEqual(['ready', 'failed']);
  expect(journal.press('house-01', 1)?.release).toBeUndefined();

  const release = { by: 'button' as const, press: 2, percent: 0, askedAt: Date.now() };
  await journal.write({ presses: [pressRecord(1, { step: 'releasing', range, release })] });
  remove = () => {
    const lost = removes.length === 2;
    if (!lost) shown = { kind: 'absent' };
    return Promise.reject(new PlatformError(lost ? 'connection lost' : '409: busy', { transient: lost }));
  };
  await start().done;
  expect([removes.length, step()]).toEqual([3, 'released']);
});

test('never gone: failed at the deadline, which begins when a process takes it up', async () => {
  const release = { by: 'button' as const, press: 2, percent: 50, askedAt: Date.now() - 3_600_000 };
  await journal.write({ presses: [pressRecord(1, { step: 'releasing', range, release })] });
  shown = { ...sight, kind: 'failed', message: 'volume is attached' };
  await start(2).done;
  expect(statuses.at(-1)?.line).toMatch(/^Not given back after [23] s: volume is attached$/);
  expect(statuses.filter(status => status.state === 'releasing').length).toBeGreaterThan(0);
  expect([step(), rangesInUse(journal.presses())]).toEqual(['ready', [range]]);
});

test('history: builds of clusters that are gone count; so do releases that ended', async () => {
  const built = (press: number, ms: number) => ({ press, acceptedAt: 1_000, endedAt: 1_000 + ms });
  const release = { by: 'button' as const, press: 9, percent: 100, askedAt: 5_000 };
  await journal.write({
    presses: [
      pressRecord(3, { ...built(3, 300), step: 'ready' }),
      pressRecord(4, { ...built(4, 100), step: 'releasing', release }),
      pressRecord(5, { ...built(5, 200), step: 'released', release: { ...release, endedAt: 5_007 } }),
      pressRecord(6, { ...built(6, 900), step: 'failed' }),
      pressRecord(7, { ...built(7, 900), step: 'ready', profile: 'cloud' }),
    ],
  });
  expect(pastBuildsMs(journal, 'house')).toEqual([100, 200, 300]);
  expect(pastReleasesMs(journal, 'house')).toEqual([7]);
});
