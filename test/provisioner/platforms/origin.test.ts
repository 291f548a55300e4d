/** What a cluster keeps of its order beside our mark: what is written is what is read, on every kind of platform. */
import { expect, test } from 'vitest';
import type { ClusterRequest, Template } from '../../../provisioner/src/common/platform.ts';
import { markOf, readMark } from '../../../provisioner/src/journal/queries.ts';
import * as v2 from '../../../provisioner/src/platforms/ccp/v2/cluster.ts';
import * as v3 from '../../../provisioner/src/platforms/ccp/v3/cluster.ts';
import { listedOf } from '../../../provisioner/src/platforms/cluster-api/observation.ts';
import { isMarked } from '../../../provisioner/src/platforms/cluster-api/own.ts';
import { render } from '../../../provisioner/src/platforms/cluster-api/render.ts';
import { templateOf } from '../../../provisioner/src/platforms/cluster-api/template.ts';
import { sampleOrder } from '../../../simulator/ccp/sample-order.ts';
import { sampleV3CalicoOrder, sampleV3EksOrder } from '../../../simulator/ccp/sample-order-v3.ts';
import { templateFor } from './fixtures/management.ts';

const origin = { profile: 'house', acceptedAt: 1_795_942_583_594 };
const mark = markOf('lab', { button: 'desk-by-door', press: 7 });

function orderOf(template: Template): ClusterRequest {
  return { name: 'desk-by-door-7', template, addOns: [], range: '10.1.0.0/20', description: mark, origin };
}

const v2Order = {
  ...sampleOrder(),
  description: 'of the workshop',
  network_plugin: { name: 'calico', status: '' },
};

test.each([
  ['v2', v2.listedIn([{ uuid: 'u', ...v2.payloadFor(orderOf(v2Order)) }])],
  ['v3', v3.listedIn([{ id: 'u', ...v3.payloadFor(orderOf(sampleV3CalicoOrder())) }])],
  ['eks', v3.listedIn([{ id: 'u', ...v3.payloadFor(orderOf(sampleV3EksOrder())) }])],
])('ccp %s: in the description, which still ends with the range and holds the mark', (_, [listed]) => {
  expect(listed).toMatchObject({ name: 'desk-by-door-7', ranges: ['10.1.0.0/20'], origin });
  expect(listed?.description).toContain(mark);
  expect(listed?.description).toMatch(/ - 10\.1\.0\.0\/20$/);
  expect(readMark(listed?.description ?? '')).toEqual({ button: 'desk-by-door', site: 'lab', press: 7 });
});

test.each([
  'topology',
  'manifests',
] as const)('Cluster API, %s: on the Cluster alone, and no part of the mark', mode => {
  const template = templateOf(templateFor(mode));
  const { origin: _, ...bare } = orderOf(templateFor(mode));
  const [cluster, ...others] = render(template, orderOf(templateFor(mode)), 'dashbutton', 'v1beta2');
  expect(listedOf(cluster)).toMatchObject({ description: mark, origin });
  expect(isMarked(cluster, bare.name, mark)).toBe(true);
  // Both: somebody may have copied the words.
  expect(isMarked(cluster, 'another-1', mark)).toBe(false);
  expect(isMarked(cluster, bare.name, `${mark} of somebody else's`)).toBe(false);
  // A process that has lost it completes the set of one that had it.
  expect(others).toEqual(render(template, bare, 'dashbutton', 'v1beta2').slice(1));
});

test('none of version 0.1.0, and what a person has written over is passed over', () => {
  const of = (description: string) => v2.listedIn([{ uuid: 'u', name: 'n', description }])[0]?.origin;
  expect(of(`${mark} - 10.1.0.0/20`)).toBeUndefined();
  expect(of(`${mark}, profile house, accepted at noon - 10.1.0.0/20`)).toBeUndefined();
  expect(of(`${mark}, profile house, accepted never - 10.1.0.0/20`)).toEqual({ profile: 'house' });
  expect(of(`${mark}, profile house, accepted ${new Date(5).toISOString()}`)).toEqual({
    profile: 'house',
    acceptedAt: 5,
  });
});
