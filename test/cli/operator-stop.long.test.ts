/** Each thing that the provisioner may hang on, alone, when SIGTERM comes; all at once: operator-stop.test.ts. */
import { expect, onTestFinished, test } from 'vitest';
import { until } from '../fixtures/patience.ts';
import { TestButton } from '../provisioner/fixtures/lab.ts';
import { neverMs, StopLab } from './fixtures/stop-lab.ts';

const at = StopLab.forEachTest();

test('SIGTERM while the relay is silent', async () => {
  const { port, cut } = await at().wire();
  const running = await at().online(at().relayAt(port));
  cut();
  expect(await running.end()).toBe(0);
});

test('SIGTERM while the platform hangs', async () => {
  const { lab } = at();
  lab.ccp.fail({ kind: 'slow', delayMs: neverMs });
  const running = await at().online();
  const button = await TestButton.connect(lab);
  onTestFinished(() => button.close());
  await button.press(1);
  await button.until(status => status.state === 'accepted');
  expect(await running.end()).toBe(0);
});

test('SIGTERM while webhooks retry, and while one hangs', async () => {
  let asked = 0;
  const refusing = await at().listening(socket => socket.destroy());
  const hanging = await at().listening(() => asked++);
  const running = await at().online(at().webhooksAt(refusing, hanging));
  const button = await TestButton.connect(at().lab);
  onTestFinished(() => button.close());
  await button.press(1);
  await running.says('webhook not told');
  await until(() => asked > 0, 'the webhook that hangs');
  expect(await running.end()).toBe(0);
});

test.each(['throw', 'reject'])('a mistake that nobody catches ends the first life, too: %s', async how => {
  const { lab } = at();
  const node = ['--import', new URL('fixtures/stumble.mjs', import.meta.url).pathname];
  const running = await at().online({}, { node, env: { STUMBLE: how } });
  const button = await TestButton.connect(lab);
  onTestFinished(() => button.close());
  await button.press(1);
  await button.until(status => status.state === 'accepted');
  expect(await running.end('SIGUSR2')).toBe(1);
  const again = await at().online();
  const ready = await button.until(status => status.state === 'ready');
  expect(ready.cluster).toBe('house-01-1');
  expect(lab.ccp.clusters()).toHaveLength(1);
  expect(await again.end()).toBe(0);
});
