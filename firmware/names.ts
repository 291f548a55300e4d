/**
 * Which names of the program the minifier may shorten. A property name stays when something outside of the
 * bundle may see it: the chip (`hal.ts`), the wire (the protocol's messages), the console (`view.ts`), the flash
 * (`device.json`, `memory.json`) or the language. All others are the firmware's own affair.
 */
import { readFile } from 'node:fs/promises';

/** What the interpreter's own objects have. */
const builtIns = [
  ...[
    Array,
    ArrayBuffer,
    DataView,
    Date,
    Error,
    Function,
    Int32Array,
    Number,
    Object,
    Promise,
    RegExp,
    String,
  ],
  Object.getPrototypeOf(Uint8Array) as typeof Uint8Array,
].flatMap(type => [...Object.getOwnPropertyNames(type), ...Object.getOwnPropertyNames(type.prototype)]);
const namespaces = [globalThis, JSON, Math].flatMap(Object.getOwnPropertyNames);

/** Files whose types cross the bundle's border. Everything else that the program names is its own. */
const borderFiles = [
  'src/hal.ts',
  'src/view.ts',
  'src/device.ts',
  'src/memory.ts',
  '../protocol/src/messages.ts',
];

function source(file: string): Promise<string> {
  return readFile(new URL(file, import.meta.url), 'utf8');
}

/** Names that are followed by a colon or a parenthesis, and all that stands in quotes, comments included. */
function namesIn(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
  return [...(code.match(/\w+(?=\??[:(])/g) ?? []), ...quoted(text)];
}

/** The words in quotes: 'accepted', but not 'press to build'. */
function quoted(text: string): string[] {
  return [...text.matchAll(/(["'])([A-Za-z]\w*)\1/g)].map(match => match[2] as string);
}

/** Of a file, what is declared: interfaces, types and the lists that types are made of, without the functions that use them. */
function declarations(text: string): string {
  const declared = /^export (?:interface [\s\S]*?^\}|type [\s\S]*?;\n$|const \w+ = \[[\s\S]*?\] as const;)/gm;
  return (text.match(declared) ?? []).join('\n');
}

/** The words by which the flow tells its steps, events and effects apart. Nobody but the flow and its driver reads them. */
async function flowTags(): Promise<string[]> {
  const types =
    (await source('src/flow/state.ts')).match(/^export type (?:Step|Event|Effect) =[\s\S]*?;\n$/gm) ?? [];
  return types.flatMap(quoted);
}

export interface Names {
  /** Never shortened, as property or as text. */
  kept: string[];
  /** Words in quotes that are shortened like property names. */
  tags: string[];
}

/** @param bundle the program before its names are shortened. */
export async function sortNames(bundle: string): Promise<Names> {
  const border = await Promise.all(borderFiles.map(source));
  const seen = new Set([...builtIns, ...namespaces, ...border.map(declarations).flatMap(namesIn)]);
  const tags = [...new Set(await flowTags())].filter(tag => !seen.has(tag));
  // A property that is named by a text somewhere keeps its name: `advice[code]`.
  const kept = [...seen, ...quoted(bundle).filter(word => !tags.includes(word))];
  return { kept: [...new Set(kept)].filter(name => /^\w+$/.test(name)), tags };
}
