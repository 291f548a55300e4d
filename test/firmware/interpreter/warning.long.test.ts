/** A cluster with a time to live, on the real interpreter: from its address through the warning to its end. */
import { describe, expect, test } from 'vitest';
import type { View } from '../../../firmware/src/view.ts';
import { patience } from '../../fixtures/patience.ts';
import { drawn, pictures } from './fixtures/frames.ts';
import { interpreter } from './fixtures/interpreter.ts';
import { type Woken, wake, withLab } from './fixtures/journey.ts';
import { viewIn } from './fixtures/script.ts';
import { answerWith, type Said } from './fixtures/scripted-lab.ts';
import { tellLargest } from './fixtures/variables.ts';

/** Its display keeps its supply, so the address stands on it while the chip sleeps. */
const button = { name: 'house-01', profile: 'house', board: 'esp32-ssd1306' };
const wiring = { reset: null };
const pin = 33;

const cluster = 'house-01-1';
const lived: Said = { state: 'ready', cluster, address: '10.0.0.9', percent: 100, phase: 'control plane' };
/** Eight hours to live; the warning comes half an hour before, the last one five minutes before. */
const fresh: Said = { ...lived, leftS: 28_800, lookAgainS: 27_000 };
const warning: Said = { ...lived, phase: 'given back in 30 min', leftS: 1800, lookAgainS: 1500 };
const released: Said = { state: 'released', cluster, percent: 100 };
const create: Said[] = [{ state: 'accepted', cluster, percent: 5 }, fresh];

const timer = { wakeCause: 4 } as const;
const napS = ({ sleep = '' }: Woken) => Number(/^timer ([\d.]+)$/.exec(sleep)?.[1]) / 1e6;
const usedRadio = ({ events }: Woken) =>
  events.some(event => event.what === 'connect' || (event.what === 'wifi' && event.state !== 'off'));

/** The last picture of a waking is the one of its last view. */
function expectPainted({ events, views }: Woken): void {
  const frame = pictures(events, event => event.what === 'line' && !!viewIn(event.text), wiring).at(-1);
  expect(frame?.on).toBe(true);
  expect(Buffer.from(frame?.pixels ?? []).equals(drawn(views.at(-1) as View))).toBe(true);
}

// Two addresses are shown for 10 s each and RELEASED for 30 s, in the interpreter's own time.
const limits = { timeout: patience(150_000) };

describe.skipIf(!interpreter).concurrent('A warning on the real interpreter (needs ESPRUINO)', limits, () => {
  test('ready, asleep, awake by timer with the warning, asleep, awake by timer with RELEASED, asleep for good', () =>
    withLab({ provisioner: false, buttons: [button] }, async lab => {
      const { presses, tell } = await answerWith(lab, { create });
      const pressed = await wake(lab);
      expect(pressed.views.at(-1)).toMatchObject({ kind: 'ready', note: 'control plane' });
      expect(napS(pressed)).toBe(110);

      const dark = await wake(lab, { ...timer, laterS: 130 });
      expect([dark.views, usedRadio(dark), napS(dark)]).toEqual([[], false, 60]);
      const offDisplay = dark.transactions.map(({ bytes }) => Buffer.from(bytes).toString('hex'));
      expect(offDisplay).toContain('00ae8d10');

      const alone = await wake(lab, { ...timer, laterS: 27_050, wifi: [] });
      expect([alone.views, usedRadio(alone)]).toEqual([[], true]);
      expect(alone.remembered?.poll?.fails).toBe(1);
      expect(napS(alone)).toBeLessThanOrEqual(60);

      await tell(warning);
      const warned = await wake(lab, { ...timer, laterS: 27_200 });
      expect(warned.views).toMatchObject([{ kind: 'ready', cluster, note: 'given back in 30 min' }]);
      expectPainted(warned);
      expect(napS(warned)).toBe(110);
      expect(warned.remembered?.poll?.fails).toBe(2);

      await tell(released);
      const over = await wake(lab, { ...timer, laterS: 28_900 });
      expect(over.views).toMatchObject([{ title: 'RELEASED', detail: `${cluster} is gone` }]);
      expectPainted(over);
      expect(over.sleep).toBe(`pin ${pin} 0`);
      expect(over.remembered).toMatchObject({ press: 1, pending: '', cluster: '' });
      expect(over.remembered?.poll).toBeUndefined();
      expect(presses.map(({ press, action }) => [press, action])).toEqual([[1, 'create']]);
    }));

  test('a finger that is on the button between two naps presses, once, with the next number', () =>
    withLab({ provisioner: false, buttons: [button] }, async lab => {
      const { presses } = await answerWith(lab, { create });
      await wake(lab, { script: [['ready', 'stop']] });
      const finger = { pin, ms: 2500 };
      const again = await wake(lab, { ...timer, laterS: 5000, finger, script: [['ready', 'stop']] });
      expect(again.views[0]).toMatchObject({ kind: 'connecting', hop: 'hotspot' });
      expect(presses.map(({ press, action }) => [press, action])).toEqual([
        [1, 'create'],
        [2, 'create'],
      ]);
    }));

  test('what lies on the button does not wake it each minute, and orders nothing', () =>
    withLab({ provisioner: false, buttons: [button] }, async lab => {
      const { presses } = await answerWith(lab, { create });
      await wake(lab, { script: [['ready', 'stop']] });
      const stuck = await wake(lab, { ...timer, laterS: 5000, finger: { pin, ms: 100_000 } });
      expect(stuck.views.slice(-2)).toMatchObject([{ title: 'RELEASE?' }, { title: 'KEPT' }]);
      expect(napS(stuck)).toBe(1800);
      expect(stuck.remembered?.poll?.status?.press).toBe(1);
      expect(presses).toHaveLength(1);
    }));
});

tellLargest();
