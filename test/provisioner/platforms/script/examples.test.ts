/** The examples of docs/script-platform.md are programs that keep the contract; what they call is played. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { ScriptPlatform } from '../../../../provisioner/src/platforms/script/script.ts';
import { never } from '../fixtures/contract-world.ts';
import { configOf, kubeconfig } from '../fixtures/script-config.ts';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const mark = 'dash button house-01 of lab, press 1';
const target = { name: 'house-01-1', template: {}, addOns: [] };
const order = { ...target, range: '10.1.0.0/20', description: mark };

/** A home, and programs that are looked for before all others. */
function machine(programs: Record<string, string>) {
  const home = mkdtempSync(join(tmpdir(), 'dashbutton-home-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  mkdirSync(join(home, 'bin'));
  const write = (path: string, text: string) => {
    writeFileSync(path, text);
    chmodSync(path, 0o755);
  };
  for (const [name, text] of Object.entries(programs)) write(join(home, 'bin', name), `#!/bin/sh\n${text}`);
  writeFileSync(join(home, 'kubeconfig'), kubeconfig);
  const environment = { HOME: home, PATH: `${join(home, 'bin')}:${process.env.PATH}` };
  const driver = (command: string) => {
    const made = new ScriptPlatform(configOf(command, [], { environment }));
    onTestFinished(() => made.close());
    return made;
  };
  return { home, write, driver };
}

async function journey(driver: ScriptPlatform, kept: string): Promise<void> {
  await driver.check(never);
  expect(await driver.observe(target, never)).toEqual({ kind: 'absent' });
  await driver.create(order, never);
  await driver.create(order, never);
  expect(await driver.observe(target, never)).toMatchObject({ kind: 'ready', description: kept });
  expect((await driver.access(target, never)).address).toBe('127.0.0.1');
  await driver.remove(target, 'house-01-1', never);
  await driver.remove(target, 'house-01-1', never);
  expect(await driver.observe(target, never)).toEqual({ kind: 'absent' });
}

const kwokctl = `
cluster=$(for word in "$@"; do case "$word" in house-*) echo "$word" ;; esac; done)
case "$*" in
"create cluster"*) mkdir -p "$HOME/.kwok/clusters/$cluster"; : >"$HOME/.kwok/clusters/$cluster/kwok.yaml"; echo x >>"$HOME/created" ;;
"delete cluster"*) rm -r "$HOME/.kwok/clusters/$cluster" ;;
*"get kubeconfig") cat "$HOME/kubeconfig" ;;
esac
`;

test('script-kwok.sh: made once, with our mark, and removed', async () => {
  const { home, driver } = machine({ kwokctl });
  await journey(driver(join(root, 'provisioner/examples/script-kwok.sh')), mark);
  expect(readFileSync(join(home, 'created'), 'utf8')).toBe('x\n');
});

test('script-kwok.sh: a cluster of that name that is not ours is left as it is', async () => {
  const { home, driver } = machine({ kwokctl });
  mkdirSync(join(home, '.kwok/clusters/house-01-1'), { recursive: true });
  const platform = driver(join(root, 'provisioner/examples/script-kwok.sh'));
  await expect(platform.create(order, never)).rejects.toMatchObject({
    transient: false,
    message: 'a cluster house-01-1 is there, and not ours',
  });
  expect(await platform.observe(target, never)).toMatchObject({ kind: 'ready', description: '' });
});

test('the smallest one, as it stands on the page', async () => {
  const { home, write, driver } = machine({
    'make-a-cluster': 'cat "$HOME/kubeconfig"',
    'remove-a-cluster': ':',
  });
  const page = readFileSync(join(root, 'docs/script-platform.md'), 'utf8');
  const [, text = ''] = /```sh\n(#![\s\S]*?)```/.exec(page) ?? [];
  write(join(home, 'platform.sh'), text);
  await journey(driver(join(home, 'platform.sh')), mark);
  expect(existsSync(join(home, 'clusters/house-01-1'))).toBe(false);
});
