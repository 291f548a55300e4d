/** What changes while a service starts, and the signals that come then. */
import { appendFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { heedSignals } from '../../cli/service.ts';
import { silentLog } from '../../config/src/log.ts';
import { loadConfig, type ProvisionerConfig } from '../../provisioner/src/settings/config.ts';
import { SettingsFollower } from '../../provisioner/src/settings/follow.ts';
import { until } from '../fixtures/patience.ts';
import { startLab } from '../provisioner/fixtures/lab.ts';
import { writeSettings } from './fixtures/operator-lab.ts';

const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

test('a SIGHUP during the start is carried out after it', () => {
  const before = names.map(name => process.listeners(name));
  onTestFinished(() => {
    for (const [i, name] of names.entries())
      for (const listener of process.listeners(name))
        if (before[i]?.includes(listener) !== true) process.off(name, listener);
  });
  const signals = heedSignals(silentLog);
  process.emit('SIGHUP');
  process.emit('SIGHUP');
  let read = 0;
  void signals.untilStopped(
    async () => {},
    () => {
      read += 1;
    },
  );
  expect(read).toBe(1);
  process.emit('SIGHUP');
  expect(read).toBe(2);
});

test('settings that were changed during the start are taken over after it, and others are not', async () => {
  const lab = await startLab();
  onTestFinished(() => lab.close());
  const path = writeSettings(lab);
  const running = loadConfig(path);
  const taken: ProvisionerConfig[] = [];
  const update = async (config: ProvisionerConfig) => void taken.push(config);
  const follow = () => {
    const follower = new SettingsFollower({ path, running, update, log: silentLog });
    onTestFinished(() => follower.stop());
    return follower;
  };
  follow().stop();
  expect(taken).toEqual([]);
  appendFileSync(path, 'webhooks: []\n');
  follow();
  await until(() => taken.length > 0, 'the change');
  expect(taken[0]).toMatchObject({ site: running.site, webhooks: [] });
});
