/** The world that a program finds on the simulated board, against the real interpreter's. */
import { describe, expect, test } from 'vitest';
import { dialect } from '../../../simulator/board/dialect.ts';
import { program, texts } from './fixtures/base64.ts';
import { runToSleep, sleepNow } from './fixtures/harness.ts';
import { interpreter, runOnInterpreter } from './fixtures/interpreter.ts';

describe.skipIf(!interpreter)('the interpreter (needs ESPRUINO)', () => {
  test('has every built-in that is kept', async () => {
    // Things of JavaScript itself that V8 wants, and names no program asks for.
    const notAsked = new Set([
      'name',
      '__proto__',
      'stackTraceLimit',
      'undefined',
      'globalThis',
      'constructor',
      ...['source', 'flags', 'dotAll', 'global', 'hasIndices', 'ignoreCase', 'multiline', 'sticky'],
      ...['unicode', 'unicodeSets'],
    ]);
    const examples: Record<string, string> = {
      'Function.prototype': 'function(){}',
      'Promise.prototype': 'new Promise(function(done){done()})',
      'Error.prototype': 'new Error("x")',
      'ArrayBuffer.prototype': 'new ArrayBuffer(1)',
      'DataView.prototype': 'new DataView(new ArrayBuffer(1))',
      'Date.prototype': 'new Date()',
      'Object.getPrototypeOf(Uint8Array.prototype)': 'new Uint8Array(1)',
      'Object.getPrototypeOf(Uint8Array)': 'Uint8Array',
      'Array.prototype': '[1]',
      'String.prototype': '"a"',
      'Number.prototype': '5',
      'Object.prototype': '{}',
      'Boolean.prototype': 'true',
      'RegExp.prototype': '/a/',
      globalThis: 'global',
    };
    const asks = Object.entries(dialect).flatMap(([owner, kept]) =>
      [...kept]
        .filter(name => !notAsked.has(name))
        .map(
          name =>
            `try{if(typeof (${examples[owner] ?? owner})["${name}"]=="undefined")tell("${owner} ${name}")}catch(e){tell("${owner} ${name}: "+e)}`,
        ),
    );
    expect(await runOnInterpreter(`${asks.join('\n')}\ntell("done");quit();`)).toEqual(['done']);
  });

  test('makes the same of random base64 texts as the simulated board', async () => {
    const board = await runToSleep(`function tell(t){print(t)}${program.join(';')};${sleepNow}`);
    const theirs = await runOnInterpreter(`${program.join('\n')}\nquit()`);
    expect(board.prints.map((told, i) => [texts[i], told])).toEqual(
      theirs.map((told, i) => [texts[i], told]),
    );
  });
});
