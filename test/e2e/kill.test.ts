/** Relay and provisioner as processes of their own, killed with SIGKILL in the middle of a build. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { type Lab, startLab } from './lab.ts';

const bin = new URL('../../cli/bin.js', import.meta.url).pathname;

let lab: Lab | undefined;

afterEach(async () => {
  await lab?.close();
  lab = undefined;
});

/** Runs `dashbutton …` and waits until its log says `ready`. */
async function run(args: string[], ready: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [bin, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  lab?.finally(() => child.kill('SIGKILL'));
  let output = '';
  await new Promise<void>((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error(`not ready: ${output}`)), 20_000);
    const listen = (chunk: Buffer) => {
      output += chunk;
      if (output.includes(ready)) {
        clearTimeout(limit);
        resolve();
      }
    };
    child.stdout?.on('data', listen);
    child.stderr?.on('data', listen);
    child.once('exit', code => reject(new Error(`ended with ${code}: ${output}`)));
  });
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

const slower = { platform: { speed: 20 } };

describe('killed in the middle of a build', () => {
  it('and restarted, the provisioner ends it as one cluster, ready on the display', async () => {
    lab = await startLab({ ...slower, provisioner: false });
    const { button, platform, provisionerFile } = lab;
    const args = ['provisioner', '--config', provisionerFile];
    const first = await run(args, 'connected to the relay');
    const house = button();
    house.board.press();
    await house.shows(view => view.kind === 'building' && view.percent >= 20);
    await kill(first);
    await run(args, 'connected to the relay');
    const ready = await house.showsKind('ready', { withinMs: 30_000 });
    expect(platform.clusters()).toHaveLength(1);
    expect(ready.address).toBe(platform.clusters()[0]?.address);
  });

  it('and restarted, the relay carries the rest of the build to the display', async () => {
    lab = await startLab(slower);
    const { site, relay, button, platform } = lab;
    await lab.provisioner?.stop();
    await relay.close();
    const args = ['relay', '--users', site.usersFile, '--port', String(relay.port)];
    const first = await run(args, 'relay open');
    const provisioner = await lab.startProvisioner();
    await provisioner.whenOnline(5000);
    const house = button();
    house.board.press();
    await house.shows(view => view.kind === 'building' && view.percent >= 20);
    const from = house.views.length;
    await kill(first);
    await new Promise(resolve => setTimeout(resolve, 500));
    await run(args, 'relay open');
    const ready = await house.showsKind('ready', { from, withinMs: 30_000 });
    expect(platform.clusters()).toHaveLength(1);
    expect(ready.address).toBe(platform.clusters()[0]?.address);
  });
});
