/** A folder to enroll in, the command line, and a list of every secret that is in the folder. */
import { execFile } from 'node:child_process';
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { parse } from 'yaml';

const bin = new URL('../../cli/bin.js', import.meta.url).pathname;
const example = new URL('../../provisioner/example.yaml', import.meta.url).pathname;

export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs `dashbutton` in a folder. */
export function dashbutton(cwd: string, ...args: string[]): Promise<Ended> {
  return new Promise(resolve => {
    execFile(process.execPath, [bin, ...args], { cwd, timeout: 120_000 }, (error, stdout, stderr) => {
      const code = typeof error?.code === 'number' ? error.code : error === null ? 0 : -1;
      void resolve({ code, stdout, stderr });
    });
  });
}

export const wifiPassword = 'correct horse battery';

/** A new folder with `wifi.yaml`, and with the example as `provisioner.yaml` unless told otherwise. */
export function workshop({ settings = true } = {}): string {
  const dir = mkdtempSync(join(tmpdir(), 'dashbutton-enroll-'));
  folders.push(dir);
  writeFileSync(join(dir, 'wifi.yaml'), `- { ssid: Ada phone, password: ${wifiPassword} }\n`);
  if (settings) copyFileSync(example, join(dir, 'provisioner.yaml'));
  return dir;
}

const folders: string[] = [];
afterAll(() => {
  for (const dir of folders) rmSync(dir, { recursive: true, force: true });
});

export const read = (dir: string, name: string) => readFileSync(join(dir, name), 'utf8');
export const yaml = (dir: string, name: string) => parse(read(dir, name));
export const device = (dir: string, button = 'desk') => JSON.parse(read(dir, `${button}.device.json`));
export const modeOf = (dir: string, name: string) => statSync(join(dir, name)).mode & 0o777;

/** Every file with its text, to see that nothing has changed. */
export function contents(dir: string): Record<string, string> {
  return Object.fromEntries(readdirSync(dir).map(name => [name, read(dir, name)]));
}

/** Every secret that any file of the folder holds. */
export function secretsIn(dir: string): string[] {
  const files = readdirSync(dir).filter(name => statSync(join(dir, name)).isFile());
  const lines = files.filter(name => /\.(key|password)$/.test(name)).map(name => read(dir, name).trim());
  const devices = files
    .filter(name => name.endsWith('.device.json'))
    .map(name => JSON.parse(read(dir, name)));
  return [
    ...lines,
    ...devices.flatMap(({ key, siteKey, relay, wifi }) => [
      key,
      siteKey,
      relay.password,
      ...wifi.map((network: { password: string }) => network.password),
    ]),
  ].filter(secret => secret !== '');
}
