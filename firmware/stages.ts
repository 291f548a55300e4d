/**
 * What is needed for a moment only is there for that moment only.
 *
 * A function that the interpreter has met takes 6 to 10 of the chip's few thousand variables for as long as the scope lives
 * that it stands in. The code itself stays in flash and costs nothing. So the modules of a stage are put into one function: each call of
 * what they export makes them anew from flash, and when the call has ended they are garbage. They must be pure for that:
 * whatever they keep is gone at the next call. docs/decisions/0024.
 */

export interface Stage {
  /** Names of functions that the rest of the program calls. */
  exports: string[];
  /** Its source files. Nothing else of them is to be had from outside: that would be a name that nobody declares. */
  files: string[];
}

/** The stages of the firmware: who am I, what is to be done, the signed messages, a picture, words for an error. */
export const stages: Stage[] = [
  { exports: ['explain', 'refusal', 'refusalCode'], files: ['firmware/src/explain.ts'] },
  {
    exports: ['readDevice', 'firstBoard', 'passwordOf', 'relayAt'],
    files: ['firmware/src/boards.ts', 'firmware/src/device.ts'],
  },
  {
    exports: ['initialState', 'step'],
    files: [
      ...['firmware/src/plain.ts', 'firmware/src/flow/state.ts', 'firmware/src/flow/last.ts'],
      ...['firmware/src/flow/connect.ts', 'firmware/src/flow/on-message.ts', 'firmware/src/flow/flow.ts'],
    ],
  },
  { exports: ['read', 'write'], files: ['protocol/src/sign.ts', 'firmware/src/messages.ts'] },
  {
    exports: ['draw'],
    files: [
      'firmware/src/icons.ts',
      'firmware/src/font.ts',
      'firmware/src/text.ts',
      'firmware/src/screens.ts',
    ],
  },
];

interface Part {
  /** As esbuild names it in a comment before what it took from there. */
  file: string;
  code: string;
}

/** A function around the code of a stage, and for each export one that calls it. */
function wrapped(name: string, inside: string, exports: string[]): string {
  const functions = exports.map(called => {
    // esbuild numbers names that it has met before.
    const [, own, parameters] =
      new RegExp(`^ *function (${called}\\d*)\\(([^)]*)\\)`, 'm').exec(inside) ?? [];
    if (own === undefined) throw new Error(`a stage exports "${called}", and has no function of that name`);
    return { own, parameters };
  });
  const lone = functions.length === 1;
  const result = functions.map(({ own }) => own).join();
  const outside = functions.map(
    ({ own, parameters }) =>
      `function ${own}(${parameters}) { return ${name}()${lone ? '' : `.${own}`}(${parameters}); }`,
  );
  return `function ${name}() {\n${inside}return ${lone ? result : `{ ${result} }`};\n}\n${outside.join('\n')}\n`;
}

/**
 * Puts the modules of each stage into one function.
 * @param script one file, as esbuild bundles it: before each module's code a line with its name.
 */
export function staged(script: string): string {
  const [head = '', ...rest] = script.split(/^ *\/\/ (?=\S+\.ts\n)/m);
  let parts: Part[] = rest.map(part => {
    const end = part.indexOf('\n');
    return { file: part.slice(0, end), code: part.slice(end + 1) };
  });
  for (const [i, { files, exports }] of stages.entries()) {
    const inside = parts.filter(({ file }) => files.includes(file));
    const last = inside.at(-1);
    // A small program of its own has none of these.
    if (last === undefined) continue;
    const whole = {
      file: '',
      code: wrapped(`stage${i}`, inside.map(({ code }) => code).join(''), exports),
    };
    parts = parts.map(part => (part === last ? whole : part)).filter(part => !inside.includes(part));
  }
  return head + parts.map(({ code }) => code).join('');
}
