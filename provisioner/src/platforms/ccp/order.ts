/** What both generations write into an order beside the template. Pure. */
import type { ClusterRequest } from '../platform.ts';
import { isObject, textAt } from './words.ts';

const mark = ' - ';

/** For people: the template's words, our mark, and last the range, as the first dash button wrote it. */
export function descriptionOf(request: ClusterRequest): string {
  const own = textAt(request.template, 'description');
  return [own, request.description, request.range].filter(text => text !== '').join(mark);
}

/** The range at the end of a description of ours: for clusters whose record shows none elsewhere. */
export function rangeInDescription(record: object): string | undefined {
  const last = textAt(record, 'description').split(mark).at(-1) ?? '';
  return /^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/.test(last) ? last : undefined;
}

/** Details of a network plugin: JSON inside a string in v2, an object in v3. Empty for everything else. */
export function detailsOf(value: unknown): Record<string, unknown> {
  if (typeof value !== 'string') return isObject(value) ? value : {};
  try {
    const parsed: unknown = JSON.parse(value);
    return isObject(parsed) ? parsed : {};
  } catch {
    return {};
  }
}
