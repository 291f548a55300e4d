/** Sentences of API servers and controllers as they were seen, and what of them comes first. */
import { describe, expect, test } from 'vitest';
import { leafOf, reasonFirst, webhookSilent } from '../../../provisioner/src/kubernetes/server-reasons.ts';

const post = 'failed to call webhook: Post "https://127.0.0.1:19443/mutate?timeout=10s"';

describe('the reason comes first', () => {
  test.each([
    ['a short one stays', 'no room', 'no room'],
    [
      'the end of a chain of errors',
      'error reading the ClusterClass: failed to get ClusterClass lab/nope: ClusterClass.cluster.x-k8s.io "nope" not found',
      'ClusterClass "nope" not found (error reading the ClusterClass: failed to get ClusterClass lab/nope)',
    ],
    [
      'an admission policy',
      `clusters.cluster.x-k8s.io "a-7" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no presses on Sundays`,
      "no presses on Sundays (ValidatingAdmissionPolicy 'p' with binding 'b')",
    ],
    [
      'a quota',
      'failed to create MachineDeployment lab/a: machinedeployments.cluster.x-k8s.io "a" is forbidden: exceeded quota: none, requested: count/machinedeployments.cluster.x-k8s.io=1',
      'exceeded quota: none, requested: count/machinedeployments=1',
    ],
    [
      'an unknown field',
      'failed to create typed patch object (lab/a-7; cluster.x-k8s.io/v1beta2, Kind=Cluster): .spec.topologie: field not declared in schema',
      '.spec.topologie: field not declared in schema',
    ],
    [
      'a worker class',
      'spec.topology.workers.machineDeployments[0].class: Invalid value: "nope": MachineDeploymentClass with name "nope" does not exist in ClusterClass "quick-start"',
      'MachineDeploymentClass with name "nope" does not exist in ClusterClass "quick-start" (spec.topology.workers.machineDeployments[0].class: Invalid value: "nope")',
    ],
    [
      'a webhook that does not answer',
      `Internal error occurred: failed calling webhook "default.cluster.cluster.x-k8s.io": ${post}: dial tcp 127.0.0.1:19443: connect: connection refused`,
      'webhook default.cluster.cluster.x-k8s.io does not answer: connection refused',
    ],
  ])('of a sentence its reason: %s', (_, text, expected) => {
    expect(reasonFirst(text, 60)).toBe(expected);
  });
});

test('a webhook that cannot be reached is told from one that says no', () => {
  expect(webhookSilent('admission webhook "x" denied the request: no')).toBeUndefined();
  const converting = `conversion webhook for cluster.x-k8s.io/v1beta1, Kind=Cluster failed: ${post}: EOF`;
  expect(webhookSilent(converting)).toBe(
    'webhook that converts cluster.x-k8s.io/v1beta1, Kind=Cluster does not answer: EOF',
  );
});

test('of a tree of bullets the first leaf that says something', () => {
  expect(leafOf('')).toBe('');
  expect(leafOf('Control plane not yet initialized')).toBe('');
  expect(leafOf('DevCluster status.initialization.provisioned is false')).toBe('');
  expect(
    leafOf(
      '* WorkersAvailable:\n  * MachineDeployment a-7-md-0-862gl: 0 available replicas, at least 2 required (spec.replicas is 2)',
    ),
  ).toBe('');
  expect(
    leafOf(
      '* Machines a-1, a-2:\n  * InfrastructureReady: DevMachine status.initialization.provisioned is false\n  * NodeHealthy: no such image',
    ),
  ).toBe('NodeHealthy: no such image');
  expect(leafOf('* MachineDeployment a-7: no such image')).toBe('no such image');
});
