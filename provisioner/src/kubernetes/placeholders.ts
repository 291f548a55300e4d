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
  return manifests.map(manifest => fillInValue(manifest, { ...values }) as Manifest);
}

/** The same for any value and any names; a placeholder that is not among the values stays as it is. */
export function fillInValue(value: unknown, values: Readonly<Record<string, string>>): unknown {
  return mapTexts(value, text =>
    text.replace(pattern, (found, name: string | undefined) =>
      name === undefined ? '${' : Object.hasOwn(values, name) ? String(values[name]) : found,
    ),
  );
}

/** The names of the placeholders in `value`, each once. */
export function placeholdersIn(value: unknown): string[] {
  const found = new Set<string>();
  mapTexts(value, text => {
    for (const [, name, end] of text.matchAll(pattern)) if (name !== undefined && end !== '') found.add(name);
    return text;
  });
  return [...found];
}

/** One line for each placeholder in `value` that nobody can fill in. @param known those that somebody can. */
export function placeholderProblems(value: unknown, known: readonly string[] = names): string[] {
  const there = `there are ${known.map(name => `\${${name}}`).join(', ')}; a literal is written $\${…}`;
  const problems = new Set<string>();
  mapTexts(value, text => {
    for (const [found, name, end] of text.matchAll(pattern)) {
      if (name === undefined) continue;
      if (end === '') problems.add(`a placeholder is not closed: ${JSON.stringify(found.slice(0, 40))}`);
      else if (!known.includes(name)) problems.add(`there is no placeholder ${found}: ${there}`);
    }
    return text;
  });
  return [...problems];
}

function mapTexts(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value);
  if (Array.isArray(value)) return value.map(item => mapTexts(item, map));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTexts(item, map)]));
}
