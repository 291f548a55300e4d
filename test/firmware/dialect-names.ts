/** Built-ins that the interpreter lacks. The lists are the simulator's, which were asked of the interpreter itself. */
import type { AnyNode } from 'acorn';
import { dialect, unsimulatedGlobals } from '../../simulator/board/dialect.ts';
import type { Report } from './dialect.ts';
import { childrenOf, type FunctionScope } from './scopes.ts';

/** Globals that firmware/src/hal.ts declares. */
const chipGlobals =
  'setTimeout clearTimeout getTime pinMode digitalWrite digitalRead analogRead setWatch print btoa atob ' +
  'I2C1 ESP32 Graphics require arguments';
const globals = new Set([
  ...(dialect.globalThis ?? []),
  ...unsimulatedGlobals.split(' '),
  ...chipGlobals.split(' '),
]);

/** Any function has these. */
const ofFunctions = new Set(['apply', 'bind', 'call', 'length', 'name', 'prototype']);

/** Names of the language's methods that no object of the interpreter has. */
const missingMethods = new Set(
  [Array, String, Number, Promise, Date, Function, Object, ArrayBuffer, Object.getPrototypeOf(Uint8Array)]
    .flatMap((type: { prototype: object }) => Object.getOwnPropertyNames(type.prototype))
    .filter(
      name => !Object.entries(dialect).some(([owner, kept]) => owner.includes('prototype') && kept.has(name)),
    ),
);

/** Names of members that the program itself defines: a method of that name may be its own. */
function ownNames(program: AnyNode): Set<string> {
  const names = new Set<string>();
  function visit(node: AnyNode): void {
    if ((node.type === 'Property' || node.type === 'MethodDefinition') && node.key.type === 'Identifier') {
      names.add(node.key.name);
    }
    for (const child of childrenOf(node)) {
      visit(child);
    }
  }
  visit(program);
  return names;
}

export function checkNames(program: AnyNode, functions: FunctionScope[], report: Report): void {
  const own = ownNames(program);
  const free = functions.flatMap(scope => scope.references).filter(({ binding }) => !binding);
  for (const { node, ancestors, within } of free) {
    const parent = ancestors.at(-1);
    if (parent?.type === 'UnaryExpression' && parent.operator === 'typeof') {
      continue; // asking whether it is there
    }
    if (!globals.has(node.name)) {
      report(node, `missing global ${node.name}`, 'the interpreter does not have it');
    }
    if (node.name === 'arguments' && within.node.type === 'ArrowFunctionExpression') {
      report(node, 'arguments in an arrow function', 'they are not those of the function around it');
    }
  }
  const freeNodes = new Set<AnyNode>(free.map(({ node }) => node));

  function visit(node: AnyNode): void {
    if (node.type === 'MemberExpression' && !node.computed && node.property.type === 'Identifier') {
      const { name } = node.property;
      const owner = freeNodes.has(node.object) && node.object.type === 'Identifier' ? node.object.name : '';
      const kept = Object.hasOwn(dialect, owner) && owner !== 'globalThis' ? dialect[owner] : undefined;
      if (kept && !kept.has(name) && !ofFunctions.has(name)) {
        report(node, `missing ${owner}.${name}`, 'the interpreter does not have it');
      } else if (!kept && missingMethods.has(name) && !own.has(name)) {
        report(node, `missing method ${name}`, 'no object of the interpreter has it');
      }
    }
    for (const child of childrenOf(node)) {
      visit(child);
    }
  }
  visit(program);
}
