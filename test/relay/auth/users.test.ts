import { expect, test } from 'vitest';
import { formatUser, formatUsers, makeUsers, readUsers, type User } from '../../../relay/src/auth/users.ts';
import { makeVerifier } from '../../../relay/src/auth/verifier.ts';
import { usersFile } from '../fixtures/helpers.ts';

const verifier = makeVerifier(Buffer.alloc(32, 1).toString('base64'));
const house: User = { name: 'house-01', role: 'button', site: 'lab', verifier };
const lab: User = { name: 'lab-provisioner', role: 'provisioner', site: 'lab', verifier };

function problemsOf(text: string): string[] {
  try {
    readUsers(usersFile(text));
  } catch (error) {
    return String((error as Error).message)
      .split('\n')
      .map(line => line.trim());
  }
  throw new Error('no problem was found');
}

test('reads what was formatted, also entry by entry', () => {
  const expected = new Map([
    ['house-01', house],
    ['lab-provisioner', lab],
  ]);
  expect(readUsers(usersFile(formatUsers([house, lab])))).toEqual(expected);
  expect(readUsers(usersFile(`users:\n${formatUser(house)}${formatUser(lab)}`))).toEqual(expected);
  expect(makeUsers([house, lab])).toEqual(expected);
});

test('an entry reads well', () => {
  expect(formatUser(house)).toBe(
    `  - name: house-01\n    role: button\n    site: lab\n    verifier: ${verifier}\n`,
  );
});

test('lists all five mistakes of a file at once, each with its path', () => {
  const text = `users:
  - { name: House 1, role: button, site: lab, verifier: "${verifier}" }
  - { name: house-02, role: boss, site: lab, verifier: "${verifier}" }
  - { name: house-03, role: button, site: lab, verifier: my secret password }
  - { name: house-04, role: button, verifier: "${verifier}", admin: true }
`;
  const [title, ...problems] = problemsOf(text);
  expect(title).toMatch(/^the users file .* has 5 problems:$/);
  expect(problems).toEqual([
    'users.0.name: expected 1 to 20 lower-case letters, digits and inner hyphens (found "House 1")',
    'users.1.role: expected button or provisioner (found "boss")',
    'users.2.verifier: expected sha256:<hash> of a key of 32 random bytes, as enroll writes it; never a password of a person',
    'users.3.site: expected 1 to 20 lower-case letters, digits and inner hyphens (nothing is there)',
    'users.3.admin: there is no such setting',
  ]);
});

test('finds a name and a site that are taken, together with other mistakes', () => {
  const second = { ...lab, name: 'second' };
  const text = formatUsers([house, lab, { ...house, role: 'boss' as 'button' }, second]);
  expect(problemsOf(text)).toEqual([
    expect.stringContaining('3 problems'),
    'users.2.role: expected button or provisioner (found "boss")',
    'users.2.name: this name is taken above (found "house-01")',
    'users.3.site: this site has a provisioner above, and one is all it can have (found "lab")',
  ]);
  expect(() => makeUsers([house, house])).toThrow('this name is taken above');
});

test.each([
  ['nothing', '', '(top): expected a list called users'],
  ['a list at the top', '- a', '(top): expected a list called users'],
  ['no list', 'users: 7', 'users: expected a list of users (found 7)'],
  ['an entry that is none', 'users: [7]', 'users.0: expected name, role, site and verifier (found 7)'],
  ['broken YAML', 'users: [', 'Flow sequence'],
])('a file with %s', (_, text, problem) => {
  expect(problemsOf(text).join(' ')).toContain(problem);
});

test('says in one sentence that there is no file', () => {
  expect(() => readUsers('/nowhere/users.yaml')).toThrow(
    'the users file /nowhere/users.yaml cannot be read: there is no such file',
  );
});
