/** One release against a platform that takes its time: the simulator removes at once. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as base, expect } from 'vitest';
import { silentLog } from '../../config/src/log.ts';
import type { Status } from '../../protocol/src/messages.ts';
import { decode, keyFromBytes } from '../../protocol/src/node/envelope.ts';
import { statusSchema } from '../../protocol/src/node/schemas.ts';
import { Release } from '../../provisioner/src/builds/release.ts';
import { rangesInUse } from '../../provisioner/src/builds/reservations.ts';
import { StatusOutbox } from '../../provisioner/src/buttons/status-outbox.ts';
import {
  type Observation,
  type Platform,
  PlatformError,
  type Target,
} from '../../provisioner/src/common/platform.ts';
import { Journal } from '../../provisioner/src/journal/index.ts';
import { pastBuildsMs, pastReleasesMs } from '../../provisioner/src/journal/queries.ts';
import { newButton } from '../../provisioner/src/journal/records.ts';
import { rulesOf } from '../../provisioner/src/settings/rules.ts';
import { eventually } from './fixtures/lab.ts';
import { pressRecord } from './fixtures/records.ts';

const range = '172.16.0.0/20';
const sight = { id: 'an-id', description: '' };
const key = keyFromBytes(Buffer.alloc(32, 3));

/** A journal with one release under way, and a platform that does what it is told. */
class Scene {
  readonly statuses: Status[] = [];
  readonly removes: string[] = [];
  /** What the platform shows. */
  shown: Observation = { ...sight, kind: 'ready' };
  /** How often it was looked at. */
  looks = 0;
  nowMs = Date.now();
  readonly #folder = mkdtempSync(join(tmpdir(), 'dashbutton-'));
  #journal: Journal | undefined;

  /** What the platform's remove does. */
  remove: () => Promise<void> = async () => {};

