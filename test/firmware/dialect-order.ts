/**
 * What depends on when a line runs. The interpreter does not hoist: a function exists once its definition has
 * been reached, not earlier, at the top as in any function. And all turns of a loop share its head's variables.
 */
import type { AnyNode } from 'acorn';
import type { Report } from './dialect.ts';
import { type Binding, type FunctionScope, isCalledAtOnce, type Reference, runner } from './scopes.ts';

interface Call {
  at: Reference;
  callee: FunctionScope;
}

/** The function that runs when `node`, a function or a class, is called. */
function calledNode(node: AnyNode | undefined): AnyNode | undefined {
  if (node?.type === 'ClassDeclaration' || node?.type === 'ClassExpression') {
    return node.body.body.flatMap(m =>
      m.type === 'MethodDefinition' && m.kind === 'constructor' ? [m.value] : [],
    )[0];
  }
  return node;
}

function isCall({ node, ancestors }: Reference): boolean {
  const parent = ancestors.at(-1);
  return (parent?.type === 'NewExpression' && parent.callee === node) || isCalledAtOnce(node, parent);
}

/** Reports each use of a name that runs before the name is defined, directly or through calls. */
export function checkOrder(functions: FunctionScope[], report: Report): void {
  const scopeOf = new Map(functions.map(scope => [scope.node, scope]));

  /** The references that run when `scope` runs, those of its immediate functions included. */
  function uses(scope: FunctionScope): Reference[] {
    return functions.filter(other => runner(other) === scope).flatMap(other => other.references);
  }

  function calls(scope: FunctionScope): Call[] {
    return uses(scope).flatMap(at => {
      const node = isCall(at) ? calledNode(at.binding?.names) : undefined;
      const callee = node && scopeOf.get(node);
      return callee ? [{ at, callee }] : [];
    });
  }

  const isOutside = (binding: Binding, scope: FunctionScope) => runner(binding.owner) !== scope;

  /** Names from outside that must be there when `scope` runs. */
  function needs(scope: FunctionScope, seen: Set<FunctionScope>): Binding[] {
    if (seen.has(scope)) {
      return [];
    }
    seen.add(scope);
    const direct = uses(scope).flatMap(({ binding }) => (binding ? [binding] : []));
    const through = calls(scope).flatMap(({ callee }) => needs(callee, seen));
    return [...direct, ...through].filter(binding => isOutside(binding, scope));
  }

  for (const scope of functions.filter(candidate => !candidate.isImmediate)) {
    const early = new Set<AnyNode>();
    for (const { node, binding } of uses(scope)) {
      if (binding && !isOutside(binding, scope) && node.start < binding.from) {
        early.add(node);
        report(
          node,
          'use before definition',
          `${node.name} does not exist yet: the interpreter does not hoist`,
        );
      }
    }
    for (const { at, callee } of calls(scope)) {
      const missing = needs(callee, new Set()).find(b => !isOutside(b, scope) && at.node.start < b.from);
      if (missing && !early.has(at.node)) {
        const why = `${at.node.name} runs here and needs ${missing.name}, which is defined further down`;
        report(at.node, 'use before definition', why);
      }
    }
  }
}

/** Reports each variable of a loop's head that a function keeps for later. */
export function checkLoops(functions: FunctionScope[], report: Report): void {
  for (const { node, binding, within } of functions.flatMap(scope => scope.references)) {
    if (binding?.loop && runner(within) !== runner(binding.owner)) {
      report(
        node,
        'closure over a loop variable',
        `all turns of the loop share one ${node.name}: copy it first`,
      );
    }
  }
}
