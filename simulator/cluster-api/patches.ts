/** JSON merge patch (RFC 7396) and JSON patch (RFC 6902). Both give a new value. */
import { isDeepStrictEqual } from 'node:util';
import { isObject, type Json, type JsonObject } from '../ccp/api-fields.ts';
import { badRequest, Refusal } from './refusal.ts';

export function mergePatch(target: Json, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const merged: JsonObject = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = mergePatch(merged[key] ?? null, value);
  }
  return merged;
}

/** Throws Refusal: 400 when it is no patch, 422 when it does not fit the object. */
export function jsonPatch(target: JsonObject, patch: unknown): Json {
  if (!Array.isArray(patch)) throw badRequest('the body is not a list of operations');
  // In a box, so that the whole document can be replaced too.
  const box: JsonObject = { document: structuredClone(target) };
  for (const step of patch) {
    if (!isObject(step) || typeof step.path !== 'string') throw badRequest('an operation has no path');
    operate(box, step, pointer(step.path));
  }
  return box.document ?? null;
}

function operate(box: JsonObject, step: JsonObject, path: string[]): void {
  const from = typeof step.from === 'string' ? pointer(step.from) : undefined;
  if (step.op === 'test') {
    if (!isDeepStrictEqual(read(box, path), step.value)) throw doesNotFit();
  } else if (step.op === 'add') write(box, path, step.value ?? null, true);
  else if (step.op === 'replace') {
    read(box, path);
    write(box, path, step.value ?? null, false);
  } else if (step.op === 'remove') remove(box, path);
  else if ((step.op === 'move' || step.op === 'copy') && from !== undefined) {
    const value = structuredClone(read(box, from));
    if (step.op === 'move') remove(box, from);
    write(box, path, value, true);
  } else throw doesNotFit();
}

function pointer(text: string): string[] {
  const [, ...keys] = text.split('/');
  return ['document', ...keys.map(key => key.replaceAll('~1', '/').replaceAll('~0', '~'))];
}

function read(box: JsonObject, path: readonly string[]): Json {
  let at: Json | undefined = box;
  for (const key of path) at = child(at, key);
  if (at === undefined) throw doesNotFit();
  return at;
}

function child(holder: Json | undefined, key: string): Json | undefined {
  if (Array.isArray(holder)) return holder[indexOf(key)];
  return isObject(holder) && Object.hasOwn(holder, key) ? holder[key] : undefined;
}

function write(box: JsonObject, path: readonly string[], value: Json, insert: boolean): void {
  const holder = read(box, path.slice(0, -1));
  const key = path.at(-1) ?? '';
  if (Array.isArray(holder)) {
    const at = key === '-' && insert ? holder.length : indexOf(key);
    if (at > holder.length - (insert ? 0 : 1)) throw doesNotFit();
    holder.splice(at, insert ? 0 : 1, value);
  } else if (isObject(holder)) holder[key] = value;
  else throw doesNotFit();
}

/** Place in a list: digits and nothing else. What is none is beyond all ends. */
function indexOf(key: string): number {
  return /^(0|[1-9]\d*)$/.test(key) ? Number(key) : Number.POSITIVE_INFINITY;
}

function remove(box: JsonObject, path: readonly string[]): void {
  const holder = read(box, path.slice(0, -1));
  const key = path.at(-1) ?? '';
  if (child(holder, key) === undefined) throw doesNotFit();
  if (Array.isArray(holder)) holder.splice(indexOf(key), 1);
  else if (isObject(holder)) delete holder[key];
}

function doesNotFit(): Refusal {
  return new Refusal(422, 'Invalid', 'the server rejected our request due to an error in our request');
}
