/** The lab of test/provisioner/lab.ts as files, and the real command line as processes of its own. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { controlPathOf } from '../../provisioner/src/operator/control-path.ts';
import { eventually, type Lab } from '../provisioner/lab.ts';

export const bin = new URL('../../cli/bin.js', import.meta.url).pathname;

/** A process loads thousands of files, and other tests run beside it (milliseconds). */
export const startLimitMs = 60_000;

/** Writes the settings of a lab and all that they name. `change` is merged over the top level. Returns the path. */
export function writeSettings(lab: Lab, change: Record<string, unknown> = {}): string {
  const { config, folder } = lab;
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return name;
  };
  const base64 = (bytes: Uint8Array) => `${Buffer.from(bytes).toString('base64')}\n`;
  const settings = {
    site: config.site,
    relay: {
      url: `mqtt://${config.relay.host}:${config.relay.port}`,
      user: config.relay.user,
      passwordFile: file('relay.password', config.relay.password),
    },
    proxy: 'none',
    siteKeyFile: file('site.key', base64(config.siteKey)),
    journal: 'journal',
    platforms: {
      ccp: {
        type: 'ccp',
        url: lab.ccp.url,
        username: lab.ccp.user,
        passwordFile: file('ccp.password', lab.ccp.password),
        ca: file('ccp.pem', lab.ccp.caPem),
      },
    },
    profiles: config.profiles,
    buttons: Object.fromEntries(
      Object.entries(config.buttons).map(([name, { profile, key }]) => [
        name,
        { profile, keyFile: file(`${name}.key`, base64(key)) },
      ]),
    ),
    ...change,
  };
  return join(folder, file(`settings-${Math.random()}.yaml`, stringify(settings)));
}

/** Everything secret in a lab's settings. */
export function secretsOf({ config, ccp }: Lab): string[] {
  const keys = [config.siteKey, ...Object.values(config.buttons).map(({ key }) => key)];
  return [config.relay.password, ccp.password, ...keys.map(key => Buffer.from(key).toString('base64'))];
}

export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** @param hear told of what goes to standard output, as it comes. */
export function dashbutton(
  args: string[],
  env: NodeJS.ProcessEnv = {},
  hear: (text: string) => void = () => {},
): Promise<Ended> {
  return new Promise(resolve => {
    const options = { timeout: startLimitMs, env: { ...process.env, ...env } };
    const child = execFile(process.execPath, [bin, ...args], options, (error, stdout, stderr) => {
      const code = typeof error?.code === 'number' ? error.code : error === null ? 0 : -1;
      void resolve({ code, stdout, stderr });
    });
    child.stdout?.on('data', hear);
    // Nobody at the keyboard.
    child.stdin?.end();
  });
}

export class Service {
  readonly child: ChildProcess;
  /** Everything it has logged. */
  out = '';

  private constructor(child: ChildProcess) {
    this.child = child;
    child.stdout?.on('data', chunk => {
      this.out += chunk;
    });
    child.stderr?.on('data', chunk => {
      this.out += chunk;
    });
  }

  /** `dashbutton provisioner`, or another command, with these settings. `node`: options of the interpreter. */
  static start(
    settings: string,
    {
      env = {},
      node = [],
      command = 'provisioner',
    }: { env?: NodeJS.ProcessEnv; node?: string[]; command?: string } = {},
  ): Service {
    const child = spawn(process.execPath, [...node, bin, command, '--config', settings], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    return new Service(child);
  }

  get over(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Waits for words in its log. */
  async says(words: string, limitMs = startLimitMs): Promise<void> {
    await eventually(() => this.out.includes(words) || this.over, limitMs);
    if (!this.out.includes(words)) throw new Error(`ended without "${words}": ${this.out.slice(-2000)}`);
  }

  /** Sends a signal and waits for the end. Returns the exit code and how long it took, in milliseconds. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<{ code: number | null; tookMs: number }> {
    const startMs = performance.now();
    if (!this.over) {
      const ended = once(this.child, 'exit');
      this.child.kill(signal);
      await ended;
    }
    return { code: this.child.exitCode, tookMs: performance.now() - startMs };
  }
}

/** Waits until the control socket of a lab's provisioner is there. */
export async function controlled(lab: Lab): Promise<void> {
  await eventually(() => existsSync(controlPathOf(lab.config.journal)), startLimitMs);
}
