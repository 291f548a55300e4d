/** What comes after ready, on the real interpreter: the QR code, and giving a cluster back. */
import { describe, expect, test } from 'vitest';
import { qrOf } from '../../../provisioner/src/buttons/qr.ts';
import { patience } from '../../fixtures/patience.ts';
import { interpreter } from './fixtures/interpreter.ts';
import { buttonPin, wake, withLab } from './fixtures/journey.ts';
import { fingerMs, type Script } from './fixtures/script.ts';
import { tellLargest } from './fixtures/variables.ts';

const limits = { timeout: patience(50_000) };
const finger = { pin: buttonPin, ms: fingerMs.hold };
const untilReady: Script = [['ready', 'stop']];

describe
  .skipIf(!interpreter)
  .concurrent('The button on the real interpreter (needs ESPRUINO)', limits, () => {
    test('shows the QR code of the API and the address in turn', () =>
      withLab({}, async lab => {
        const { views } = await wake(lab, {
          script: [
            ['ready', 'press'],
            ['qr', 'press'],
            ['ready', 'stop'],
          ],
        });
        const qr = views.find(view => view.kind === 'qr');
        const bits = Buffer.from(qr?.bitmap ?? '', 'latin1').toString('base64');
        expect(`${qr?.side}:${bits}`).toBe(qrOf(lab.platform.clusters()[0]?.apiUrl ?? ''));
        expect(lab.provisioner?.counters.received).toBe(1);
      }));

    test('gives a cluster back: held from ready, then a short press', () =>
      withLab({}, async lab => {
        const script: Script = [
          ['ready', 'hold'],
          ['RELEASE?', 'press'],
          ['RELEASED', 'stop'],
        ];
        const { views, remembered } = await wake(lab, { script });
        expect(views).toContainEqual(
          expect.objectContaining({ title: 'RELEASE?', detail: 'press to give house-01-1 back' }),
        );
        expect(views.at(-1)).toMatchObject({ title: 'RELEASED', detail: 'house-01-1 is gone' });
        expect(remembered).toMatchObject({ press: 2, cluster: '' });
        expect(lab.platform.clusters()).toEqual([]);
        expect(lab.provisioner?.presses()[0]).toMatchObject({ press: 1, step: 'released' });
      }));

    test('gives a cluster back in a later waking: held from sleep', () =>
      withLab({}, async lab => {
        await wake(lab, { script: untilReady });
        await wake(lab, {
          finger,
          script: [
            ['RELEASE?', 'press'],
            ['RELEASED', 'stop'],
          ],
        });
        expect(lab.platform.clusters()).toEqual([]);
      }));

    test('calls a build off: held while it is being built, then a short press', () =>
      withLab({ platform: { speed: 4 } }, async lab => {
        const { views } = await wake(lab, { script: [['building', 'stop']] });
        expect(views.at(-1)).toMatchObject({ kind: 'building' });
        const called = await wake(lab, {
          finger,
          script: [
            ['CALL OFF?', 'press'],
            ['RELEASED', 'stop'],
          ],
        });
        expect(called.views.at(-1)).toMatchObject({ title: 'RELEASED', detail: 'house-01-1 is gone' });
        expect(lab.platform.clusters()).toEqual([]);
        expect(lab.provisioner?.presses()[0]).toMatchObject({ press: 1, step: 'released' });
      }));

    test('keeps the cluster when nobody confirms', () =>
      withLab({}, async lab => {
        await wake(lab, { script: untilReady });
        const { views, remembered } = await wake(lab, {
          finger,
          script: [
            ['RELEASE?', 'none'],
            ['KEPT', 'stop'],
          ],
        });
        expect(views.at(-1)).toMatchObject({ title: 'KEPT' });
        expect(remembered).toMatchObject({ press: 1, cluster: 'house-01-1' });
        expect(lab.platform.clusters()).toHaveLength(1);
        expect(lab.provisioner?.counters.received).toBe(1);
      }));

    test('says so when there is nothing to give back, and orders nothing', () =>
      withLab({}, async lab => {
        const { views } = await wake(lab, { finger, script: [['NOTHING', 'stop']] });
        expect(views.at(-1)).toMatchObject({ title: 'NOTHING' });
        expect(lab.provisioner?.counters.received).toBe(0);
        expect(lab.platform.clusters()).toEqual([]);
      }));
  });

tellLargest();
