/** What both generations write into an order beside the template. Pure. */
import type { ClusterRequest, Origin } from '../../common/platform.ts';
import { isObject, textAt } from './answer-text.ts';

const mark = ' - ';

/**
 * For people: the template's words, our mark with what the order came from, and last the range, as the first dash button
 * wrote it. A description is all that both generations keep and show in their lists (`ccp-api`, 3.2 and 4.2).
 */
export function descriptionOf(request: ClusterRequest): string {
  const own = textAt(request.template, 'description');
  const said = `${request.description}${originWords(request.origin)}`;
  return [own, said, request.range].filter(text => text !== '').join(mark);
}

function originWords(origin: Origin | undefined): string {
  if (origin === undefined) return '';
  return `, profile ${origin.profile}, accepted ${new Date(origin.acceptedAt).toISOString()}`;
}

/** What {@link descriptionOf} has written of it; nothing where somebody has changed it. */
export function originInDescription(record: object): { origin?: Partial<Origin> } {
  const [, profile, at = ''] =
    /, press \d+, profile (\S+), accepted (\S+)(?: - |$)/.exec(textAt(record, 'description')) ?? [];
  const acceptedAt = Date.parse(at);
  if (profile === undefined) return {};
  return { origin: { profile, ...(Number.isNaN(acceptedAt) ? {} : { acceptedAt }) } };
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
