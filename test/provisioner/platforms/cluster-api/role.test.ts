/** The Roles in provisioner/deploy/ on the simulator: enough, and nothing in them is too much. */
import { expect, test } from 'vitest';
import { roles, rulesFor } from '../fixtures/role.ts';
import { simulatedGround } from '../fixtures/role-grounds.ts';

roles(simulatedGround);

test('as it stands in the file it is for one namespace, and nobody gets it by *', () => {
  const text = JSON.stringify(rulesFor('manifests'));
  expect(text).not.toContain('*');
  expect(text).not.toContain('ClusterRole');
});
