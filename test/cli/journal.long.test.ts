/** A pod that comes back on another node: with its disk, and without it. */
import { existsSync, rmSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { patience, until } from '../fixtures/patience.ts';
import { startLab, TestButton } from '../provisioner/fixtures/lab.ts';
import { Service, writeSettings } from './fixtures/operator-lab.ts';

test(
  'provisioner --recover: a first start, a restart, a lost disk, and a platform that does not answer',
  async () => {
    const lab = await startLab({ ccp: { speed: 300 } });
    onTestFinished(() => lab.close());
    const settings = writeSettings(lab);
    const start = () => Service.start(settings, { args: ['--recover'] });
    const first = start();
    await first.says('nothing is known of house-01');
    await first.says('connected to the relay');
    const button = await TestButton.connect(lab);
    onTestFinished(() => button.close());
    // A press from the second in which the journal was made is refused.
    const now = () => ({ time: Math.floor(Date.now() / 1000) + 1 });
    await button.press(1, now());
    const told = await button.until(({ state }) => state === 'ready');
    // Killed, as a node that is lost.
    await first.end('SIGKILL');

    const second = start();
    await second.says('connected to the relay');
    expect(second.out).not.toContain('no journal');
    await second.end('SIGKILL');

    rmSync(lab.config.journal, { recursive: true });
    const heal = lab.ccp.fail({ kind: 'serverError', method: 'GET', path: '/2/clusters' });
    const third = start();
    await third.says('no journal was made, because not all is known');
    await until(() => third.over, 'the end of a start that does not know all');
    expect(third.child.exitCode).toBe(2);
    expect(existsSync(lab.config.journal)).toBe(false);
    heal();

    const fourth = start();
    await fourth.says('a journal was made');
    await fourth.says('connected to the relay');
    const again = await button.until(({ state, seq }) => state === 'ready' && seq > 1_000_000);
    expect(again).toMatchObject({ press: 1, cluster: told.cluster, address: told.address });
    await button.press(1);
    await button.press(2, { action: 'release', ...now() });
    await button.until(({ state }) => state === 'released');
    expect(lab.ccp.made()).toHaveLength(1);
    expect(await fourth.end()).toBe(0);
  },
  patience(40_000),
);

test(
  'without --recover a journal that is lost is named, and nothing of its clusters is touched',
  async () => {
    const lab = await startLab({ ccp: { speed: 300 } });
    onTestFinished(() => lab.close());
    const settings = writeSettings(lab);
    const first = Service.start(settings);
    const button = await TestButton.connect(lab);
    onTestFinished(() => button.close());
    await first.says('connected to the relay');
    await button.press(1);
    await button.until(({ state }) => state === 'ready');
    await first.end();
    expect(first.out).not.toContain('does not know');
    rmSync(lab.config.journal, { recursive: true });
    const second = Service.start(settings);
    await second.says('clusters of this site that the journal does not know');
    expect(second.out).toContain('house-01-1');
    await second.end();
    expect(lab.ccp.clusters().map(({ name }) => name)).toEqual(['house-01-1']);
  },
  patience(40_000),
);
