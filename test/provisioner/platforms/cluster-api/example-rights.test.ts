/**
 * The rights that an example of manifests asks for in its first lines, beside role.yaml: they are enough from the check
 * of a profile to the end of its cluster, and without any one of them a press fails, and the check says so before.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import type { Template } from '../../../../provisioner/src/common/platform.ts';
import { readManifests } from '../../../../provisioner/src/kubernetes/manifests.ts';
import { placeholders } from '../../../../provisioner/src/platforms/cluster-api/render.ts';
import { type Ground, type Rule, simulatedGround, single } from '../fixtures/role-grounds.ts';
import { clear, pressTrouble, troubleOf } from '../fixtures/role-journey.ts';

const folder = new URL('../../../../provisioner/', import.meta.url);
const textOf = (file: string) => readFileSync(new URL(file, folder), 'utf8');

const { rules: role } = parse(textOf('deploy/role.yaml')) as { rules: Rule[] };

/** Such as `get and patch on awsclusters (infrastructure.cluster.x-k8s.io) and machinepools (cluster.x-k8s.io).` */
function rulesIn(text: string): Rule[] {
  const comment = [...text.matchAll(/^# (.*)$/gm)].map(([, line]) => line).join(' ');
  const [, verbs = '', kinds = ''] = /beside role\.yaml: ([a-z, ]+?) on (.+?\))\.(?: |$)/.exec(comment) ?? [];
  const names = (list: string) => list.split(/,| and /).flatMap(name => name.trim() || []);
  return [...kinds.matchAll(/([a-z, ]+) \(([\w.-]+)\)/g)].map(([, plurals = '', group = '']) => ({
    apiGroups: [group],
    resources: names(plurals.replace(/^ *and /, '')),
    verbs: names(verbs),
  }));
}

const file = 'examples/cluster-api-aws-eks.yaml';
const rules = rulesIn(textOf(file));
const template: Template = {
  manifests: readManifests(fileURLToPath(new URL(file, folder)), 'manifests', placeholders),
  version: 'v1.31.0',
  workerReplicas: 3,
};

let ground: Ground;

beforeAll(async () => {
  ground = await simulatedGround();
});

afterAll(async () => ground?.close());

test('all examples of manifests say which rights they need', () => {
  const files = readdirSync(new URL('examples/', folder)).map(name => `examples/${name}`);
  const manifests = files.filter(name => /^kind: Cluster$/m.test(textOf(name)));
  expect(manifests).toContain(file);
  for (const name of manifests) {
    const text = textOf(name);
    // The other way: a Role of its own, which is tested like role.yaml.
    if (text.includes('provisioner/deploy/role-manifests.yaml')) continue;
    const kinds = parseAllDocuments(text).map(document => String(document.get('kind')));
    // Of the Cluster itself role.yaml speaks.
    expect(rulesIn(text).flatMap(({ resources }) => resources).length, name).toBe(new Set(kinds).size - 1);
  }
});

test('EKS: they are enough', async () => {
  const backend = await ground.grant([...role, ...rules]);
  expect(await troubleOf(ground, backend, template)).toBe('');
});

const permissions = single(rules).map(
  one => [`${one.verbs} ${one.resources}.${one.apiGroups}`, one] as const,
);

test.each(permissions)('EKS: not enough without %s', async (_, permission) => {
  const left = single(rules).filter(one => JSON.stringify(one) !== JSON.stringify(permission));
  const backend = await ground.grant([...role, ...left]);
  const [verb = ''] = permission.verbs;
  const [resource = ''] = permission.resources;
  const lacks = new RegExp(
    `403: .*(may not ${verb} ${resource}:|"[^"]*" is forbidden: .*may patch and not ${verb})`,
  );
  expect(await troubleOf(ground, backend, template)).toMatch(lacks);
  expect(await pressTrouble(ground, backend, template)).toMatch(/403: /);
  await clear(ground, [template]);
});
