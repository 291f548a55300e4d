/** Relay and provisioner as processes of their own, killed with SIGKILL in the middle of a build. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, type TestContext, test } from 'vitest';
import { patience, until } from '../fixtures/patience.ts';
import { programFile } from '../fixtures/programs.ts';
import { killRelayWhileWaiting } from './fixtures/kill-relay.ts';
import { type Lab, type LabOptions, startLab } from './fixtures/lab.ts';

async function start({ onTestFinished }: TestContext, options: LabOptions = {}): Promise<Lab> {
  const lab = await startLab({ platform: { speed: 40 }, ...options });
  onTestFinished(() => lab.close());
  return lab;
}

/** Runs `dashbutton …` and waits until its log says `ready`. */
async function run(lab: Lab, args: string[], ready: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [programFile('cli'), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  lab.finally(() => child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += chunk));
  const look = () => {
    if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}: ${output}`);
    return output.includes(ready);
  };
  await until(look, () => `${ready} in: ${output}`);
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

describe.concurrent('killed in the middle of a build', () => {
  test('and restarted, the provisioner ends it as one cluster, ready on the display', async t => {
    const lab = await start(t, { provisioner: false });
    const { button, platform, provisionerFile } = lab;
    const args = ['provisioner', '--config', provisionerFile];
    const first = await run(lab, args, 'connected to the relay');
    const house = button();
    house.board.press();
    await house.shows(view => view.kind === 'building' && view.percent >= 20);
    await kill(first);
    await run(lab, args, 'connected to the relay');
    const ready = await house.showsKind('ready', { withinMs: 30_000 });
    expect(platform.clusters()).toHaveLength(1);
    expect(ready.address).toBe(platform.clusters()[0]?.address);
  });

  test('and restarted, the relay carries the rest of the build to the display', async t => {
    const lab = await start(t);
    const { site, relay, button, platform } = lab;
    await lab.provisioner?.stop();
    await relay.close();
    const args = ['relay', '--users', site.usersFile, '--port', String(relay.port)];
    const first = await run(lab, args, 'relay open');
    const provisioner = await lab.startProvisioner();
    await provisioner.whenOnline(patience(5000));
    const house = button();
    house.board.press();
    await house.shows(view => view.kind === 'building' && view.percent >= 20);
    const from = house.views.length;
    await kill(first);
    // What is written to a dead relay is lost: it has to be noticed.
    await until(() => !provisioner.connected, 'the provisioner to notice');
    await run(lab, args, 'relay open');
    const ready = await house.showsKind('ready', { from, withinMs: 30_000 });
    expect(platform.clusters()).toHaveLength(1);
    expect(ready.address).toBe(platform.clusters()[0]?.address);
  });

  test('while ten buttons wait, the relay has everybody and every status back', t =>
    killRelayWhileWaiting(t, 10, 40));
});
