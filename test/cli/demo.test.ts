/** A demo's folder: one demo at a time, and the commands that work on it while it runs. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { claim } from '../../cli/demo/claim.ts';
import { commands } from '../../cli/demo/keys.ts';
import { askPresses, NotRunning } from '../../provisioner/src/operator/control-client.ts';
import { controlPathOf } from '../../provisioner/src/operator/control-path.ts';
import { until } from '../fixtures/patience.ts';
import { bin, dashbutton } from './fixtures/operator-lab.ts';

function scratch(): string {
  const dir = mkdtempSync(join(tmpdir(), 'dashbutton-demo-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Every file of a folder with what it holds; sockets without. */
function contentsOf(dir: string): string[] {
  return readdirSync(dir)
    .sort()
    .map(name => {
      const file = /\.(key|password|yaml|pem)$/.test(name);
      return file ? `${name} ${readFileSync(join(dir, name), 'utf8')}` : name;
    });
}

function notYet(error: unknown): [] {
  if (error instanceof NotRunning) return [];
  throw error;
}

test('a second demo is refused before it writes; presses, clusters, release, doctor work on the first', async () => {
  const dir = join(scratch(), 'play ground');
  // Slow, so that it is still building.
  const child = spawn(process.execPath, [bin, 'demo', '--once', '--speed', '0.5', '--dir', dir], {
    stdio: 'ignore',
  });
  const ended = once(child, 'close');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const settings = join(dir, 'provisioner.yaml');
  const ask = (...args: string[]) => dashbutton([...args, '--config', settings]);
  await until(async () => {
    if (child.exitCode !== null) throw new Error('the demo ended');
    const path = controlPathOf(join(dir, 'journal'));
    // Its socket may be there a moment before somebody listens.
    const presses = existsSync(path) ? await askPresses(path).catch(notYet) : [];
    return presses.length > 0;
  }, 'the press of the demo');
  const before = contentsOf(dir);
  expect(before.length).toBeGreaterThan(5);
  const second = await dashbutton(['demo', '--once', '--dir', dir]);
  expect(second).toMatchObject({ code: 2, stdout: '' });
  expect(second.stderr).toMatch(
    /^dashbutton: another demo runs in .*play ground: end it, or choose another folder\n$/,
  );
  expect(contentsOf(dir)).toEqual(before);
  const [clusters, presses, kubeconfig, doctor] = await Promise.all([
    ask('clusters'),
    ask('presses'),
    ask('kubeconfig', 'house-01-1'),
    ask('doctor'),
  ]);
  expect(clusters).toMatchObject({ code: 0, stdout: expect.stringMatching(/house-01-1 +building/) });
  expect(presses).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('house-01') });
  expect(kubeconfig).toMatchObject({ code: 2, stderr: expect.stringContaining('house-01-1 is not ready') });
  expect(doctor).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('All that was looked at is well'),
  });
  const released = await ask('release', 'house-01-1', '--yes');
  expect(released).toMatchObject({ code: 0, stdout: expect.stringContaining('called off') });
  child.kill('SIGKILL');
  await ended;
  // What a killed one has left keeps nobody out.
  await (await claim(dir))();
});

test('a folder with the files of a site that no demo made is left alone', async () => {
  const dir = scratch();
  writeFileSync(join(dir, 'users.yaml'), 'mine');
  await expect(claim(dir)).rejects.toThrow(/has a users.yaml that no demo made/);
  expect(readFileSync(join(dir, 'users.yaml'), 'utf8')).toBe('mine');
  const nested = join(dir, 'new');
  mkdirSync(nested);
  const free = await claim(nested);
  await expect(claim(nested)).rejects.toThrow(/another demo runs/);
  await free();
});

test('the commands that a demo names can be copied into a shell', () => {
  expect(commands('/tmp/x/provisioner.yaml')[0]).toBe('dashbutton presses --config /tmp/x/provisioner.yaml');
  expect(commands("it's/p.yaml")[4]).toBe("dashbutton doctor --config 'it'\\''s/p.yaml'");
});
