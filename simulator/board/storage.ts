/** `require("Storage")`: flash as files in a folder. The only thing that survives a deep sleep. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Boot } from './boot.ts';
import type { Troubles } from './options.ts';
import { chipString, surface } from './surface.ts';

/** Longest name. The chip cuts longer ones silently, and two names may become one: refused here. */
const maxNameLength = 28;

/** The file that stands for `name`: harmless characters as they are, others as %XX. */
export function storageFile(storageDir: string, name: string): string {
  const safe = name.replace(/[^A-Za-z0-9_-]|^$/g, c => (c === '.' ? c : `%${hex(c)}`)).replace(/^\./, '%2e');
  return join(storageDir, safe);
}

function hex(character: string): string {
  return (character.charCodeAt(0) || 0).toString(16).padStart(2, '0');
}

export function makeStorage(boot: Boot, storageDir: string, troubles: Troubles): object {
  mkdirSync(storageDir, { recursive: true });

  function file(call: string, name: unknown): string {
    const text = chipString(boot, `Storage.${call}`, name);
    if (text.length > maxNameLength) {
      boot.notSimulated(
        `Storage.${call} with a name of ${text.length} characters (at most ${maxNameLength})`,
      );
    }
    return storageFile(storageDir, text);
  }

  function read(name: unknown): string | undefined {
    let content: string | undefined;
    try {
      content = readFileSync(file('readJSON', name), 'latin1');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        throw error;
      }
    }
    boot.trace({ what: 'storage', op: 'read', name: String(name), bytes: content?.length ?? 0 });
    return content;
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
      const path = file('write', name);
      const content = chipString(boot, 'Storage.write', data);
      if (content.length === 0) {
        boot.raise("Can't create zero length file");
      }
      if (troubles.storageFull) {
        // The interpreter marks the old version as erased before it looks for room for the new one.
        rmSync(path, { force: true });
        boot.raise('Unable to find or create file');
      }
      writeFileSync(`${path}.new`, content, 'latin1');
      renameSync(`${path}.new`, path);
      boot.trace({ what: 'storage', op: 'write', name: String(name), bytes: content.length });
      return true;
    },
  });
}
