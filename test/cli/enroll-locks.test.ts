/** Enrolling and revoking wait for whoever changes the same files, and tell nobody to restart the relay. */
import { existsSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { enroll } from '../../cli/enroll/enroll.ts';
import { withLock } from '../../cli/enroll/lock.ts';
import { revoke } from '../../cli/enroll/revoke.ts';
import { patience, pause } from '../fixtures/patience.ts';
import { read, workshop } from './fixtures/workshop.ts';

const nobody = () => Promise.reject(new Error('nobody is to be asked'));

function enrollIn(dir: string, button: string): Promise<string> {
  const at = (name: string) => join(dir, name);
  const files = { users: at('users.yaml'), config: at('provisioner.yaml'), out: at(`${button}.device.json`) };
  return enroll({ button, ...files, site: 'lab', profile: 'house', wifi: at('wifi.yaml') }, nobody);
}

const revokeIn = (dir: string, button: string) =>
  revoke({ button, users: join(dir, 'users.yaml'), config: join(dir, 'provisioner.yaml') });

describe.each(['users.yaml', 'provisioner.yaml'])('while another holds the lock of %s', name => {
  test('nothing is changed; afterwards both changes are there', async () => {
    const dir = workshop();
    await enrollIn(dir, 'old');
    const before = read(dir, 'provisioner.yaml');
    const lock = join(dir, `${name}.lock`);
    writeFileSync(lock, '1\n');
    let done = 0;
    const both = [enrollIn(dir, 'desk'), revokeIn(dir, 'old')].map(work => work.then(() => done++));
    await pause(300);
    expect(done).toBe(0);
    // As `dashbutton profile import` does, under the settings' lock.
    expect(read(dir, 'provisioner.yaml')).toBe(before);
    if (name === 'provisioner.yaml') writeFileSync(join(dir, name), `# imported\n${before}`);
    rmSync(lock);
    await Promise.all(both);
    if (name === 'provisioner.yaml') expect(read(dir, name)).toContain('# imported');
    expect(read(dir, 'provisioner.yaml')).toContain('desk.key');
    expect(read(dir, 'provisioner.yaml')).not.toContain('old.key');
    expect(read(dir, 'users.yaml')).toContain('name: desk');
    expect(existsSync(lock)).toBe(false);
  });
});

test('a lock is held until the work is done, and by a link it is the same lock', async () => {
  const dir = workshop();
  symlinkSync(join(dir, 'provisioner.yaml'), join(dir, 'link.yaml'));
  const order: string[] = [];
  const first = withLock(join(dir, 'link.yaml'), async () => {
    await pause(200);
    order.push('first');
  });
  await withLock(join(dir, 'provisioner.yaml'), () => order.push('second'));
  await first;
  expect(order).toEqual(['first', 'second']);
});

test('nobody is told to restart the relay', async () => {
  const dir = workshop();
  const said = [await enrollIn(dir, 'desk'), await revokeIn(dir, 'desk')];
  for (const text of said) {
    expect(text).not.toMatch(/restart the relay|relay and the provisioner/);
    expect(text).toContain('by itself');
  }
});

test('several come first, one after the other: each has its own time', async () => {
  const path = join(workshop(), 'users.yaml');
  // Together longer than the limit, each so much shorter that a busy machine's pauses may be longer too.
  const limitMs = patience(500);
  const eachMs = 0.4 * limitMs;
  writeFileSync(`${path}.lock`, '1\n');
  const ours = withLock(path, () => 'done', limitMs);
  ours.catch(() => {}); // told below
  for (const holder of [2, 3]) {
    await pause(eachMs);
    writeFileSync(`${path}.lock`, `${holder}\n`);
  }
  await pause(eachMs);
  rmSync(`${path}.lock`);
  await expect(ours).resolves.toBe('done');
  writeFileSync(`${path}.lock`, '5\n');
  await expect(withLock(path, () => 'done', 50)).rejects.toThrow('process 5');
  rmSync(`${path}.lock`);
});
