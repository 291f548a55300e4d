/** `labelSelector` and `fieldSelector` of lists and watches. */
import type { JsonObject } from '../ccp/api-fields.ts';
import { badRequest } from './refusal.ts';
import { labelsOf, metadataOf } from './store.ts';

export type Matches = (object: JsonObject) => boolean;

/** What the query's selectors let through. Throws Refusal (400) for one that cannot be read. */
export function selectorOf(query: URLSearchParams): Matches {
  const labels = requirements(query.get('labelSelector') ?? '').map(labelTest);
  const fields = requirements(query.get('fieldSelector') ?? '').map(fieldTest);
  return object => [...labels, ...fields].every(test => test(object));
}

/** Parts between commas, but not those within brackets. */
function requirements(text: string): string[] {
  return text.split(/,(?![^(]*\))/).filter(part => part.trim() !== '');
}

function labelTest(text: string): Matches {
  const set = /^\s*(\S+)\s+(in|notin)\s*\(([^)]*)\)\s*$/.exec(text);
  const equal = /^\s*([^\s=!]+)\s*(==?|!=)\s*([^\s=!]*)\s*$/.exec(text);
  const exists = /^\s*(!?)\s*([\w./-]+)\s*$/.exec(text);
  if (set) {
    const values = (set[3] ?? '').split(',').map(value => value.trim());
    const has = (object: JsonObject) => values.includes(String(labelsOf(object)[set[1] ?? '']));
    return set[2] === 'in' ? has : object => !has(object);
  }
  if (equal) {
    const is = (object: JsonObject) => labelsOf(object)[equal[1] ?? ''] === equal[3];
    return equal[2] === '!=' ? object => !is(object) : is;
  }
  if (exists) return object => Object.hasOwn(labelsOf(object), exists[2] ?? '') === (exists[1] === '');
  throw badRequest(`unable to parse requirement: ${text}`);
}

function fieldTest(text: string): Matches {
  const [, field = '', operator, value] = /^([^=!]+)(==?|!=)(.*)$/.exec(text) ?? [];
  if (field !== 'metadata.name' && field !== 'metadata.namespace') {
    throw badRequest(`field label not supported: ${field || text}`);
  }
  const key = field.replace('metadata.', '');
  return object => (metadataOf(object)[key] === value) === (operator !== '!=');
}
