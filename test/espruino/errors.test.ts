/** Each error screen on the real interpreter, with the hop that really fails. */
import { describe, expect, it } from 'vitest';
import { explain } from '../../firmware/src/explain.ts';
import type { Code } from '../../protocol/src/messages.ts';
import type { Lab, LabOptions } from '../e2e/lab.ts';
import { drawn, heltec, isLit, pictures } from './frames.ts';
import { howToEnable, interpreter } from './interpreter.ts';
import { type Waking, wake, withLab } from './journey.ts';
import { answerWith } from './scripted-lab.ts';
import { tellLargest } from './variables.ts';

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
    line: 'demo phone not joined',
    lab: nobody,
    waking: { wifi: [] },
  },
  {
    when: 'the relay does not know the button',
    code: 'RELAY',
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
    lab: { now: () => Date.now() + (late.on ? 3_600_000 : 0) },
    before: async () => {
      // The lab says its time again for 2 s after it has come online, and then not for a while.
      await new Promise(resolve => setTimeout(resolve, 2300));
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
    // Pin 37 behind a divider of 3.2, and 1 is 3.3 V.
    waking: { analog: { 37: 1 / 3.2 } },
  },
];

/** They have no flow that would tell its views: the picture itself says it. */
const noDevice: { when: string; line: string; device: NonNullable<Waking['device']> }[] = [
  { when: 'missing', line: 'device.json is missing', device: () => undefined },
  { when: 'cut off', line: 'device.json is missing', device: file => JSON.stringify(file).slice(0, 99) },
  { when: 'without its key', line: 'bad "key" in device.json', device: file => ({ ...file, key: 'short' }) },
];

const limits = { timeout: 50_000 };

describe
  .skipIf(!interpreter)
  .concurrent(`On the real interpreter (${howToEnable}) the display says`, limits, () => {
    it('RELAY when the relay cannot be reached, and then the board sleeps until it is pressed', () =>
      withLab(nobody, async lab => {
        await lab.relay.close();
        const run = await wake(lab);
        expect(run.views.at(-1)).toMatchObject({ code: 'RELAY', line: 'The relay is not there' });
        expect(run).toMatchObject({ end: 'slept', sleep: 'pin 0 0' });
      }));

    it.each(cases)('$code when $when', ({ code, line, lab: options, before, waking }) =>
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

    it.each(noDevice)('DEVICE when device.json is $when', ({ line, device }) =>
      withLab(nobody, async lab => {
        const { events, end } = await wake(lab, { device, until: isLit });
        expect(end).toBe('stopped');
        const [picture] = pictures(events, isLit, heltec);
        expect(picture?.on).toBe(true);
        expect(picture?.pixels).toEqual(drawn(explain('DEVICE', line)));
      }));
  });

tellLargest();
