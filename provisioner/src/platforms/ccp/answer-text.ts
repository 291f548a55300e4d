/** What the platform said when it did not do it: opaque text for a person, never for a decision. Pure. */
import { oneLine } from '../../common/line.ts';
import type { Answer } from './transport.ts';

/** The platform's words in an error, in characters; cut further for a display. */
export const maxWordsLength = 200;

/** Complaints named from one answer, and how deep they may lie: more does not fit on any display. */
const maxComplaints = 5;
const maxDepth = 4;

/** Keys that say nothing beside their text. */
const plainKeys = ['detail', 'message', 'error', 'errors', 'non_field_errors'];

/** A plain text under such a key may be a secret; a list under it is a complaint about the field. */
const secretKey = /key|passw|token|secret|config|cert/i;

type Loose = Record<string, unknown>;

/** Status and words: of JSON like `{"detail": "…"}` or `{"field": ["…"]}` the texts, of a gateway's page nothing. */
export function wordsOf(answer: Answer): string {
  const body = answer.body.trim();
  // A page of a gateway in between says less than its number.
  const words = body === '' || body.startsWith('<') ? 'no words' : textOf(body);
  return `${answer.status}: ${oneLine(words, maxWordsLength) || 'no words'}`;
}

function textOf(body: string): string {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return body;
  }
  // A whole cluster holds keys and passwords: of it only what went wrong.
  if (looksLikeCluster(value)) return troubleOf(value);
  return complaintsIn(value, maxDepth).slice(0, maxComplaints).join('; ');
}

function looksLikeCluster(value: unknown): value is Loose {
  return isObject(value) && 'name' in value && ('state' in value || 'status' in value);
}

function complaintsIn(value: unknown, depth: number): string[] {
  if (typeof value === 'string') return value.trim() === '' ? [] : [value.trim()];
  if (depth === 0) return [];
  if (Array.isArray(value))
    return value.slice(0, maxComplaints).flatMap(item => complaintsIn(item, depth - 1));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (secretKey.test(key) && typeof inner === 'string') return [];
    const words = complaintsIn(inner, depth - 1).join(' ');
    if (words === '') return [];
    return [plainKeys.includes(key) ? words : `${key}: ${words}`];
  });
}

/**
 * Why a cluster of either generation is broken: the words of a broken node, else its own, else any node's, else its
 * state (`ccp-api`, 3.2: `error_log`; 4.2: `status_detail`, `status_reason`).
 */
export function troubleOf(cluster: object): string {
  const record: Loose = { ...cluster };
  const state = stateOf(record);
  const nodes = nodesIn(record);
  const broken = nodes.filter(node => /error|fail/i.test(`${stateOf(node)} ${textAt(node, 'phase')}`));
  const words = [...broken, record, ...nodes].map(ownWords).find(text => text !== '');
  return words ?? (state === '' ? 'no words' : `cluster is in state ${state}`);
}

/** All nodes of a record: a list in v2, in groups in v3. Never throws, whatever the record holds. */
export function nodesIn(record: object): Loose[] {
  const { nodes, master_group, node_groups } = record as Loose;
  const groups = [{ nodes }, master_group, ...(Array.isArray(node_groups) ? node_groups : [])];
  const lists = groups.map(group => (isObject(group) ? group.nodes : undefined));
  return lists.flatMap(list => (Array.isArray(list) ? list.filter(isObject) : []));
}

function ownWords(record: Loose): string {
  const texts = ['error_log', 'status_detail', 'status_reason'].map(key => textAt(record, key));
  return oneLine(texts.find(text => text !== '') ?? '', maxWordsLength);
}

function stateOf(record: Loose): string {
  return textAt(record, 'state') || textAt(record, 'status');
}

/** The text under a key; empty for everything that is none. */
export function textAt(record: object, key: string): string {
  const value = (record as Loose)[key];
  return typeof value === 'string' ? value.trim() : '';
}

export function isObject(value: unknown): value is Loose {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A state that is none of the ends: unknown words are something under way. */
export function isUnderWay(state: string): boolean {
  return !/^ready$|error|fail|delet/i.test(state);
}
