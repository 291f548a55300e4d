/** What the interpreter's parser does not know, or reads in another way. Node by node; nothing about order or names. */
import type { AnyNode, ClassBody, Function as FunctionNode } from 'acorn';
import type { Report } from './dialect.ts';
import { regexpProblems } from './dialect-regexp.ts';
import { childrenOf, isFunction } from './scopes.ts';

const noSyntax = 'the interpreter cannot parse it';

/** Reserved words to the interpreter, also as names of methods in a class. `of` and `static` are only its own. */
const reserved = new Set(
  (
    'if else do while for break continue function return var let const this throw try catch finally true false ' +
    'null undefined new in instanceof switch case default delete typeof void debugger class extends super static of'
  ).split(' '),
);

const builtIns =
  /^(Array|ArrayBuffer|\w*Error|Function|Object|Promise|RegExp|String|Number|Boolean|\w+Array)$/;

/** Types of nodes that are a finding by themselves. */
const byType: Partial<Record<AnyNode['type'], string>> = {
  ObjectPattern: 'destructuring',
  ArrayPattern: 'destructuring',
  AssignmentPattern: 'default value',
  RestElement: 'rest',
  SpreadElement: 'spread',
  LabeledStatement: 'label',
  AwaitExpression: 'await',
  YieldExpression: 'yield',
  ChainExpression: 'optional chaining',
  TaggedTemplateExpression: 'tagged template',
  PrivateIdentifier: '#private member',
  StaticBlock: 'static block',
  MetaProperty: 'new.target or import.meta',
  ImportDeclaration: 'import',
  ImportExpression: 'import()',
  ExportNamedDeclaration: 'export',
  ExportDefaultDeclaration: 'export',
  ExportAllDeclaration: 'export',
  WithStatement: 'with',
  DebuggerStatement: 'debugger',
};

/** Reports what is wrong with this one node. `ancestors`: outermost first. */
export function checkSyntax(node: AnyNode, ancestors: AnyNode[], code: string, report: Report): void {
  const parent = ancestors.at(-1);
  const found = byType[node.type];
  if (found) {
    report(node, found, noSyntax);
  }
  if ('computed' in node && node.computed && node.type !== 'MemberExpression') {
    report(node, 'computed key', noSyntax);
  }
  if (isFunction(node)) {
    checkFunction(node as FunctionNode, report);
  }
  switch (node.type) {
    case 'BinaryExpression':
      if (node.operator === '**') {
        report(node, 'operator **', noSyntax);
      } else if (node.operator === '/' && /(\+\+|--|\})\s*$/.test(code.slice(0, node.left.end))) {
        report(node, 'division after ++, -- or }', 'the interpreter takes it for a regular expression');
      }
      break;
    case 'AssignmentExpression':
      if (/^(\*\*|\?\?|\|\||&&)=$/.test(node.operator)) {
        report(node, `operator ${node.operator}`, noSyntax);
      }
      if (node.left.type === 'MemberExpression' && !node.left.computed) {
        const { property } = node.left;
        if (property.type === 'Identifier' && property.name === 'length') {
          report(node, 'assignment to length', 'the interpreter throws');
        }
      }
      break;
    case 'ForOfStatement':
      if (node.await) {
        report(node, 'for await', noSyntax);
      }
      break;
    case 'Literal':
      checkLiteral(node, code, report);
      break;
    case 'TemplateElement':
      checkText(node, node.value.cooked ?? '', report);
      break;
    case 'TemplateLiteral':
      checkTemplate(node.expressions, report);
      break;
    case 'Identifier':
      checkName(node, parent, report);
      break;
    case 'Property':
      if (node.kind !== 'init' && node.key.type === 'Literal') {
        report(node, 'quoted name of a getter or setter', noSyntax);
      }
      break;
    case 'ClassBody':
      checkClass(node, report);
      break;
    case 'ClassDeclaration':
    case 'ClassExpression':
      if (node.superClass && (node.superClass.type !== 'Identifier' || builtIns.test(node.superClass.name))) {
        report(node, 'extends a built-in or an expression', 'super does not work there');
      }
      break;
    case 'Super':
      checkSuper(node, ancestors, report);
      break;
    case 'SwitchStatement':
      if (node.cases.slice(0, -1).some(({ test }) => !test)) {
        report(node, 'case after default', noSyntax);
      }
      break;
    case 'CallExpression':
      checkArguments(node.callee, node.arguments.length, report);
  }
}

