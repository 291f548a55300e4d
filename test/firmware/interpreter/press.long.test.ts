/** A press on the real interpreter: the compiled bundle against the real relay and provisioner. */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import type { Lab } from '../../e2e/fixtures/lab.ts';
import { patience, until } from '../../fixtures/patience.ts';
import { drawn, heltec, pictures } from './fixtures/frames.ts';
import { interpreter } from './fixtures/interpreter.ts';
import { wake, withLab } from './fixtures/journey.ts';
import type { Run } from './fixtures/runner.ts';
import { viewIn } from './fixtures/script.ts';
import { tellLargest } from './fixtures/variables.ts';

/** Its display keeps its supply, so a nap that somebody watches is a deep sleep too. */
const alwaysSupplied = { name: 'house-01', profile: 'house', board: 'esp32-ssd1306' };

/** Starts the provisioner with builds expected to take so long, whatever they really take. */
async function expectBuilds(lab: Lab, expectS: number): Promise<void> {
  const settings = parse(readFileSync(lab.provisionerFile, 'utf8'));
  for (const profile of Object.values(settings.profiles)) Object.assign(profile as object, { expectS });
  writeFileSync(lab.provisionerFile, stringify(settings));
  const provisioner = await lab.startProvisioner();
  await provisioner.whenOnline(patience(5000));
}

/** For how long the board went to deep sleep, in seconds. */
const napS = ({ sleep = '' }: Run) => Number(/^timer ([\d.]+)$/.exec(sleep)?.[1]) / 1e6;
const isReady = (lab: Lab) => () => lab.provisioner?.presses()[0]?.step === 'ready';

const limits = { timeout: patience(50_000) };

describe.skipIf(!interpreter).concurrent('A press on the real interpreter (needs ESPRUINO)', limits, () => {
  test('becomes a cluster, with the same frames as on the simulator', () =>
    withLab({}, async lab => {
      const run = await wake(lab, { script: [['ready', 'stop']] });
      const [cluster, ...others] = lab.platform.clusters();
      expect(others).toEqual([]);
      expect(run.views.at(-1)).toMatchObject({ cluster: cluster?.name, address: cluster?.address });
      const isView = (event: (typeof run.events)[number]) => event.what === 'line' && !!viewIn(event.text);
      const frames = pictures(run.events, isView, heltec);
      for (const [i, view] of run.views.entries()) {
        expect(Buffer.from(frames[i]?.pixels ?? []).equals(drawn(view)), JSON.stringify(view)).toBe(true);
      }
      const order = run.events.map(event => event.what);
      expect(order.indexOf('i2c')).toBeLessThan(order.indexOf('wifi'));
    }));

  test('is not sent again by the next waking while its cluster is being built', () =>
    withLab({ platform: { speed: 40 } }, async lab => {
      await wake(lab, { script: [['building', 'stop']] });
      const run = await wake(lab, {
        script: [
          ['building', 'press'],
          ['ready', 'stop'],
        ],
      });
      expect(run.views.at(-1)).toMatchObject({ cluster: 'house-01-1' });
      expect(lab.provisioner?.counters.received).toBe(1);
      expect(lab.platform.clusters()).toHaveLength(1);
    }));

  test('is looked after from deep sleep: naps by timer, a bar that moves on, a look, ready', () =>
    withLab({ provisioner: false, buttons: [alwaysSupplied] }, async lab => {
      await expectBuilds(lab, 160);
      const pressed = await wake(lab);
      expect(pressed.end).toBe('slept');
      expect(napS(pressed)).toBeGreaterThan(10);
      expect(pressed.views.at(-1)).toMatchObject({ kind: 'building', cluster: 'house-01-1', percent: 0 });
      expect(pressed.remembered).toMatchObject({ press: 1, poll: { status: { press: 1 } } });

      const napped = await wake(lab, { wakeCause: 4, laterS: 6 });
      expect(napS(napped)).toBeLessThanOrEqual(napS(pressed) - 6);
      expect(napped.events.some(event => event.what === 'wifi')).toBe(false);
      expect(napped.views).toEqual([
        expect.objectContaining({ kind: 'building', percent: expect.toSatisfy(percent => percent > 0) }),
      ]);

      await until(isReady(lab), 'the cluster');
      const looked = await wake(lab, { wakeCause: 4, laterS: 100, script: [['ready', 'stop']] });
      expect(looked.views.map(view => view.kind)).toEqual(['ready']);
      expect(looked.remembered).toMatchObject({ press: 1, cluster: 'house-01-1' });
      expect(looked.remembered?.poll).toBeUndefined();
      expect(lab.provisioner?.counters.received).toBe(1);
    }));

  test('is looked after in the dark when nobody has touched the button for long', () =>
    withLab({ provisioner: false, buttons: [alwaysSupplied], platform: { speed: 1 } }, async lab => {
      await expectBuilds(lab, 1800);
      await wake(lab);
      const run = await wake(lab, { wakeCause: 4, laterS: 200 });
      expect(run.views).toEqual([]);
      expect(run.events.some(event => event.what === 'connect')).toBe(true);
      expect(napS(run)).toBeGreaterThan(300);
      expect(run.remembered).toMatchObject({ poll: { status: { state: 'provisioning' } } });
    }));
});

tellLargest();
