/** A lab that has died while the relay lives, on the real interpreter: looked at, given up, and asked again. */
import { describe, expect, test } from 'vitest';
import { sliceS } from '../../../firmware/src/limits.ts';
import { patience } from '../../fixtures/patience.ts';
import { interpreter } from './fixtures/interpreter.ts';
import { type Woken, wake, withLab } from './fixtures/journey.ts';
import { answerWith, type Said } from './fixtures/scripted-lab.ts';
import { tellLargest } from './fixtures/variables.ts';

const button = { name: 'house-01', profile: 'house', board: 'esp32-ssd1306' };
const cluster = 'house-01-1';
const create: Said[] = [{ state: 'accepted', cluster, percent: 5, upTo: 5, leftS: 1200, lookAgainS: 600 }];
const ready: Said = { state: 'ready', cluster, address: '10.0.0.9', percent: 100, phase: 'control plane' };

const timer = { wakeCause: 4 } as const;
const napS = ({ sleep = '' }: Woken) => Number(/^timer ([\d.]+)$/.exec(sleep)?.[1]) / 1e6;
const heard = ({ remembered }: Woken) => remembered?.poll?.heard;

// An error is shown for 30 s in the interpreter's own time.
const limits = { timeout: patience(120_000) };

describe.skipIf(!interpreter)('A lab without news on the real interpreter (needs ESPRUINO)', limits, () => {
  test('looks, looks later, gives it up with LAB, and the next press shows the cluster without ordering one', () =>
    withLab({ provisioner: false, buttons: [button] }, async lab => {
      const { presses, tell } = await answerWith(lab, { create });
      const pressed = await wake(lab);
      expect(pressed.views.at(-1)).toMatchObject({ kind: 'building', cluster });
      expect(napS(pressed)).toBe(sliceS);

      const early = await wake(lab, { ...timer, laterS: 700 });
      expect([early.views, napS(early)]).toEqual([[], 600]);
      expect(early.remembered?.poll?.fails).toBe(0);
      expect(heard(early)).toBeCloseTo(heard(pressed) ?? 0, 3);

      // A lost connection in between is counted, and the next look begins that count anew.
      const away = await wake(lab, { ...timer, laterS: 4000, wifi: [] });
      expect(away.views).toEqual([]);
      // The first two naps after that, 1 and 2 s, are over before the interpreter is stopped.
      expect(away.remembered?.poll?.fails).toBeGreaterThan(0);

      const late = await wake(lab, { ...timer, laterS: 8000 });
      const look = late.remembered?.poll;
      expect([late.views, napS(late), look?.fails]).toEqual([[], 600, 0]);
      expect(heard(late)).toBeCloseTo(heard(pressed) ?? 0, 3);
      // A quarter of the silence until then.
      expect((look?.due ?? 0) - (look?.heard ?? 0)).toBeGreaterThan(8000 + 1900);

      const over = await wake(lab, { ...timer, laterS: 10_900 });
      expect(over.views).toMatchObject([{ kind: 'error', code: 'LAB', line: 'No news for 3 h' }]);
      expect(over.sleep).toBe('pin 33 0');
      expect(over.remembered).toMatchObject({ press: 1, pending: 'create' });
      expect(over.remembered?.poll).toBeUndefined();

      await tell(ready);
      const again = await wake(lab, { laterS: 20_000, script: [['ready', 'stop']] });
      expect(again.views.at(-1)).toMatchObject({ kind: 'ready', cluster, address: '10.0.0.9' });
      expect(presses.map(({ press }) => press)).toEqual([1]);
    }));
});

tellLargest();
