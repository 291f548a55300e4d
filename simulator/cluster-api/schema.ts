/** The small part of OpenAPI that CRDs need: which fields there are, of what type, and how lists are joined. */
import { isObject, type Json, type JsonObject } from '../ccp/api-fields.ts';
import type { FieldProblem } from './refusal.ts';

export type Schema =
  /** Anything, kept as it is. `whole`: one value for those who manage it, whatever is in it. */
  | { type: 'any'; whole?: true }
  | {
      type: 'object';
      fields: Readonly<Record<string, Schema>>;
      required: readonly string[];
      minProperties?: number;
    }
  /** `keys`: items are told apart by these fields (list type `map`). `set`: by their value. Neither: one value. */
  | { type: 'array'; items: Schema; keys?: readonly string[]; set?: true; minItems?: number }
  /** Free names, all values alike. */
  | { type: 'map'; values: Schema }
  | { type: 'string'; minLength?: number }
  | { type: 'integer' }
  | { type: 'boolean' };

export const any: Schema = { type: 'any' };
export const whole: Schema = { type: 'any', whole: true };
export const text: Schema = { type: 'string' };
export const name: Schema = { type: 'string', minLength: 1 };
export const integer: Schema = { type: 'integer' };
export const bool: Schema = { type: 'boolean' };
export const texts: Schema = { type: 'map', values: text };

/** An object; names that end in `!` are required. */
export function object(fields: Record<string, Schema>, minProperties?: number): Schema {
  const plain = Object.entries(fields).map(([key, value]) => [key.replace('!', ''), value] as const);
  return {
    type: 'object',
    fields: Object.fromEntries(plain),
    required: Object.keys(fields)
      .filter(key => key.endsWith('!'))
      .map(key => key.slice(0, -1)),
    ...(minProperties === undefined ? {} : { minProperties }),
  };
}

export function list(
  items: Schema,
  more: { keys?: readonly string[]; set?: true; minItems?: number } = {},
): Schema {
  return { type: 'array', items, ...more };
}

/** `spec.a.b` */
function below(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

/** The value without the fields that the schema does not know; their paths go into `unknown`. */
export function prune(value: Json, schema: Schema, unknown: string[], path = ''): Json {
  if (schema.type === 'array' && Array.isArray(value)) {
    return value.map((item, i) => prune(item, schema.items, unknown, `${path}[${i}]`));
  }
  if (schema.type !== 'object' || !isObject(value)) return value;
  const kept: JsonObject = {};
  for (const [key, item] of Object.entries(value)) {
    const known = Object.hasOwn(schema.fields, key) ? schema.fields[key] : undefined;
    if (known === undefined) unknown.push(below(path, key));
    else kept[key] = prune(item, known, unknown, below(path, key));
  }
  return kept;
}

/** What is wrong with a value, as a CRD's validation words it. */
export function problemsOf(value: Json, schema: Schema, path = ''): FieldProblem[] {
  if (schema.type === 'any') return [];
  const is = typeOf(value);
  const wanted = schema.type === 'map' ? 'object' : schema.type;
  if (is !== wanted) return [wrong(path, JSON.stringify(is), `must be of type ${wanted}: "${is}"`)];
  if (schema.type === 'string' && (value as string).length < (schema.minLength ?? 0)) {
    return [wrong(path, '""', `should be at least ${schema.minLength} chars long`)];
  }
  if (schema.type === 'array' && Array.isArray(value)) {
    const few = value.length < (schema.minItems ?? 0);
    return few
      ? [wrong(path, String(value.length), `should have at least ${schema.minItems} items`)]
      : value.flatMap((item, i) => problemsOf(item, schema.items, `${path}[${i}]`));
  }
  if (schema.type === 'map' && isObject(value)) {
    return Object.entries(value).flatMap(([key, item]) => problemsOf(item, schema.values, below(path, key)));
  }
  if (schema.type !== 'object' || !isObject(value)) return [];
  const { minProperties = 0, required, fields } = schema;
  const missing = required
    .filter(key => !Object.hasOwn(value, key))
    .map(key => ({
      field: below(path, key),
      reason: 'FieldValueRequired',
      message: 'Required value',
    }));
  const few =
    Object.keys(value).length < minProperties
      ? [wrong(path, '0', `should have at least ${minProperties} properties`)]
      : [];
  return [
    ...missing,
    ...few,
    ...Object.entries(value).flatMap(([key, item]) => {
      const known = Object.hasOwn(fields, key) ? fields[key] : undefined;
      return known === undefined ? [] : problemsOf(item, known, below(path, key));
    }),
  ];
}

function wrong(field: string, value: string, why: string): FieldProblem {
  const reason = why.startsWith('must be of type') ? 'FieldValueTypeInvalid' : 'FieldValueInvalid';
  return { field, reason, message: `Invalid value: ${value}: ${field} in body ${why}` };
}

function typeOf(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}
