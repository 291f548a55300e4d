/** A release whose first order may have arrived is not called off by a refusal that comes later. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLog } from '../../config/src/log.ts';
import { Journal } from '../../provisioner/src/journal/index.ts';
import { CcpPlatform } from '../../provisioner/src/platforms/ccp/ccp.ts';
import { type Provisioner, startProvisioner } from '../../provisioner/src/provisioner.ts';
import { eventually, type Lab, startLab, TestButton } from '../provisioner/lab.ts';

let lab: Lab;
let provisioner: Provisioner;
let button: TestButton;

beforeEach(async () => {
  lab = await startLab({ ccp: { speed: 300 } });
  provisioner = await startProvisioner(lab.config, { log: silentLog });
  button = await TestButton.connect(lab);
  await button.press(1);
  await button.until(status => status.state === 'ready');
});

afterEach(async () => {
  await button.close();
  await provisioner.stop();
  await lab.close();
});

const step = () => provisioner.presses().find(({ press }) => press === 1)?.step;

async function endsAsReleased(): Promise<void> {
  expect(step()).toBe('releasing');
  // The driver waits ten seconds after a refused login; a new process does not.
  await provisioner.stop();
  provisioner = await startProvisioner(lab.config, { log: silentLog });
  await eventually(() => step() !== 'releasing', 10_000);
  expect(step()).toBe('released');
}

/** The platform takes our password again after this: far beyond the next look (milliseconds). */
const lockedOutMs = 3_000;

async function lockOut(): Promise<void> {
  lab.ccp.fail({ kind: 'badLogin' });
  lab.ccp.expireTokens();
  await new Promise(resolve => setTimeout(resolve, lockedOutMs));
  lab.ccp.clearFailures();
}

test('the answer to the order is lost, then the login is refused: gone is gone', {
  timeout: 60_000,
}, async () => {
  lab.ccp.fail({ kind: 'lostAnswer', method: 'DELETE', times: 1 });
  await button.press(2, { action: 'release' });
  await eventually(() => lab.ccp.clusters().length === 0, 10_000);
  await lockOut();
  await endsAsReleased();
});

test('killed after the order, and the login is refused at the next start: gone is gone', {
  timeout: 60_000,
}, async () => {
  await provisioner.stop();
  const journal = await Journal.open(lab.config.journal);
  const made = journal.press('house-01', 1);
  if (made === undefined) throw new Error('no press');
  // As if it had died between the platform's answer and the next write.
  const release = { by: 'button' as const, press: 2, percent: 0, askedAt: Date.now() };
  await journal.write({ presses: [{ ...made, step: 'releasing', release }] });
  await journal.close();
  const [cluster] = lab.ccp.clusters();
  const { url, user: username, password, caPem } = lab.ccp;
  const platform = new CcpPlatform({ type: 'ccp', url, username, password, trust: { ca: caPem } });
  const never = new AbortController().signal;
  await platform.remove({ name: 'house-01-1', template: {}, addOns: [] }, cluster?.id ?? '', never);
  await platform.close();
  const locked = lockOut();
  provisioner = await startProvisioner(lab.config, { log: silentLog });
  await locked;
  await endsAsReleased();
});