  get journal(): Journal {
    if (this.#journal === undefined) throw new Error('the journal is not open');
    return this.#journal;
  }

  async open(): Promise<void> {
    this.#journal = await Journal.open(join(this.#folder, 'journal'));
    await this.journal.write({
      presses: [
        pressRecord(1, { step: 'releasing', range, address: '10.0.0.1', release: this.order() }),
        pressRecord(2, { step: 'joined', of: 1, cluster: '' }),
      ],
      button: { ...newButton('house-01'), lastPress: 2 },
    });
  }

  async close(): Promise<void> {
    await this.#journal?.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  order(percent = 0) {
    return { by: 'button' as const, press: 2, percent, askedAt: this.nowMs };
  }

  start(deadlineS = 60): { release: Release; done: Promise<void> } {
    const { journal, statuses } = this;
    const publish = (topic: string, payload: Buffer) => {
      const status = decode(key, topic, payload, statusSchema);
      if (!status.ok) throw new Error(status.detail);
      statuses.push(status.message);
    };
    const platform = {
      observe: async () => {
        this.looks++;
        return this.shown;
      },
      remove: (target: Target, id: string) => {
        this.removes.push(`${target.name} ${id}`);
        return this.remove();
      },
    } as unknown as Platform;
    const release = new Release(
      {
        site: 'lab',
        rules: rulesOf(),
        journal,
        outbox: new StatusOutbox({ journal, keys: new Map([['house-01', key]]), publish }),
        platform,
        profile: { platform: '', rangePool: '', rangePrefix: 20, expectS: 1, deadlineS, template: {} },
        log: silentLog,
        now: () => this.nowMs,
        ran: () => this.nowMs,
        random: () => 0,
      },
      pressRecord(1),
    );
    return { release, done: release.run() };
  }

  step(press = 1) {
    return this.journal.press('house-01', press)?.step;
  }
}

const test = base.extend(
  'scene',
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the names of the fixtures from here; none is needed.
  async ({}, { onCleanup }) => {
    const scene = new Scene();
    onCleanup(() => scene.close());
    await scene.open();
    return scene;
  },
).concurrent;

test('asked once, followed until it is gone; the range is free only then', async ({ scene }) => {
  const { done } = scene.start();
  await eventually(() => scene.statuses.at(-1)?.percent === 50);
  expect(scene.statuses.at(-1)).toMatchObject({
    press: 2,
    state: 'releasing',
    upTo: 100,
    cluster: 'house-01-1',
  });
  scene.shown = { ...sight, kind: 'deleting' };
  const { looks } = scene;
  await eventually(() => scene.looks >= looks + 1);
  expect([scene.step(), rangesInUse(scene.journal.presses())]).toEqual(['releasing', [range]]);
  scene.shown = { kind: 'absent' };
  scene.nowMs += 1_234;
  await done;
  expect(scene.removes).toEqual(['house-01-1 an-id']);
  expect([scene.step(), rangesInUse(scene.journal.presses())]).toEqual(['released', []]);
  expect(scene.statuses.at(-1)).toMatchObject({ state: 'released', percent: 100 });
  const release = scene.journal.press('house-01', 1)?.release;
  expect((release?.endedAt ?? 0) - (release?.askedAt ?? 0)).toBe(1_234);
});

test('stopped after the order was taken: the next process asks again and never goes back in percent', async ({
  scene,
}) => {
  const first = scene.start();
  await eventually(() => scene.statuses.at(-1)?.percent === 50);
  first.release.stop();
  await first.done;
  // The platform has forgotten nothing: asking again is refused, and that is no failure now.
  scene.remove = async () => {
    scene.shown = { kind: 'absent' };
    throw new PlatformError('409: already being deleted', { transient: false });
  };
  await scene.start().done;
  expect(scene.removes).toHaveLength(2);
  expect(scene.step()).toBe('released');
  const percents = scene.statuses.map(status => status.percent);
  expect(percents).toEqual([...percents].sort((a, b) => a - b));
});

test('a refusal of the first order ends it; one after a lost call does not', async ({ scene }) => {
  scene.remove = () => Promise.reject(new PlatformError('403: not yours', { transient: false }));
  await scene.start().done;
  expect(scene.statuses.at(-1)).toMatchObject({ state: 'failed', code: 'PLATFORM', line: '403: not yours' });
  expect([scene.step(), scene.journal.press('house-01', 2)?.step]).toEqual(['ready', 'failed']);
  expect(scene.journal.press('house-01', 1)?.release).toBeUndefined();

  await scene.journal.write({
    presses: [pressRecord(1, { step: 'releasing', range, address: '10.0.0.1', release: scene.order() })],
  });
  scene.remove = () => {
    const lost = scene.removes.length === 2;
    if (!lost) scene.shown = { kind: 'absent' };
    return Promise.reject(new PlatformError(lost ? 'connection lost' : '409: busy', { transient: lost }));
  };
  await scene.start().done;
  expect([scene.removes.length, scene.step()]).toEqual([3, 'released']);
});

test('never gone: failed at the deadline, which begins when a process takes it up', async ({ scene }) => {
  const release = { ...scene.order(50), askedAt: scene.nowMs - 3_600_000 };
  await scene.journal.write({
    presses: [pressRecord(1, { step: 'releasing', range, address: '10.0.0.1', release })],
  });
  scene.shown = { ...sight, kind: 'failed', message: 'volume is attached' };
  const { done } = scene.start(60);
  await eventually(() => scene.looks > 0);
  scene.nowMs += 60_000;
  await done;
  expect(scene.statuses.at(-1)?.line).toBe('Not given back after 60 s: volume is attached');
  expect(scene.statuses.filter(status => status.state === 'releasing').length).toBeGreaterThan(0);
  expect([scene.step(), rangesInUse(scene.journal.presses())]).toEqual(['ready', [range]]);
});

test('history: builds of clusters that are gone count; so do releases that ended', async ({ scene }) => {
  const built = (press: number, ms: number) => ({ press, acceptedAt: 1_000, endedAt: 1_000 + ms });
  const release = { by: 'button' as const, press: 9, percent: 100, askedAt: 5_000 };
  await scene.journal.write({
    presses: [
      pressRecord(3, { ...built(3, 300), step: 'ready' }),
      pressRecord(4, { ...built(4, 100), step: 'releasing', release }),
      pressRecord(5, { ...built(5, 200), step: 'released', release: { ...release, endedAt: 5_007 } }),
      pressRecord(6, { ...built(6, 900), step: 'failed' }),
      pressRecord(7, { ...built(7, 900), step: 'ready', profile: 'cloud' }),
    ],
  });
  expect(pastBuildsMs(scene.journal, 'house')).toEqual([100, 200, 300]);
  expect(pastReleasesMs(scene.journal, 'house')).toEqual([7]);
});
