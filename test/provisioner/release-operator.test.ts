/** Giving clusters back from the command line, and what is never taken away. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLog } from '../../config/src/log.ts';
import { CcpPlatform } from '../../provisioner/src/platforms/ccp/ccp.ts';
import { type Provisioner, startProvisioner } from '../../provisioner/src/provisioner.ts';
import type { ProfileRules } from '../../provisioner/src/settings/rules.ts';
import { eventually, type Lab, startLab, TestButton, template } from './lab.ts';

let lab: Lab;
let provisioner: Provisioner;
let button: TestButton;

beforeEach(async () => {
  lab = await startLab({ ccp: { speed: 300 } });
});

afterEach(async () => {
  await button.close();
  await provisioner.stop();
  await lab.close();
});

async function start(rules: ProfileRules = {}): Promise<void> {
  const { house } = lab.config.profiles;
  if (house !== undefined) lab.config = { ...lab.config, profiles: { house: { ...house, rules } } };
  provisioner = await startProvisioner(lab.config, { log: silentLog });
  expect(await provisioner.whenOnline(5_000)).toBe(true);
  button = await TestButton.connect(lab);
}

async function ready(press: number): Promise<void> {
  await button.press(press);
  await button.until(status => status.press === press && status.state === 'ready');
}

const names = () => lab.ccp.clusters().map(cluster => cluster.name);
const record = (press: number) => provisioner.presses().find(each => each.press === press);

test('a ready cluster: on record with who asked, and its button sees it go', async () => {
  await start();
  await ready(1);
  expect(await provisioner.release('house-01-1')).toBe('house-01-1 is being given back');
  await button.until(status => status.state === 'releasing' && status.phase === 'given back by the lab');
  await button.until(status => status.state === 'released');
  expect(names()).toEqual([]);
  expect(record(1)).toMatchObject({ step: 'released', release: { by: 'operator', press: 0, percent: 100 } });
});

test('an older cluster goes without a word to the button, which may go on building', async () => {
  await start();
  await ready(1);
  await ready(2);
  const before = button.statuses.length;
  await provisioner.release('house-01-1');
  await ready(3);
  await eventually(() => record(1)?.step === 'released', 10_000);
  expect(button.statuses.slice(before).filter(({ cluster }) => cluster !== 'house-01-3')).toEqual([]);
  expect(names()).toEqual(['house-01-2', 'house-01-3']);
});

test('says what is in the way', async () => {
  await start({ releaseBy: ['button'] });
  await expect(provisioner.release('house-09-1')).rejects.toThrow(
    /no cluster "house-09-1" was made here: none/,
  );
  await button.press(1);
  await button.until(status => status.state === 'provisioning');
  await expect(provisioner.release('house-01-1')).rejects.toThrow(/still being built/);
  await button.until(status => status.state === 'ready');
  await expect(provisioner.release('house-09-1')).rejects.toThrow(/there stand house-01-1/);
  await expect(provisioner.release('house-01-1')).rejects.toThrow(/releaseBy .* does not name operator/);
  await button.press(2, { action: 'release' });
  await button.until(status => status.state === 'released');
  await expect(provisioner.release('house-01-1')).rejects.toThrow(/was given back before/);
});

test('another cluster that has the name by now is left alone: ours is gone', async () => {
  await start();
  await ready(1);
  const { url, user: username, password, caPem: ca } = lab.ccp;
  const platform = new CcpPlatform({ type: 'ccp', url, username, password, trust: { ca } });
  const { signal } = new AbortController();
  const target = { name: 'house-01-1', template: template(lab.ccp), addOns: [] };
  await platform.remove(target, record(1)?.id ?? '', signal);
  await platform.create({ ...target, range: '172.30.0.0/20', description: 'theirs' }, signal);
  await platform.close();
  await button.press(2, { action: 'release' });
  await button.until(status => status.press === 2 && status.state === 'released');
  expect(names()).toEqual(['house-01-1']);
  expect(lab.ccp.clusters()[0]?.request.description).toMatch(/^theirs/);
});

test("somebody else's cluster of that name, made in the same moment, is neither adopted nor removed", async () => {
  await start();
  // Our order is lost on its way, and theirs comes in between.
  lab.ccp.fail({ kind: 'serverError', method: 'POST', path: '/2/clusters', times: 1 });
  lab.ccp.fail({ kind: 'slow', delayMs: 200 });
  await button.press(1);
  await button.until(status => status.phase === 'platform asked');
  const { url, user: username, password, caPem: ca } = lab.ccp;
  const platform = new CcpPlatform({ type: 'ccp', url, username, password, trust: { ca } });
  const target = { name: 'house-01-1', template: template(lab.ccp), addOns: [] };
  const theirs = platform.create(
    { ...target, range: '172.30.0.0/20', description: 'theirs' },
    new AbortController().signal,
  );
  const failed = await button.until(status => status.state === 'failed', 15_000);
  expect(failed.line).toMatch(/^Name taken/);
  await theirs;
  await platform.close();
  await new Promise(resolve => setTimeout(resolve, 500));
  expect(names()).toEqual(['house-01-1']);
  expect(record(1)?.cleanUp).toBeUndefined();
});