function checkFunction(node: FunctionNode, report: Report): void {
  if (node.async) {
    report(node, 'async function', noSyntax);
  }
  if (node.generator) {
    report(node, 'generator', noSyntax);
  }
}

function checkLiteral(node: AnyNode & { type: 'Literal' }, code: string, report: Report): void {
  if (node.bigint) {
    report(node, 'bigint literal', noSyntax);
  } else if (node.regex) {
    for (const problem of regexpProblems(node.regex.pattern, node.regex.flags)) {
      report(node, `regular expression: ${problem}`, 'missing or unreliable in the interpreter');
    }
    if (/\)\s*$/.test(code.slice(0, node.start))) {
      report(node, 'regular expression after )', 'the interpreter takes it for a division');
    }
  } else if (typeof node.value === 'string') {
    checkText(node, node.value, report);
    if (/\\u\{|\\\r?\n/.test(node.raw ?? '')) {
      report(node, 'escape \\u{…} or a line that goes on', noSyntax);
    }
  }
}

function checkText(node: AnyNode, text: string, report: Report): void {
  if ([...text].some(character => character.charCodeAt(0) > 0xff)) {
    report(node, 'character above 255', "the chip's strings are 8-bit");
  }
}

/** The interpreter looks for the end of `${…}` by counting braces, those in strings too. */
function checkTemplate(expressions: AnyNode[], report: Report): void {
  for (const expression of expressions) {
    const raw =
      expression.type === 'Literal'
        ? expression.raw
        : expression.type === 'TemplateElement' && expression.value.raw;
    if (raw && /[{}]/.test(raw)) {
      report(expression, 'brace in a string inside a template', 'the interpreter ends the template there');
    }
    checkTemplate(childrenOf(expression), report);
  }
}

function checkName(
  node: AnyNode & { type: 'Identifier' },
  parent: AnyNode | undefined,
  report: Report,
): void {
  const isMember =
    (parent?.type === 'MemberExpression' && parent.property === node && !parent.computed) ||
    ((parent?.type === 'Property' || parent?.type === 'MethodDefinition') && parent.key === node);
  if (!isMember && (node.name === 'of' || node.name === 'static')) {
    report(node, `name ${node.name}`, 'a reserved word to the interpreter');
  }
  if (/[^ -~]/.test(node.name)) {
    report(node, 'name with a letter beyond ASCII', noSyntax);
  }
}

function checkClass(body: ClassBody, report: Report): void {
  for (const member of body.body) {
    if (member.type === 'StaticBlock') {
      continue;
    }
    if (member.key.type === 'Literal') {
      report(member, 'quoted name in a class', noSyntax);
    }
    if (
      member.type === 'MethodDefinition' &&
      member.key.type === 'Identifier' &&
      reserved.has(member.key.name)
    ) {
      report(member, 'reserved word as the name of a method', noSyntax);
    }
    if (member.type === 'PropertyDefinition' && !(member.static && member.value)) {
      report(member, 'class field', 'its initialiser runs once, for all instances together');
    }
  }
}

function checkSuper(node: AnyNode, ancestors: AnyNode[], report: Report): void {
  const at = ancestors.findLastIndex(isFunction);
  if (ancestors[at]?.type === 'ArrowFunctionExpression') {
    report(node, 'super in an arrow function', 'the interpreter does not find it');
  } else if (ancestors[at - 1]?.type === 'Property') {
    report(node, 'super in an object literal', 'the interpreter does not find it');
  }
}

/** Arguments that the interpreter ignores. */
function checkArguments(callee: AnyNode, count: number, report: Report): void {
  if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier' || count < 2) {
    return;
  }
  const { name } = callee.property;
  const isJson = callee.object.type === 'Identifier' && callee.object.name === 'JSON';
  if (name === 'split' || (name === 'parse' && isJson)) {
    report(callee, `second argument of ${name}`, 'the interpreter ignores it');
  }
}
