/** What JSON can be, and how a place in it is written. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

export type Path = readonly (string | number)[];

export function isObject(value: unknown): value is Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A member of an object; undefined when there is none, also for names that every object has. */
export function member(value: unknown, key: string): Json | undefined {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** Longest key that is shown whole (characters). */
const maxKeyShown = 60;

/** `node_groups[0].ssh_key`. Keys come from a file: whatever is no plain word is quoted and cut. */
export function show(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    const plain = /^[\w-]{1,60}$/.test(step) ? step : JSON.stringify(step.slice(0, maxKeyShown));
    return text === '' ? plain : `${text}.${plain}`;
  }, '');
}

/** The same for comparing with rules: `node_groups[].ssh_key`. */
export function pattern(path: Path): string {
  return path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[]` : text === '' ? step : `${text}.${step}`),
    '',
  );
}
