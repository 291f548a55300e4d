/** The JavaScript world of one boot: a fresh context, cut down to what Espruino has. */
import vm from 'node:vm';
import { dialect } from './dialect.ts';

/** The program's own constructors, so that `instanceof` in it works on what the chip hands over. */
export interface Realm {
  context: vm.Context;
  error(message: string, kind: 'Error' | 'InternalError'): Error;
  arrayBuffer(bytes: Uint8Array | number): ArrayBuffer;
  /** Parses as the program's own JSON.parse: arrays and objects are the program's. */
  parse(json: string): unknown;
}

/** Reached through eval, so that the program's text finds none of these names. */
const capture = `({
  makeError: (message, name) => { const e = new Error(message); if (name !== 'Error') { e.name = name; } return e; },
  makeBuffer: length => new ArrayBuffer(length),
  parse: JSON.parse,
})`;

/** Makes a context whose only globals are ECMAScript's, as far as Espruino 2v29 has them. */
export function makeRealm(): Realm {
  const context = vm.createContext({}, { name: 'chip' });
  const own = vm.runInContext(capture, context) as {
    makeError: (message: string, name: string) => Error;
    makeBuffer: (length: number) => ArrayBuffer;
    parse: (json: string) => unknown;
  };
  prune(context);
  return {
    context,
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

/** Deletes every built-in that Espruino has not. Language features that use them inside keep working. */
function prune(context: vm.Context): void {
  const ask = vm.runInContext('eval', context) as (code: string) => object;
  for (const [owner, kept] of Object.entries(dialect)) {
    const object = ask(`(${owner})`) as Record<string, unknown>;
    for (const name of Object.getOwnPropertyNames(object)) {
      if (!kept.has(name)) {
        Reflect.deleteProperty(object, name);
      }
    }
  }
}
