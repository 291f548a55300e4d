/** Compares what a template names with what the platform shows. A look-up that does not answer proves nothing. */
import { oneLine } from '../../common/line.ts';
import { type Missing, missingLine } from '../../common/platform.ts';
import { isObject, maxWordsLength, textAt } from './answer-text.ts';
import type { Api } from './api.ts';
import { jsonOf } from './api.ts';
import { isSuccess } from './session.ts';

/** Names told instead of a missing one: enough to see the slip of the pen. */
const maxNamesTold = 4;

/** A thing of the platform: its id where it has one, and its name. */
export interface Thing {
  id: string;
  name: string;
}

/** What a look-up showed; undefined when it cannot be checked. */
export type Shown = readonly Thing[] | undefined;

/**
 * GET of names or of objects. Undefined for every status but 2xx and for an unknown shape.
 * @param key where the list is inside the answer (v2); empty when the answer is the list.
 * @throws PlatformError when there is no answer at all or no login.
 */
export async function lookUp(api: Api, path: string, key: string, signal: AbortSignal): Promise<Shown> {
  const answer = await api.get(path, signal);
  if (!isSuccess(answer.status)) return undefined;
  const body = jsonOf(answer);
  const list = key === '' ? body : isObject(body) ? body[key] : undefined;
  if (!Array.isArray(list)) return undefined;
  return list.flatMap(item => {
    if (typeof item === 'string') return [{ id: item, name: item }];
    if (!isObject(item)) return [];
    const name = textAt(item, 'name') || textAt(item, 'gpu_type');
    return [{ id: textAt(item, 'uuid') || textAt(item, 'id') || name, name }];
  });
}

/** Collects what is not there, each thing once. */
export class Findings {
  readonly #missing = new Map<string, Missing>();

  get missing(): Missing[] {
    return [...this.#missing.values()];
  }

  /**
   * @param setting where the template names it; @param wanted what it names there: nothing is looked for when it
   * is no text or empty. @returns false when it is surely not there.
   */
  check(setting: string, wanted: unknown, shown: Shown): boolean {
    if (typeof wanted !== 'string' || wanted === '' || shown === undefined) return true;
    if (shown.some(({ id, name }) => isSame(id, wanted) || isSame(name, wanted))) return true;
    const there = oneLine(listed(shown), maxWordsLength);
    const missing = { setting, found: oneLine(`there is no ${wanted}`, maxWordsLength), there };
    this.#missing.set(missingLine(missing), missing);
    return false;
  }
}

/** Names come with and without the folder or the cluster in front (`ccp-api`, 3.1). */
function isSame(there: string, wanted: string): boolean {
  return there === wanted || there.endsWith(`/${wanted}`) || wanted.endsWith(`/${there}`);
}

function listed(shown: readonly Thing[]): string {
  if (shown.length === 0) return 'none';
  const names = shown.map(({ id, name }) => (id === name || name === '' ? id : `${id} (${name})`));
  const more = names.length - maxNamesTold;
  return `${names.slice(0, maxNamesTold).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
