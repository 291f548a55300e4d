/** `require("Storage")`: flash as files in a folder. The only thing that survives a deep sleep. */
import { type Boot, neverReturns } from './boot.ts';
import type { Files } from './host.ts';
import type { Troubles } from './options.ts';
import { chipString, surface } from './surface.ts';

/**
 * Flash is a log: a file that is written again goes behind the last one, and when the room is full everything is
 * rewritten (src/jsflash.c). Room, what a file costs beside its bytes, and how long that takes (calculated: 10 to 20 s).
 */
const roomBytes = 896 * 1024;
const headerBytes = 32;
const compactionMs = 15_000;

/** Longest name. The chip cuts longer ones silently, and two names may become one: refused here. */
const maxNameLength = 28;

/** The file that stands for `name`: harmless characters as they are, others as %XX. */
export function storageFile(name: string): string {
  return name.replace(/[^A-Za-z0-9_-]|^$/g, c => (c === '.' ? c : `%${hex(c)}`)).replace(/^\./, '%2e');
}

function hex(character: string): string {
  return (character.charCodeAt(0) || 0).toString(16).padStart(2, '0');
}

/** How full the log is. It outlives boots, and knows nothing of what other boards have written to the same files. */
export class FlashLog {
  readonly #files: Files;
  readonly #programBytes: number;
  #usedBytes: number | undefined;

  /**
   * @param programBytes of the saved program, which is a file like any other (`.bootcde`).
   * @param usedBytes how full it is; left out: with what stands.
   */
  constructor(files: Files, programBytes: number, usedBytes?: number) {
    this.#files = files;
    this.#programBytes = programBytes;
    this.#usedBytes = usedBytes;
  }

  /** Undefined as long as nothing was written. */
  get usedBytes(): number | undefined {
    return this.#usedBytes;
  }

  /** False: there is no room for so many bytes before everything is rewritten. */
  take(bytes: number): boolean {
    const used = (this.#usedBytes ?? this.#liveBytes()) + headerBytes + bytes;
    if (used > roomBytes) return false;
    this.#usedBytes = used;
    return true;
  }

  /** Only what stands is left. */
  compacted(): void {
    this.#usedBytes = undefined;
  }

  #liveBytes(): number {
    const sizes = this.#files.list().map(({ bytes }) => bytes);
    return [this.#programBytes, ...sizes].reduce((sum, size) => sum + size + headerBytes, 0);
  }
}

export interface StorageWorld {
  files: Files;
  log: FlashLog;
  troubles: Troubles;
  /** Pulls the battery, in the middle of what the flash is doing. */
  losePower: () => void;
}

export function makeStorage(boot: Boot, { files, log, troubles, losePower }: StorageWorld): object {
  function file(call: string, name: unknown): string {
    const text = chipString(boot, `Storage.${call}`, name);
    if (text.length > maxNameLength) {
      boot.notSimulated(
        `Storage.${call} with a name of ${text.length} characters (at most ${maxNameLength})`,
      );
    }
    return storageFile(text);
  }

  function read(name: unknown): string | undefined {
    const content = files.read(file('readJSON', name));
    boot.trace({ what: 'storage', op: 'read', name: String(name), bytes: content?.length ?? 0 });
    return content;
  }

  /** Rewrites all that stands, which takes long; the program waits. */
  function compact(): void {
    boot.trace({ what: 'storage', op: 'compact', name: '', bytes: roomBytes });
    boot.pass(compactionMs, 'flash');
    if (troubles.cutInCompaction !== undefined) {
      const all = files.list();
      const lost = troubles.cutInCompaction === 'all' ? all : all.slice(0, 1);
      for (const { name } of lost) files.remove(name);
      log.compacted();
      losePower();
      throw neverReturns;
    }
    log.compacted();
  }

  return surface(boot, 'chip.Storage', {
    readJSON(name: unknown, noExceptions: unknown) {
      const content = read(name);
      if (content === undefined) {
        return undefined;
      }
      try {
        return boot.realm.parse(content);
      } catch (error) {
        if (!noExceptions) {
          throw error;
        }
        return undefined;
      }
    },
    write(name: unknown, data: unknown, ...more: unknown[]) {
      if (more.length > 0) {
        boot.notSimulated('Storage.write with an offset');
      }
      const place = file('write', name);
      const content = chipString(boot, 'Storage.write', data);
      if (content.length === 0) {
        boot.raise("Can't create zero length file");
      }
      if (files.read(place) === content) {
        // Nothing is written when the same is there already.
        return true;
      }
      if (troubles.storageFull) {
        // The interpreter marks the old version as erased before it looks for room for the new one.
        files.remove(place);
        boot.raise('Unable to find or create file');
      }
      if (!log.take(content.length)) {
        // The old version is marked as erased by now.
        files.remove(place);
        compact();
        if (!log.take(content.length)) boot.raise('Unable to find or create file');
      }
      files.write(place, content);
      boot.trace({ what: 'storage', op: 'write', name: String(name), bytes: content.length });
      return true;
    },
  });
}
