/**
 * Reads a bundle and names each thing in it that Espruino 2v29 does not have, or has with another meaning. All rules
 * were tried on the interpreter; dialect.test.ts tries them again when it is there.
 */
import { type AnyNode, type Node, parse } from 'acorn';
import { checkNames } from './dialect-names.ts';
import { checkLoops, checkOrder } from './dialect-order.ts';
import { checkSyntax } from './dialect-syntax.ts';
import { childrenOf, functionsOf } from './scopes.ts';

export interface DialectProblem {
  line: number;
  column: number;
  /** The thing itself, in a few words. */
  what: string;
  why: string;
}

export type Report = (node: Node, what: string, why: string) => void;

/** As the interpreter runs it: a script; as a module only what is one, so that `import` can be named. */
function parsed(code: string): AnyNode {
  const options = { ecmaVersion: 'latest', locations: true } as const;
  try {
    return parse(code, { ...options, sourceType: 'script' }) as AnyNode;
  } catch {
    return parse(code, { ...options, sourceType: 'module' }) as AnyNode;
  }
}

/**
 * Everything in `code` that the interpreter lacks, from top to bottom.
 * @throws acorn's SyntaxError when it is not JavaScript at all.
 */
export function dialectProblems(code: string): DialectProblem[] {
  const program = parsed(code);
  const found = new Map<string, DialectProblem & { at: number }>();
  const report: Report = (node, what, why) => {
    const { line = 0, column = 0 } = node.loc?.start ?? {};
    found.set(`${node.start} ${what}`, { line, column, what, why, at: node.start });
  };
  function visit(node: AnyNode, ancestors: AnyNode[]): void {
    checkSyntax(node, ancestors, code, report);
    for (const child of childrenOf(node)) {
      visit(child, [...ancestors, node]);
    }
  }
  visit(program, []);
  const functions = functionsOf(program);
  checkNames(program, functions, report);
  checkOrder(functions, report);
  checkLoops(functions, report);
  return [...found.values()].sort((a, b) => a.at - b.at).map(({ at: _, ...problem }) => problem);
}
