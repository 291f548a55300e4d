/** Reads a payload: JSON, or one clear sentence about what it is instead. Never repeats what is in it. */
import { SetupError } from '../../config/src/setup-error.ts';
import { readTextFile } from '../../config/src/yaml-file.ts';
import { isObject, type Json } from './json.ts';

/** Chunks of standard input. */
export type Input = AsyncIterable<Buffer | string>;

/** A payload has some 3 kB; that of a file is limited by its reader to the same (bytes). */
const maxInputBytes = 1024 * 1024;

/** A create payload is five levels deep; deeper ones are not looked into, so that nothing here recurses far. */
const maxDepth = 20;

const how = `in the browser's developer tools, tab Network, click the POST to …/clusters, then Payload (Firefox: Request, Raw), "view source", and copy that`;

/** What people copy by mistake, by how it begins. */
const mistakes: [RegExp, string][] = [
  [/^curl(\.exe)?\s/i, 'a curl command ("Copy as cURL")'],
  [/^(await\s+)?fetch\(/, 'a JavaScript call ("Copy as fetch")'],
  [/^(\$session\b|Invoke-(WebRequest|RestMethod)\b)/i, 'a PowerShell command ("Copy as PowerShell")'],
  [/^(POST|GET|PUT|PATCH)\s+\S+\s+HTTP\//, 'a whole request with its headers'],
  [/^HTTP\/\d/, 'an answer with its headers'],
  [/^</, 'a web page (HTML or XML)'],
  [/^apiVersion:/m, 'Kubernetes YAML'],
];

/** @throws SetupError that names the source and says what is wrong with it. */
export async function readPayload(path: string, input: Input): Promise<Record<string, Json>> {
  const source = path === '-' ? 'standard input' : path;
  const raw = path === '-' ? await readAll(input) : readTextFile(path, 'the payload');
  if (raw.includes('\0')) {
    throw new SetupError(`${source} is not UTF-8 text (UTF-16?): save it as UTF-8`);
  }
  const text = raw.trim(); // Takes a byte order mark away, too.
  if (text === '') throw new SetupError(`${source} is empty: ${how}`);
  for (const [begin, what] of mistakes) {
    if (begin.test(text)) throw new SetupError(`${source} is ${what}, not the payload alone: ${how}`);
  }
  return payloadIn(parse(text, source), source);
}

function parse(text: string, source: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    // The parser's own message repeats the text around the mistake, and that may be a password.
    const message = error instanceof Error ? error.message : '';
    const at = /position (\d+)/.exec(message)?.[1];
    const where = at === undefined ? '' : ` (${placeOf(text, Number(at))})`;
    if (/end of JSON|unterminated/i.test(message)) {
      throw new SetupError(`${source} ends in the middle of the JSON${where}: was all of it copied?`);
    }
    throw new SetupError(`${source} is not JSON${where}: ${how}`);
  }
}

function placeOf(text: string, position: number): string {
  const before = text.slice(0, position).split('\n');
  return `line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`;
}

function payloadIn(value: Json, source: string): Record<string, Json> {
  if (Array.isArray(value)) {
    throw new SetupError(
      `${source} is a list (the answer to GET …/clusters?), and a profile is made of one order: ${how}`,
    );
  }
  if (!isObject(value)) throw new SetupError(`${source} is JSON, but not an object {…}: ${how}`);
  if (isObject(value.log) && Array.isArray(value.log.entries)) {
    throw new SetupError(`${source} is a HAR file, a whole recording with cookies in it: ${how}`);
  }
  if (Array.isArray(value.results)) {
    throw new SetupError(`${source} is a page of a list, and a profile is made of one order: ${how}`);
  }
  if ('username' in value && 'password' in value && !('type' in value)) {
    throw new SetupError(`${source} is the login, not the order of a cluster: ${how}`);
  }
  if (isDeep(value)) {
    throw new SetupError(`${source} nests deeper than ${maxDepth} levels: no create payload does: ${how}`);
  }
  return value;
}

/** Without recursion: that is what it protects. */
function isDeep(value: Json): boolean {
  const open: [Json, number][] = [[value, 1]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [one, depth] = next;
    if (typeof one !== 'object' || one === null) continue;
    if (depth > maxDepth) return true;
    for (const inner of Object.values(one)) open.push([inner, depth + 1]);
  }
  return false;
}

async function readAll(input: Input): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    const buffer = Buffer.from(chunk);
    bytes += buffer.length;
    if (bytes > maxInputBytes) {
      throw new SetupError(`standard input is larger than ${maxInputBytes} bytes: is it the right file?`);
    }
    chunks.push(buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}
