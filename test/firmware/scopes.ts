/** Names of a program: where each is bound, and who refers to it. Only what the dialect's rules need. */
import type { AnyNode, Identifier } from 'acorn';

export interface Binding {
  name: string;
  /** The interpreter knows the name from here on: it does not hoist. */
  from: number;
  /** The function (or program) that runs the definition. */
  owner: FunctionScope;
  /** The function it names, when that is plain to see. */
  names?: AnyNode;
  /** The loop in whose head it stands. */
  loop?: AnyNode;
}

export interface Reference {
  node: Identifier;
  binding: Binding | undefined;
  /** The function (or program) it stands in. */
  within: FunctionScope;
  ancestors: AnyNode[];
}

/** A function, or the program. */
export interface FunctionScope {
  node: AnyNode;
  /** Runs where it stands: `(() => …)()`, or a callback of `forEach` and its like. */
  isImmediate: boolean;
  parent: FunctionScope | undefined;
  references: Reference[];
}

interface Scope {
  bindings: Map<string, Binding>;
  parent: Scope | undefined;
  within: FunctionScope;
  isFunction: boolean;
}

/** Array methods that call their function before they return. */
const callsAtOnce = /^(forEach|map|filter|find|findIndex|some|every|reduce|sort|replace)$/;

export function isNode(value: unknown): value is AnyNode {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}

export function childrenOf(node: AnyNode): AnyNode[] {
  const children = Object.values(node).flat().filter(isNode);
  // In `{ a }` and `import { a }` one node stands for both the key and the value.
  return children.filter((child, i) => children.findIndex(other => other.start === child.start) === i);
}

export function isFunction(node: AnyNode): boolean {
  return /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type);
}

/** True when the callback at this place is called by the expression around it. */
export function isCalledAtOnce(node: AnyNode, parent: AnyNode | undefined): boolean {
  if (parent?.type !== 'CallExpression') {
    return false;
  }
  const { callee } = parent;
  return (
    callee === node ||
    (callee.type === 'MemberExpression' &&
      callee.property.type === 'Identifier' &&
      callsAtOnce.test(callee.property.name))
  );
}

/** Names bound by a pattern. */
function namesIn(pattern: AnyNode): Identifier[] {
  switch (pattern.type) {
    case 'Identifier':
      return [pattern];
    case 'ObjectPattern':
      return pattern.properties.flatMap(p => namesIn(p.type === 'RestElement' ? p.argument : p.value));
    case 'ArrayPattern':
      return pattern.elements.flatMap(element => (element ? namesIn(element) : []));
    case 'AssignmentPattern':
      return namesIn(pattern.left);
    case 'RestElement':
      return namesIn(pattern.argument);
    default:
      return [];
  }
}

/** False where an identifier is no reference: names of members, labels, and places where a name is bound. */
function isReference(node: Identifier, parent: AnyNode | undefined): boolean {
  switch (parent?.type) {
    case 'MemberExpression':
      return parent.object === node || parent.computed;
    case 'Property':
      return parent.value === node || parent.computed || parent.shorthand;
    case 'MethodDefinition':
    case 'PropertyDefinition':
      return parent.value === node || parent.computed;
    case 'VariableDeclarator':
      return parent.init === node;
    case 'ArrowFunctionExpression':
      return parent.body === node;
    case 'ClassDeclaration':
    case 'ClassExpression':
      return parent.superClass === node;
    default:
      return !/^(Function|Label|Break|Continue|Meta|Catch|Import|Export)/.test(parent?.type ?? '');
  }
}

/** The function (or program) in whose run the code of `scope` runs: not itself when it runs where it stands. */
export function runner(scope: FunctionScope): FunctionScope {
  return scope.isImmediate && scope.parent ? runner(scope.parent) : scope;
}

/** All functions of the program, the program itself first, each with the references that stand in it. */
export function functionsOf(program: AnyNode): FunctionScope[] {
  const all: FunctionScope[] = [];
  const pending: { reference: Reference; scope: Scope }[] = [];

  function bind(scope: Scope, pattern: AnyNode, from: number, extra: Partial<Binding>): void {
    for (const { name } of namesIn(pattern)) {
      const known = scope.bindings.get(name);
      if (!known || from < known.from) {
        scope.bindings.set(name, { name, from, owner: scope.within, ...extra });
      }
    }
  }

  function functionScope(scope: Scope): Scope {
    return scope.isFunction || !scope.parent ? scope : functionScope(scope.parent);
  }

  function open(within: FunctionScope, parent: Scope | undefined, isFunction: boolean): Scope {
    return { bindings: new Map(), parent, within, isFunction };
  }

  function declare(node: AnyNode, scope: Scope, loop: AnyNode | undefined): void {
    if (node.type === 'VariableDeclaration') {
      const target = node.kind === 'var' ? functionScope(scope) : scope;
      for (const d of node.declarations) {
        const names =
          d.init && (isFunction(d.init) || d.init.type === 'ClassExpression') ? { names: d.init } : {};
        bind(target, d.id, d.init?.start ?? d.start, {
          ...names,
          ...(loop && node.kind !== 'var' ? { loop } : {}),
        });
      }
    } else if ((node.type === 'FunctionDeclaration' || node.type === 'ClassDeclaration') && node.id) {
      bind(node.type === 'FunctionDeclaration' ? functionScope(scope) : scope, node.id, node.start, {
        names: node,
      });
    }
  }

  function visit(node: AnyNode, scope: Scope, ancestors: AnyNode[]): void {
    const parent = ancestors.at(-1);
    const isLoop = /^For(Of|In)?Statement$/.test(node.type);
    let inner = scope;
    if (isFunction(node) || node.type === 'Program') {
      const within: FunctionScope = {
        node,
        isImmediate: isCalledAtOnce(node, parent),
        parent: node.type === 'Program' ? undefined : scope.within,
        references: [],
      };
      all.push(within);
      inner = open(within, node.type === 'Program' ? undefined : scope, true);
      if ('params' in node) {
        for (const param of node.params) {
          bind(inner, param, node.start, {});
        }
      }
      if (node.type === 'FunctionExpression' && node.id) {
        bind(inner, node.id, node.start, { names: node });
      }
    } else if (isLoop || node.type === 'BlockStatement' || node.type === 'SwitchStatement') {
      inner = open(scope.within, scope, false);
    } else if (node.type === 'CatchClause') {
      inner = open(scope.within, scope, false);
      if (node.param) {
        bind(inner, node.param, node.start, {});
      }
    } else if (node.type === 'ClassExpression' && node.id) {
      inner = open(scope.within, scope, false);
      bind(inner, node.id, node.start, { names: node });
    } else if (node.type === 'Identifier' && isReference(node, parent)) {
      const reference: Reference = { node, binding: undefined, within: scope.within, ancestors };
      scope.within.references.push(reference);
      pending.push({ reference, scope });
    }
    declare(node, inner === scope || isFunction(node) ? scope : inner, undefined);
    const head = node.type === 'ForStatement' ? node.init : isLoop && 'left' in node ? node.left : undefined;
    if (head) {
      declare(head, inner, node);
    }
    for (const child of childrenOf(node)) {
      visit(child, inner, [...ancestors, node]);
    }
  }

  const outside: FunctionScope = { node: program, isImmediate: false, parent: undefined, references: [] };
  visit(program, open(outside, undefined, true), []);
  for (const { reference, scope } of pending) {
    let at: Scope | undefined = scope;
    while (at && !at.bindings.has(reference.node.name)) {
      at = at.parent;
    }
    reference.binding = at?.bindings.get(reference.node.name);
  }
  return all;
}
