/** The same path on the real interpreter and on the simulated board puts the same bytes on the I²C bus, picture by picture. */

import { describe, expect, test } from 'vitest';
import type { View } from '../../../firmware/src/view.ts';
import { qrOf } from '../../../provisioner/src/buttons/qr.ts';
import { usualConverter } from '../../../simulator/board/pin-calls.ts';
import type { Lab, LabOptions } from '../../e2e/fixtures/lab.ts';
import { patience } from '../../fixtures/patience.ts';
import type { ChipEvent } from './fixtures/events.ts';
import { isLit } from './fixtures/frames.ts';
import { interpreter } from './fixtures/interpreter.ts';
import { buttonPin, wake, withLab } from './fixtures/journey.ts';
import { viewIn } from './fixtures/script.ts';
import { answerWith, type Said } from './fixtures/scripted-lab.ts';
import { type SimulatedWaking, simulate } from './fixtures/simulated.ts';
import { tellLargest } from './fixtures/variables.ts';

interface Page {
  /** The view as the program tells it when it is on the glass; or `sleep`, or what was sent last. */
  told: View | string;
  /** Address and bytes of each transaction. */
  sent: string[];
}

/** What was sent for each picture. */
function pagesOf(events: ChipEvent[]): Page[] {
  const pages: Page[] = [];
  let sent: string[] = [];
  const turn = (told: View | string) => {
    // Said again, and nothing sent: how often depends on the second in which a limit ends.
    if (sent.length === 0 && JSON.stringify(told) === JSON.stringify(pages.at(-1)?.told)) return;
    pages.push({ told, sent });
    sent = [];
  };
  for (const event of events) {
    if (event.what === 'i2c') sent.push(`${event.address}: ${Buffer.from(event.bytes).toString('hex')}`);
    else if (event.what === 'sleep') turn(`sleep ${event.how}`);
    const view = event.what === 'line' ? viewIn(event.text) : undefined;
    if (view) turn(view);
  }
  if (sent.length > 0) turn('at the end');
  return pages;
}

const built = { cluster: 'house-01-1', leftS: 90, lookAgainS: 2 };
const create: Said[] = [
  { ...built, state: 'accepted', phase: 'accepted', upTo: 5, leftS: 160 },
  { ...built, state: 'provisioning', phase: 'provisioning nodes 1/3', percent: 33, upTo: 60 },
  { ...built, state: 'verifying', phase: 'calling the API server', percent: 95, upTo: 95, leftS: 2 },
  {
    ...{ state: 'ready', cluster: 'house-01-1', phase: 'ready', percent: 100, upTo: 100 },
    address: '10.10.20.31',
    // The largest that a status may carry.
    ...{ qr: qrOf('https://api.house-01-1.clusters.lab.example.net:6443/') ?? '' },
  },
];
const release: Said[] = [
  { ...built, state: 'releasing', phase: 'giving it back', percent: 50, upTo: 100, leftS: 10 },
  { state: 'released', cluster: 'house-01-1', phase: 'given back', percent: 100, upTo: 100 },
];

interface Path {
  path: string;
  /** The least number of pictures on the way. */
  pictures: number;
  waking: SimulatedWaking;
  before?: (lab: Lab) => unknown;
  lab?: LabOptions;
}

const paths: Path[] = [
  {
    path: 'power-on, and to sleep',
    pictures: 2,
    waking: { pressed: false },
  },
  {
    path: 'a build, its QR code, the offer, the release',
    pictures: 12,
    before: lab => answerWith(lab, { create, release }),
    waking: {
      batteryMv: 4000,
      script: [
        ['ready', 'press'],
        ['qr', 'press'],
        ['ready', 'hold'],
        ['RELEASE?', 'press'],
        ['RELEASED', 'stop'],
      ],
    },
  },
  { path: 'no network', pictures: 2, waking: { wifi: [], script: [['HOTSPOT', 'stop']] } },
  {
    path: 'the lab is offline',
    pictures: 3,
    lab: { provisioner: true },
    before: lab => lab.provisioner?.stop(),
    waking: { script: [['LAB', 'stop']] },
  },
  { path: 'a low battery', pictures: 1, waking: { batteryMv: 3300, script: [['BATTERY', 'stop']] } },
  { path: 'no device.json', pictures: 1, waking: { device: () => undefined, until: isLit } },
];

/** What analogRead gives on a Heltec WiFi Kit 32: 12 bits behind a divider of 3.2, of a converter with its offset. */
const analogFor = (batteryMv: number) => ({
  37: Math.max(0, Math.round((batteryMv / 3.2 - usualConverter.offsetMv) / usualConverter.stepMv)) / 4096,
});

describe
  .skipIf(!interpreter)
  .concurrent(
    "The I²C bytes on the real interpreter (needs ESPRUINO) are the simulator's:",
    { timeout: patience(50_000) },
    () => {
      test.each(paths)('picture by picture: $path', async ({ pictures, waking, before, lab: options }) => {
        const inLab = (run: (lab: Lab) => Promise<ChipEvent[]>) =>
          withLab({ provisioner: false, ...options }, async lab => {
            await before?.(lab);
            return pagesOf(await run(lab));
          });
        const { pressed = true, batteryMv = 0, ...same } = waking;
        const started = pressed ? { finger: { pin: buttonPin, ms: 100 } } : { wakeCause: 0 as const };
        const analog = analogFor(batteryMv);
        const [real, simulated] = await Promise.all([
          inLab(async lab => (await wake(lab, { ...same, ...started, analog })).events),
          inLab(lab => simulate(lab, waking)),
        ]);
        expect(real.length).toBeGreaterThanOrEqual(pictures);
        expect(simulated).toEqual(real);
        expect(real.flatMap(page => page.sent).length).toBeGreaterThan(8);
      });
    },
  );

tellLargest();
