/**
 * How many of the interpreter's variables the button takes in whole journeys, with the shortest and the longest device.json and the
 * longest messages; and what happens when there are too few. With a 32-bit build of the chip's settings the figures are the chip's.
 */
import { describe, expect, test } from 'vitest';
import { hotspot } from '../../../cli/demo/site.ts';
import { neededVariables } from '../../../cli/flash/fitness.ts';
import type { DeviceFile } from '../../../firmware/src/device.ts';
import { roomToPress } from '../../../firmware/src/limits.ts';
import { maxAddressLength, maxClusterLength, maxPhaseLength } from '../../../protocol/src/messages.ts';
import type { Lab } from '../../e2e/fixtures/lab.ts';
import { patience } from '../../fixtures/patience.ts';
import { interpreter } from './fixtures/interpreter.ts';
import { type Waking, type Woken, wake, withLab } from './fixtures/journey.ts';
import { answerWith, type Said } from './fixtures/scripted-lab.ts';
import { isChipFormat, peakOf } from './fixtures/variables.ts';

const limits = { timeout: patience(120_000) };

/** Nobody listens there. */
const closedPort = 1;

/** The longest name and key that a chip joins with. */
const network = (i: number) => ({ ssid: `${i}`.repeat(31), password: `${i}`.repeat(63) });
const five = [1, 2, 3, 4, 5].map(network);
/** Never dialled: the first relay is there. */
const otherRelay = { host: 'r'.repeat(63), port: 65_535, tls: false };
/** Only the last network is there. */
const longest: Waking = {
  wifi: five.slice(-1),
  device: (file: DeviceFile) => ({ ...file, wifi: five, otherRelays: [otherRelay, otherRelay] }),
};
const shortest: Waking = { wifi: [hotspot] };

const cluster = 'c'.repeat(maxClusterLength);
const phase = 'phase of a long name '.repeat(2).slice(0, maxPhaseLength);
const qr = `29:${Buffer.alloc(106, 0xa5).toString('base64')}`;
const address = 'a'.repeat(maxAddressLength);
const building: Said = {
  state: 'provisioning',
  cluster,
  phase,
  percent: 50,
  upTo: 90,
  leftS: 600,
  lookAgainS: 2,
};
const ready: Said = {
  state: 'ready',
  cluster,
  address,
  qr,
  percent: 100,
  phase,
  leftS: 9000,
  lookAgainS: 8000,
};
const released: Said = { state: 'released', cluster };
const answers = { create: [building, ready], release: [released] };

const tooFew = /^Only \d+ variables are free$/;

function tell(what: string, run: Woken): void {
  const { variables, where } = peakOf(run);
  process.stdout.write(
    `${isChipFormat ? 'chip' : '64-bit'} format, ${what}: ${variables} variables ${where}\n`,
  );
}

async function withAnswers(
  test: (lab: Lab) => Promise<void>,
  said: typeof answers | object = answers,
): Promise<void> {
  await withLab({ provisioner: false }, async lab => {
    await answerWith(lab, said);
    await test(lab);
  });
}

describe.skipIf(!interpreter).concurrent('Variables on the real interpreter (needs ESPRUINO)', limits, () => {
  test.each([
    ['1 network', shortest],
    ['5 networks', longest],
  ])('are enough for whole journeys with %s', (name, given) =>
    withAnswers(async lab => {
      tell(`${name}, power-on`, await wake(lab, { ...given, wakeCause: 0 }));
      const pressed = await wake(lab, {
        ...given,
        script: [
          ['ready', 'press'],
          ['qr', 'hold'],
          ['RELEASE?', 'press'],
          ['RELEASED', 'stop'],
        ],
      });
      tell(`${name}, press, QR code, hold, released`, pressed);
    }));

  test.each([
    ['1 network', shortest],
    ['5 networks', longest],
  ])('do not add up over several dials in one waking with %s', (name, given) =>
    withAnswers(
      async lab => {
        await wake(lab, given);
        const device = (file: DeviceFile) => ({
          ...((given.device?.(file) as object) ?? file),
          relay: { ...file.relay, port: closedPort },
        });
        const run = await wake(lab, { ...given, device, wakeCause: 4, laterS: 700 });
        expect(run.events.filter(({ what }) => what === 'connect').length).toBeGreaterThan(2);
        tell(`${name}, three dials`, run);
      },
      { create: [{ ...building, lookAgainS: 600 }] },
    ));

  test('are as few as flash demands, and a press goes all the way', () =>
    withAnswers(async lab => {
      const run = await wake(lab, {
        ...longest,
        freeVariables: neededVariables,
        script: [['ready', 'stop']],
      });
      expect(run.views.map(({ kind }) => kind)).not.toContain('error');
    }));

  const ofAFixedNumber = test.skipIf(!isChipFormat);
  ofAFixedNumber(
    'are too few to begin with: DEVICE says how many, nobody is called, and the button sleeps (needs ESPRUINO with a fixed number)',
    () =>
      withAnswers(async lab => {
        const all = await wake(lab, {
          ...longest,
          freeVariables: neededVariables,
          until: ({ what }) => what === 'wifi',
        });
        const taken = (all.memory.samples.at(-1) ?? 0) - all.memory.before;
        const freeVariables = roomToPress + taken - 100;
        const run = await wake(lab, { ...longest, freeVariables, complaint: tooFew });
        expect(run.views.at(-1)).toMatchObject({
          kind: 'error',
          code: 'DEVICE',
          line: expect.stringMatching(tooFew),
        });
        expect(
          run.events.filter(({ what }) => ['wifi', 'connect'].includes(what)).map(({ what }) => what),
        ).toEqual(['wifi']);
        expect(run.sleep).toBe('pin 0 0');
      }),
  );

  ofAFixedNumber.each(['connecting', 'building'])(
    'run out after %s: DEVICE, not a fault of the relay, and the button sleeps (needs ESPRUINO with a fixed number)',
    picture =>
      withAnswers(
        async lab => {
          const script: Waking['script'] = [
            [picture, 'fill'],
            ['DEVICE', 'none'],
          ];
          const run = await wake(lab, { ...longest, script, complaint: /./ });
          expect(run.lines.join('\n')).toContain('OUT OF MEMORY');
          expect(run.views.at(-1)).toMatchObject({ kind: 'error', code: 'DEVICE', line: 'Out of memory' });
          expect(run.sleep).toBe('pin 0 0');
        },
        { create: [{ ...building, lookAgainS: 2 }] },
      ),
  );
});
