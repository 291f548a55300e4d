/**
 * The Roles in provisioner/deploy/ are enough, and nothing in them is too much: without any one verb of any one resource
 * something of what the provisioner does fails.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { messageOf } from '../../config/src/setup-error.ts';
import { giveBack, never, orderOf, slowMs, until } from './contract-world.ts';
import { Front } from './front.ts';
import type { Backend } from './kube-caller.ts';
import { driverFor, type Mode, templateFor } from './management.ts';
import { type Ground, grounds, type Rule, single } from './role-grounds.ts';

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
      expect(await troubleOf(ground, backend, mode)).toBe('');
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
        troubles.push(await troubleOf(ground, backend, mode));
        // Left by a journey that could not end it.
        await clear(ground);
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

let press = 0;

/** All that a provisioner asks of the platform, from its start to the end of a cluster. Empty when all went well. */
async function troubleOf({ management }: Ground, backend: Backend, mode: Mode): Promise<string> {
  const front = await Front.start(backend);
  const { namespace } = management;
  const driver = driverFor({ url: front.url, ca: front.ca, token: backend.token }, namespace);
  const template = templateFor(mode);
  const order = orderOf({ template }, `role-${++press}`, '10.1.0.0/20');
  try {
    await driver.check(never);
    const missing = await driver.missing(template, never);
    if (missing.length > 0) return missing.join('\n');
    if (mode === 'topology') {
      const [line = ''] = await driver.missing({ ...template, class: 'none' }, never);
      if (!line.includes('quick-start')) return line;
    }
    await driver.usedRanges(never);
    await driver.create(order.request, never);
    const { id } = await until(driver, order, 'ready');
    await driver.access(order.target, never);
    const lists = front.count('GET', ({ path, isWatch }) => path.endsWith('/clusters') && !isWatch);
    // One list for the check and one for the watch; listing again and again works too, at a price.
    if (front.watches !== 1 || lists > 2) return `not followed by one watch: ${lists} lists`;
    await giveBack(driver, order, id);
    return '';
  } catch (error) {
    return messageOf(error);
  } finally {
    await driver.close();
    await front.close();
  }
}

async function clear({ management: { backend, namespace } }: Ground): Promise<void> {
  const driver = driverFor(backend, namespace);
  for (const mode of modes) {
    const order = orderOf({ template: templateFor(mode) }, `role-${press}`, '10.1.0.0/20');
    await giveBack(driver, order);
  }
  await driver.close();
}
