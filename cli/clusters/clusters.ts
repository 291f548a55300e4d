/** `dashbutton clusters` from the question to the answer. */

import { stands } from '../../provisioner/src/journal/records.ts';
import { readPlace } from '../../provisioner/src/operator/settings-place.ts';
import { newestFirst } from '../presses/list.ts';
import { pressesOf } from '../presses/source.ts';
import { headed } from '../presses/table.ts';
import { clusterRow, clustersHead } from './list.ts';

export interface ClustersOptions {
  config: string;
  all?: boolean;
  json?: boolean;
}

/** @returns the lines for standard output, newest first. @throws SetupError when there is nobody to ask. */
export async function clusters(options: ClustersOptions, say: (line: string) => void): Promise<string[]> {
  const presses = await pressesOf(readPlace(options.config).journal, say);
  const wanted = newestFirst(presses).filter(
    record => record.cluster !== '' && (options.all === true || stands(record)),
  );
  if (options.json === true) return wanted.map(record => JSON.stringify(record));
  if (wanted.length === 0) say(options.all === true ? 'no cluster was ever ordered' : 'no cluster stands');
  return headed(
    clustersHead,
    wanted.map(record => clusterRow(record, Date.now())),
    process.stdout,
  );
}
