/** The JavaScript world of one boot: a fresh context, cut down to what Espruino has. */
import vm from 'node:vm';
import { dialect, ofAnyFunction, utcDates } from './dialect.ts';
import type { Realm } from './host.ts';

/** Of Node's `vm`. */
export interface NodeRealm extends Realm {
  context: vm.Context;
}

/** Reached through eval, so that the program's text finds none of these names. */
const capture = `({
  makeError: (message, name) => { const e = new Error(message); if (name !== 'Error') { e.name = name; } return e; },
  makeBuffer: length => new ArrayBuffer(length),
  parse: JSON.parse,
})`;

/**
 * Makes a context whose only globals are ECMAScript's, as far as Espruino 2v29 has them.
 * @param later the interpreter is newer.
 */
export function makeRealm(later: { utcDates?: boolean } = {}): NodeRealm {
  const context = makeContext();
  const own = vm.runInContext(capture, context) as {
    makeError: (message: string, name: string) => Error;
    makeBuffer: (length: number) => ArrayBuffer;
    parse: (json: string) => unknown;
  };
  prune(context, later.utcDates ? utcDates : new Set());
  return {
    context,
    globals: context as Record<string, unknown>,
    error: own.makeError,
    parse: own.parse,
    arrayBuffer(bytes) {
      if (typeof bytes === 'number') {
        return own.makeBuffer(bytes);
      }
      const buffer = own.makeBuffer(bytes.length);
      new Uint8Array(buffer).set(bytes);
      return buffer;
    },
  };
}

/**
 * An ordinary global object. That of a contextified one is asked through Node, which since Node 22 hides what a getter throws: a name
 * that is not simulated would be "not defined".
 */
export function makeContext(): vm.Context {
  return vm.createContext(vm.constants.DONT_CONTEXTIFY, { name: 'chip' });
}

/**
 * Deletes every built-in that Espruino has not, wherever a program can reach it: what a later V8 brings goes without being known
 * here. Language features that use built-ins inside keep working.
 * @param ofDates what dates keep besides.
 */
export function prune(context: vm.Context, ofDates: ReadonlySet<string> = new Set()): void {
  const ask = vm.runInContext('eval', context) as (code: string) => object;
  const lists = new Map(Object.entries(dialect).map(([owner, kept]) => [ask(`(${owner})`), kept]));
  const dates = ask('Date.prototype');
  lists.set(dates, new Set([...(lists.get(dates) ?? []), ...ofDates]));
  const seen = new Set<object>();
  const visit = (value: unknown): void => {
    if (!isObject(value) || seen.has(value)) {
      return;
    }
    seen.add(value);
    const kept = lists.get(value) ?? ofAnyFunction;
    for (const name of Object.getOwnPropertyNames(value)) {
      if (!kept.has(name)) {
        Reflect.deleteProperty(value, name);
      }
    }
    for (const key of Reflect.ownKeys(value)) {
      const { value: held, get, set } = Object.getOwnPropertyDescriptor(value, key) ?? {};
      for (const next of [held, get, set]) {
        visit(next);
      }
    }
    visit(Object.getPrototypeOf(value));
  };
  for (const owner of lists.keys()) {
    visit(owner);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'function' || (typeof value === 'object' && value !== null);
}
