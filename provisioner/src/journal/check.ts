/**
 * Looks at LevelDB's files before LevelDB does. It drops a damaged part of a log without a word, and with it presses
 * that were accepted (one changed byte lost 26 of 50 records in a trial), makes an empty database where `CURRENT` is
 * missing, and believes the lengths in a damaged table. classic-level has no switch for LevelDB's paranoid_checks.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../../../config/src/setup-error.ts';
import { firstDamage } from './check-log.ts';
import { tableDamage } from './check-table.ts';
import { markName } from './mark.ts';

/**
 * The first damage in any file of the folder, in words, or undefined. An empty folder is whole.
 * @throws what Node throws when a file cannot be read.
 */
export function findDamage(folder: string): string | undefined {
  const names = readdirSync(folder).sort();
  const tables = names.filter(name => name.endsWith('.ldb'));
  const logs = names.filter(name => name.endsWith('.log'));
  const current = read(folder, 'CURRENT')?.toString('latin1').trimEnd();
  if (current === undefined) {
    const beside = [...tables, ...logs, ...names.filter(name => name === markName)][0];
    return beside === undefined ? undefined : `CURRENT is missing beside ${beside}`;
  }
  if (!/^MANIFEST-\d+$/.test(current)) return 'CURRENT is damaged';
  if (!names.includes(current)) return `${current} is missing`;
  // A manifest is a log too; those that CURRENT does not name are left-overs.
  return inAny(folder, [current, ...logs], firstDamage) ?? inAny(folder, tables, tableDamage);
}

function inAny(
  folder: string,
  names: readonly string[],
  damageIn: (file: Buffer) => number | undefined,
): string | undefined {
  for (const name of names) {
    const file = read(folder, name);
    const offset = file === undefined ? undefined : damageIn(file);
    if (offset !== undefined) return `${name} is damaged at byte ${offset}`;
  }
  return undefined;
}

/** Undefined when it is gone meanwhile: another process has the journal open, and LevelDB is about to say so. */
function read(folder: string, name: string): Buffer | undefined {
  try {
    return readFileSync(join(folder, name));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
