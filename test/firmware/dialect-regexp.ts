/**
 * Which regular expressions the interpreter gets right: plain characters and classes, `*` and `+` behind them,
 * anchors, the flags g and i, within the limits below. Comparing its answers with Node's on thousands of random
 * expressions showed these limits; groups and alternatives go wrong too often to be of use.
 */

const letterEscapes = 'dDwWsSnrtfvx';

/** One character or class, and what stands behind it. */
interface Atom {
  text: string;
  repeat: string;
}

/** Cuts a pattern into atoms and, in `found`, what is no atom. Anchors are left out. */
function atomsOf(pattern: string, found: Set<string>): Atom[] {
  const atoms: Atom[] = [];
  const token = /\\x[\da-fA-F]{2}|\\.|\[(?:\\.|[^\]\\])*\]|\(\?(?:<?[=!]|:|<\w+>)?|\{\d[\d,]*\}|[\s\S]/g;
  for (const [text] of pattern.matchAll(token)) {
    const last = atoms.at(-1);
    if (text.startsWith('(')) {
      found.add(text === '(' ? 'group' : text);
    } else if (text === '|') {
      found.add('alternative');
    } else if (text === '?') {
      found.add('?');
    } else if (/^\{\d/.test(text)) {
      found.add('{n}');
    } else if ((text === '*' || text === '+') && last && last.repeat === '') {
      last.repeat = text;
    } else if (!/^[\^$)*+]$/.test(text)) {
      atoms.push({ text, repeat: '' });
    }
  }
  return atoms;
}

function checkAtom({ text, repeat }: Atom, found: Set<string>): void {
  for (const [, escaped = ''] of text.matchAll(/\\(.)/g)) {
    if (/[a-zA-Z0-9]/.test(escaped) && !letterEscapes.includes(escaped)) {
      found.add(`\\${escaped}`);
    }
  }
  if (/^\[.*[^\\]\/|^\[\//.test(text)) {
    found.add('/ in a class');
  }
  if (repeat === '+' && /^(\.|\[\^|\\[DWS])/.test(text)) {
    found.add(`${text.startsWith('[^') ? '[^…]' : text}+`); // matches the empty end of the text as well
  }
}

/** Some character that both match. */
function overlap(a: Atom, b: Atom): boolean {
  const characters = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));
  const [isA, isB] = [new RegExp(`^${a.text}$`, 's'), new RegExp(`^${b.text}$`, 's')];
  return characters.some(c => isA.test(c) && isB.test(c));
}

/** Giving characters back to what follows, `x+` gives its first one away too. */
function checkGivingBack(atoms: Atom[], found: Set<string>): void {
  for (const [i, atom] of atoms.entries()) {
    const following = atoms.slice(i + 1);
    const firstNeeded = following.findIndex(({ repeat }) => repeat !== '*');
    const reach = firstNeeded < 0 ? following : following.slice(0, firstNeeded + 1);
    if (atom.repeat === '+' && reach.some(next => overlap(atom, next))) {
      found.add('+ before more of the same');
    }
  }
}

/** What in this expression the interpreter lacks or gets wrong; empty when all is well. */
export function regexpProblems(pattern: string, flags: string): string[] {
  const found = new Set<string>();
  for (const flag of flags) {
    if (!'gi'.includes(flag)) {
      found.add(`flag ${flag}`);
    }
  }
  const atoms = atomsOf(pattern, found);
  for (const atom of atoms) {
    checkAtom(atom, found);
  }
  if (found.size === 0) {
    checkGivingBack(atoms, found);
  }
  if (/\*\$$/.test(pattern) && !pattern.startsWith('^')) {
    found.add('*$ without ^'); // does not match the empty end
  }
  return [...found];
}
