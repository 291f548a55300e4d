/** Each error screen on the real interpreter, with the hop that really fails. */
import { describe, expect, test } from 'vitest';
import { explain } from '../../../firmware/src/explain.ts';
import type { Code } from '../../../protocol/src/messages.ts';
import type { Lab, LabOptions } from '../../e2e/fixtures/lab.ts';
import { patience, pause } from '../../fixtures/patience.ts';
import { bare, drawn, isLit, pictures } from './fixtures/frames.ts';
import { interpreter } from './fixtures/interpreter.ts';
import { type Waking, wake, withLab } from './fixtures/journey.ts';
import { answerWith } from './fixtures/scripted-lab.ts';
import { tellLargest } from './fixtures/variables.ts';

interface Case {
  when: string;
  code: Code;
  line: string | RegExp;
  lab?: LabOptions;
  /** Breaks something when all is up. */
  before?: (lab: Lab) => unknown;
  waking?: Waking;
}

const anotherKey = Buffer.alloc(32, 7).toString('base64');
const nobody: LabOptions = { provisioner: false };
/** The lab's clock is an hour ahead of the beacon that the button reads. */
const late = { on: false };

const cases: Case[] = [
  // The slow ones first: they run side by side.
  {
    when: 'the lab is online and does not answer',
    code: 'LAB',
    line: 'The lab did not answer press 1',
    lab: nobody,
    before: lab => answerWith(lab, {}),
  },
  {
    when: 'the button signs with another key',
    code: 'KEY',
    line: 'The keys do not match',
    waking: { device: file => ({ ...file, key: anotherKey }) },
  },
  {
    when: 'no known network is there',
    code: 'HOTSPOT',
    line: 'demo phone not in reach',
    lab: nobody,
    waking: { wifi: [] },
  },
  {
    when: 'the relay does not know the button',
    code: 'KEY',
    line: 'The relay refuses: bad login',
    lab: nobody,
    waking: { device: file => ({ ...file, button: 'house-99' }) },
  },
  {
    when: 'the relay has a name that nobody knows',
    code: 'RELAY',
    line: 'No such host',
    lab: nobody,
    waking: { device: file => ({ ...file, relay: { ...file.relay, host: 'relay.invalid' } }) },
  },
  {
    when: 'the lab has said goodbye',
    code: 'LAB',
    line: 'The lab is offline',
    before: lab => lab.provisioner?.stop(),
  },
  { when: 'there never was a lab', code: 'LAB', line: 'No sign of the lab', lab: nobody },
  {
    when: 'the press is older than it may be',
    code: 'STALE',
    line: /^Press is \d+ s old/,
    // Time passes in the lab; a wall clock that jumps alone makes no press old.
    lab: {
      now: () => Date.now() + (late.on ? 3_600_000 : 0),
      ran: () => process.uptime() * 1000 + (late.on ? 3_600_000 : 0),
    },
    before: async () => {
      // The lab has said its time by then, and will not for a while.
      await pause(2300);
      late.on = true;
    },
  },
  {
    when: 'the platform refuses its login',
    code: 'PLATFORM',
    line: /log ?in|password/i,
    lab: { platformPassword: 'wrong' },
  },
  {
    when: 'the platform has no room',
    code: 'PLATFORM',
    line: /no free addresses in default-pool/,
    lab: { platform: { failures: [{ kind: 'full', message: 'no free addresses in default-pool' }] } },
  },
  {
    when: 'the lab has a rule against it',
    code: 'QUOTA',
    line: 'Two clusters are all you get',
    lab: nobody,
    before: lab =>
      answerWith(lab, {
        create: [{ state: 'rejected', code: 'QUOTA', line: 'Two clusters are all you get' }],
      }),
  },
  {
    when: 'the battery is too low to finish',
    code: 'BATTERY',
    line: '3.30 V is too low to finish',
    lab: nobody,
    // Pin 37 behind a divider of 3.2; the converter leaves out 142 mV, and 1 is 3.3 V above that.
    waking: { analog: { 37: (3300 / 3.2 - 142) / 3300 } },
  },
];

/** They have no flow that would tell its views: the picture itself says it. */
const noDevice: { when: string; line: string; device: NonNullable<Waking['device']> }[] = [
  { when: 'missing', line: 'device.json is missing', device: () => undefined },
  { when: 'cut off', line: 'device.json is missing', device: file => JSON.stringify(file).slice(0, 99) },
  { when: 'without its key', line: 'bad "key" in device.json', device: file => ({ ...file, key: 'short' }) },
];

const limits = { timeout: patience(50_000) };

describe
  .skipIf(!interpreter)
  .concurrent('On the real interpreter (needs ESPRUINO) the display says', limits, () => {
    test('RELAY when the relay cannot be reached, and then the board sleeps until it is pressed', () =>
      withLab(nobody, async lab => {
        await lab.relay.close();
        const run = await wake(lab);
        expect(run.views.at(-1)).toMatchObject({ code: 'RELAY', line: 'The relay is not there' });
        expect(run).toMatchObject({ end: 'slept', sleep: 'pin 0 0' });
      }));

    test.each(cases)('its code and words: $code when $when', ({ code, line, lab: options, before, waking }) =>
      withLab(options ?? {}, async lab => {
        await before?.(lab);
        const { views, events } = await wake(lab, { ...waking, script: [[code, 'stop']] });
        const { advice } = explain(code, '') as { advice: string };
        expect(views.at(-1)).toEqual({
          ...{ kind: 'error', code, advice },
          line: typeof line === 'string' ? line : expect.stringMatching(line),
        });
        expect(lab.platform.clusters()).toEqual([]);
        if (code === 'BATTERY')
          expect(events.some(event => event.what === 'wifi' && event.state !== 'off')).toBe(false);
      }));

    test.each(noDevice)('DEVICE when device.json is $when', ({ line, device }) =>
      withLab(nobody, async lab => {
        const { events, end } = await wake(lab, { device, until: isLit });
        expect(end).toBe('stopped');
        // Without a device.json the program takes itself for the first board of its table.
        const [picture] = pictures(events, isLit, bare);
        expect(picture?.on).toBe(true);
        expect(picture?.pixels).toEqual(drawn(explain('DEVICE', line)));
      }));
  });

tellLargest();
