/** The users file as enroll writes it, read without a YAML parser: the same users, or none at all. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatUsers, parseFreely, type User } from '../../../relay/src/auth/users.ts';
import { scanAtOnce, scanUsers } from '../../../relay/src/auth/users-scan.ts';

const verifier = (seed: number) => `sha256:${Buffer.alloc(32, seed).toString('base64')}`;
const names = fc.oneof(
  fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?$/),
  fc.constantFrom('null', 'true', 'false', '123', '1e5', '0x1f', 'yes', 'a', '2026-01-01', '0', '00'),
);
const someUsers = fc.uniqueArray(
  fc.record<User>({
    name: names,
    role: fc.constantFrom('button', 'button', 'provisioner'),
    site: names,
    verifier: fc.nat(255).map(verifier),
  }),
  { selector: ({ name }) => name, maxLength: 12 },
);

function byParser(text: string): User[] | undefined {
  try {
    return [...parseFreely(text, 'it').values()];
  } catch {
    return undefined;
  }
}

test('whatever it reads, a YAML parser reads the same', () => {
  fc.assert(
    fc.property(
      someUsers,
      fc.array(fc.tuple(fc.nat(40), fc.constantFrom('\n', '# a\n', '  # b\n')), { maxLength: 3 }),
      (users, comments) => {
        const lines = formatUsers(users).split(/(?<=\n)/);
        for (const [at, comment] of comments) lines.splice(Math.min(at, lines.length), 0, comment);
        const text = lines.join('');
        const scanned = scanAtOnce(text);
        if (scanned !== undefined) expect([...scanned.users.values()]).toEqual(byParser(text));
      },
    ),
  );
});

test('it reads what enroll writes, comments between entries included', () => {
  const users = ['desk', 'cloud-2', '123', 'null'].map(
    (name, i): User => ({ name, role: 'button', site: 'lab', verifier: verifier(i) }),
  );
  const text = formatUsers(users).replace(
    '  - name: cloud-2',
    '\n  # the one in the hall\n  - name: cloud-2',
  );
  expect([...(scanAtOnce(text)?.users.values() ?? [])]).toEqual(users);
  expect(scanAtOnce('users: []\n')?.users.size).toBe(0);
});

const one = `  - name: desk\n    role: button\n    site: lab\n    verifier: ${verifier(1)}\n`;
test.each([
  ['a name twice', `users:\n${one}${one}`],
  [
    'two provisioners of a site',
    `users:\n${one.replace('button', 'provisioner')}${one.replace('button', 'provisioner').replace('desk', 'door')}`,
  ],
  ['a role that there is not', `users:\n${one.replace('button', 'boss')}`],
  ['a clear password', `users:\n${one.replace(/verifier: .*/, 'verifier: hunter2')}`],
  ['a name that is a number', `users:\n${one.replace('desk', '12')}`],
  ['a name that is nothing', `users:\n${one.replace('desk', 'null')}`],
  ['a name in capitals', `users:\n${one.replace('desk', 'Desk')}`],
  ['half an entry', `users:\n${one.slice(0, -60)}`],
  ['a key too many', `users:\n${one}    more: 1\n`],
  ['another list behind it', `users:\n${one}others: []\n`],
  ['flow style', `users: [{name: desk}]\n`],
  ['nothing', ''],
  ['a list of nothing', 'users:\n'],
  ['an empty list that has something', `users: []\n${one}`],
])('what has another form or a mistake is left to the parser: %s', (_, text) => {
  expect(scanAtOnce(text)).toBeUndefined();
});

test('says who is new, gone or changed, keeps the others, and goes in small steps', () => {
  const users = Array.from(
    { length: 10_000 },
    (_, i): User => ({ name: `b-${i}`, role: 'button', site: 'lab', verifier: verifier(i % 256) }),
  );
  const before = scanAtOnce(formatUsers(users))?.users ?? new Map();
  const after = users.filter(({ name }) => name !== 'b-7');
  after[3] = { ...(after[3] as User), verifier: verifier(99) };
  after.push({ name: 'new', role: 'button', site: 'lab', verifier: verifier(1) });
  const steps = scanUsers(formatUsers(after), before);
  let count = 0;
  let step = steps.next();
  for (; !step.done; step = steps.next()) count++;
  expect(count).toBeGreaterThan(40);
  expect(step.value?.changed).toEqual(new Set(['b-7', 'b-3', 'new']));
  expect(step.value?.users.get('b-8')).toBe(before.get('b-8'));
});
