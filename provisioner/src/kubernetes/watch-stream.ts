/** Takes the lines of a watch apart: one JSON object each, of limited length. */
import { PlatformError } from '../common/platform.ts';
import { type Asked, describe, explainAnswer } from './errors.ts';
import type { KubeObject, WatchEvent } from './objects.ts';

/** The longest line, in bytes: etcd keeps at most 1.5 MB of an object, which JSON may make longer. */
export const maxLineBytes = 4 * 1024 * 1024;

/** Whole lines, without their end. @throws when one is too long, or the stream ends within one. */
export async function* linesOf(body: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let pieces: Buffer[] = [];
  let bytes = 0;
  const add = (piece: Buffer) => {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes > maxLineBytes) throw new Error(`a line of more than ${maxLineBytes} bytes`);
  };
  for await (const chunk of body) {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      add(chunk.subarray(start, end));
      start = end + 1;
      const line = Buffer.concat(pieces).toString('utf8');
      [pieces, bytes] = [[], 0];
      if (line !== '') yield line;
    }
    if (start < chunk.length) add(chunk.subarray(start));
  }
  if (bytes > 0) throw new Error('it ended in the middle of a line');
}

/**
 * One line as an event.
 * @throws PlatformError: Gone or whatever else an ERROR event stands for; transient when the line is no event.
 */
export function eventOf(line: string, asked: Asked): WatchEvent {
  const event = recordOf(jsonOf(line));
  const object = recordOf(event?.object);
  const type = event?.type;
  if (type === 'ERROR') {
    const code = typeof object?.code === 'number' ? object.code : 500;
    throw explainAnswer(code, JSON.stringify(object ?? {}), asked);
  }
  const resourceVersion = recordOf(object?.metadata)?.resourceVersion;
  if (typeof resourceVersion === 'string' && resourceVersion !== '') {
    if (type === 'BOOKMARK') return { type, resourceVersion };
    if ((type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED') && isKubeObject(object)) {
      return { type, object };
    }
  }
  throw new PlatformError(`${describe(asked)}: a line that is no event`, { transient: true });
}

/** True when it has a name: all that is taken for granted of an object. */
export function isKubeObject(value: unknown): value is KubeObject {
  const name = recordOf(recordOf(value)?.metadata)?.name;
  return typeof name === 'string' && name !== '';
}

/** A JSON object, else undefined. */
export function recordOf(value: unknown): Record<string, unknown> | undefined {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isRecord ? (value as Record<string, unknown>) : undefined;
}

/** Undefined when it is no JSON. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
