/** Any bytes at all on the press topic: nothing crashes, nothing is built, the next real press works. */

import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { noRates } from '../../bench/no-rates.ts';
import { silentLog } from '../../config/src/log.ts';
import { keyFromBytes } from '../../protocol/src/node/envelope.ts';
import { seal } from '../../protocol/src/sign.ts';
import { pressTopic } from '../../protocol/src/topics.ts';
import { startProvisioner } from '../../provisioner/src/provisioner.ts';
import type { Provisioner } from '../../provisioner/src/service.ts';
import { patience } from '../fixtures/patience.ts';
import { eventually, type Lab, pressBody, startLab, TestButton } from './fixtures/lab.ts';

let lab: Lab;
let provisioner: Provisioner;
let button: TestButton;

beforeAll(async () => {
  lab = await startLab({ limits: noRates });
  provisioner = await startProvisioner(lab.config, { log: silentLog });
  await provisioner.whenOnline(patience(5_000));
  button = await TestButton.connect(lab);
});

afterAll(async () => {
  await button?.close();
  await provisioner?.stop();
  await lab?.close();
});

/** Signed as the button would: gets as far as the schema. */
const signed = (json: string) =>
  Buffer.from(
    seal(keyFromBytes(lab.keys['house-01'] ?? Buffer.alloc(32)), pressTopic('house-01'), json),
    'latin1',
  );

test('random bytes, random signed JSON, and presses with one field wrong', async () => {
  const body = pressBody(1);
  const almost = fc
    .tuple(
      fc.constantFrom(...Object.keys(body)),
      fc.oneof(fc.constant(undefined), fc.jsonValue(), fc.double()),
    )
    .map(([field, value]) => ({ ...body, [field]: value }))
    .filter(changed => JSON.stringify(changed) !== JSON.stringify(body));
  const invalid = (text: string) => Buffer.byteLength(text) < 900;
  const payloads = fc.oneof(
    fc.uint8Array({ maxLength: 1024 }).map(bytes => Buffer.from(bytes)),
    fc.json().filter(invalid).map(signed),
    // A field that is wrong in its type: never a press.
    almost
      .filter(changed => typeof changed.press !== 'number' || typeof changed.firmware !== 'string')
      .map(changed => JSON.stringify(changed))
      .filter(invalid)
      .map(signed),
  );
  let sent = 0;
  await fc.assert(
    fc.asyncProperty(payloads, async payload => {
      sent++;
      await button.raw(payload);
    }),
    { numRuns: 500 },
  );
  const { counters } = provisioner;
  await eventually(() => counters.received === sent);
  expect(counters.badSignature + counters.badBody).toBe(sent);
  expect(counters.badSignature).toBeGreaterThan(50);
  expect(counters.badBody).toBeGreaterThan(50);
  expect(lab.ccp.clusters()).toEqual([]);
  await button.press(1);
  await button.until(status => status.state === 'ready');
});
