/** `${cluster}` and its kin in the texts of manifests: what differs from one press to the next. */
import type { Manifest } from './manifests.ts';

/** What a manifest may ask for. */
export interface Values {
  /** The cluster's name. */
  cluster: string;
  /** The button's id. */
  button: string;
  /** The press's number, in digits. */
  press: string;
}

const names = ['cluster', 'button', 'press'] as const satisfies readonly (keyof Values)[];

/** `$${` is a literal `${`; what is not closed counts as a placeholder too, so that it is found. */
const pattern = /\$\$\{|\$\{([^}]*)(\}?)/g;

/**
 * The manifests with `${cluster}`, `${button}` and `${press}` replaced in every text that is a value (not in keys), and
 * `$${` by `${`. Everything else stays as it is.
 */
export function fillIn(manifests: readonly Manifest[], values: Values): Manifest[] {
  const fill = (text: string) =>
    text.replace(pattern, (found, name: string | undefined) =>
      name === undefined ? '${' : isName(name) ? values[name] : found,
    );
  return manifests.map(manifest => mapTexts(manifest, fill) as Manifest);
}

/** One line for each placeholder in `value` that nobody can fill in. */
export function placeholderProblems(value: unknown): string[] {
  const problems = new Set<string>();
  mapTexts(value, text => {
    for (const [found, name, end] of text.matchAll(pattern)) {
      if (name === undefined) continue;
      if (end === '') problems.add(`a placeholder is not closed: ${JSON.stringify(found.slice(0, 40))}`);
      else if (!isName(name)) problems.add(`there is no placeholder ${found}: ${known}`);
    }
    return text;
  });
  return [...problems];
}

const known = `there are ${names.map(name => `\${${name}}`).join(', ')}; a literal is written $\${…}`;

function isName(name: string): name is keyof Values {
  return (names as readonly string[]).includes(name);
}

function mapTexts(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value);
  if (Array.isArray(value)) return value.map(item => mapTexts(item, map));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTexts(item, map)]));
}
