/** Looks for changes of the settings file and of every file that it names, and has them taken over. */
import { statSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '../../../config/src/log.ts';
import { messageOf } from '../../../config/src/setup-error.ts';
import type { Environment } from '../uplink/proxy-env.ts';
import { loadConfig, type ProvisionerConfig } from './config.ts';

/** How often the files are looked at, in milliseconds: a change is there within a second. A look reads none of them. */
const lookEveryMs = 400;

export interface FollowOptions {
  /** The settings file. */
  path: string;
  env?: Environment;
  /** What runs: the files may have changed since that was read of them. */
  running: ProvisionerConfig;
  /** Takes them over, whole or not at all. */
  update: (config: ProvisionerConfig) => Promise<void>;
  log: Logger;
}

export class SettingsFollower {
  readonly #options: FollowOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #files = new Set<string>();
  #seen = '';
  #busy = false;

  constructor(options: FollowOptions) {
    this.#options = options;
    const now = this.#read();
    this.#seen = this.#marks();
    // Somebody has changed them during the start.
    if (!(now instanceof Error) && !isDeepStrictEqual(now, options.running)) void this.reload();
    this.#timer = setInterval(() => {
      if (!this.#busy && this.#marks() !== this.#seen) void this.reload();
    }, lookEveryMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Reads all of it again, changed or not. Never rejects: what is wrong is in the log, and the old settings stay. */
  async reload(): Promise<void> {
    const { update, log, path } = this.#options;
    this.#busy = true;
    // Before they are read: a change in between is found by the next look.
    this.#seen = this.#marks();
    try {
      const config = this.#read();
      if (config instanceof Error) throw config;
      await update(config);
      log.info({ settings: path }, 'the settings were read again and taken over');
    } catch (error) {
      log.error(
        { settings: path, reason: messageOf(error) },
        'the settings were not taken over: the old ones stay',
      );
    } finally {
      // Files that are named only now.
      this.#seen = this.#seen === this.#marks() ? this.#seen : this.#seenOf(this.#seen);
      this.#busy = false;
    }
  }

  /** The marks of the files that were known before, and of new ones as they are now. */
  #seenOf(before: string): string {
    const known = new Map(before.split('\n').map(line => [line.slice(line.indexOf(' ') + 1), line]));
    return this.#marks()
      .split('\n')
      .map(line => known.get(line.slice(line.indexOf(' ') + 1)) ?? line)
      .join('\n');
  }

  #read(): ProvisionerConfig | Error {
    try {
      return loadConfig(this.#options.path, this.#options.env, file => this.#files.add(file));
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  #marks(): string {
    return [...this.#files].map(file => `${markOf(file)} ${file}`).join('\n');
  }
}

/** Another one when the file was written, replaced, made or taken away. */
function markOf(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false });
  return found === undefined ? '-' : `${found.mtimeMs}/${found.size}/${found.ino}`;
}
