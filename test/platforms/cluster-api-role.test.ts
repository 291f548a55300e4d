/**
 * The Roles in provisioner/deploy/ are enough, and nothing in them is too much: without any one verb of any one resource
 * something of what the provisioner does fails.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { slowMs } from './contract-world.ts';
import { type Mode, templateFor } from './management.ts';
import { type Ground, grounds, type Rule, single } from './role-grounds.ts';
import { clear, troubleOf } from './role-journey.ts';

/** What each kind of template needs: a topology the first file only. */
const files: Record<Mode, readonly string[]> = {
  topology: ['role.yaml'],
  manifests: ['role.yaml', 'role-manifests.yaml'],
};

/** Rules of all Roles in a file. */
function rulesIn(file: string): Rule[] {
  const text = readFileSync(new URL(`../../provisioner/deploy/${file}`, import.meta.url), 'utf8');
  const objects = parseAllDocuments(text).map(
    document => document.toJS() as { kind?: string; rules?: Rule[] } | null,
  );
  return objects.flatMap(object => (object?.kind === 'Role' ? (object.rules ?? []) : []));
}

const rulesFor = (mode: Mode) => files[mode].flatMap(rulesIn);
const modes: readonly Mode[] = ['topology', 'manifests'];
const titles = grounds.map(ground => [ground.name, ground] as const);

describe.each(titles)('%s', (_, { start }) => {
  describe.skipIf(start === undefined)('', () => {
    let ground: Ground;

    beforeAll(async () => {
      if (start !== undefined) ground = await start();
    }, 4 * slowMs);

    afterAll(async () => ground?.close(), 4 * slowMs);

    test.each(modes)('%s: what is granted is enough', { timeout: 2 * slowMs }, async mode => {
      const backend = await ground.grant(rulesFor(mode));
      expect(await troubleOf(ground, backend, templateFor(mode))).toBe('');
    });

    // What only the second file grants is needed by manifests only, what the first does by either of the two.
    const permissions = single(rulesFor('manifests')).map(one => {
      return [`${one.verbs} ${one.resources}.${one.apiGroups}`, one] as const;
    });
    test.each(permissions)('not enough without %s', { timeout: 2 * slowMs }, async (_, permission) => {
      const without = (rules: readonly Rule[]) =>
        single(rules).filter(one => JSON.stringify(one) !== JSON.stringify(permission));
      const troubles: string[] = [];
      for (const mode of modes) {
        const backend = await ground.grant(without(rulesFor(mode)));
        troubles.push(await troubleOf(ground, backend, templateFor(mode)));
        // Left by a journey that could not end it.
        await clear(ground, modes.map(templateFor));
      }
      const words = troubles.join('\n');
      expect(words).toMatch(/403|not followed/);
      // Older servers do not say which of the two an apply lacks.
      const [verb = ''] = permission.verbs;
      expect(words).toMatch(['create', 'patch'].includes(verb) ? /apply/ : verb);
    });

    test('as it stands in the file it is for one namespace, and nobody gets it by *', () => {
      const text = JSON.stringify(rulesFor('manifests'));
      expect(text).not.toContain('*');
      expect(text).not.toContain('ClusterRole');
    });
  });
});
